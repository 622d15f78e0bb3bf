#include "query/past_queries.h"

#include <algorithm>

#include "core/labels.h"

namespace hearth::promql {
namespace {

// Together some 9 MB at most.
constexpr size_t kMaxQueries = 1000, kMoreQueries = 200, kMaxText = 4096;
constexpr size_t kMaxNames = 20'000, kMaxName = 200, kMaxPatterns = 200, kMaxPattern = 4096;

void count(MetricUse& use, TimeMs now) {
  ++use.count;
  use.last = std::max(use.last, now);
}

// Whoever counts all series does not look for one.
bool is_any(const Matcher& matcher) {
  return (matcher.type() == MatchType::kRegex && matcher.value() == ".+") ||
         (matcher.type() == MatchType::kNotEqual && matcher.value().empty());
}

std::string cut(const std::string& text) {
  if (text.size() <= kMaxText) return text;
  size_t end = kMaxText;
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0) == 0x80)
    --end;  // whole characters
  return text.substr(0, end) + "…";
}

}  // namespace

void PastQueries::add(const PastQuery& once) {
  std::string text = cut(once.text);
  const MutexLock lock(mutex_);
  if (queries_.size() >= kMaxQueries + kMoreQueries) forget_cheap();
  PastQuery& all = queries_[text];
  all.text = std::move(text);
  all.count += once.count;
  all.failed += once.failed;
  all.total_seconds += once.total_seconds;
  all.max_seconds = std::max(all.max_seconds, once.max_seconds);
  all.samples += once.samples;
  all.max_bytes = std::max(all.max_bytes, once.max_bytes);
  all.last = std::max(all.last, once.last);
}

// Many at a time, because each of them must be looked at.
void PastQueries::forget_cheap() {
  std::vector<std::map<std::string, PastQuery>::iterator> all;
  for (auto query = queries_.begin(); query != queries_.end(); ++query) all.push_back(query);
  std::nth_element(all.begin(), all.begin() + kMoreQueries, all.end(),
                   [](const auto& a, const auto& b) {
                     return a->second.total_seconds < b->second.total_seconds;
                   });
  for (size_t i = 0; i < kMoreQueries; ++i) queries_.erase(all[i]);
}

void PastQueries::add_selector(const std::vector<Matcher>& matchers, TimeMs now) {
  const MutexLock lock(mutex_);
  for (const Matcher& matcher : matchers) {
    if (matcher.name() != kMetricName || matcher.matches_empty() || is_any(matcher)) continue;
    if (matcher.type() == MatchType::kEqual) {
      if (const auto known = names_.find(matcher.value()); known != names_.end()) {
        count(known->second, now);
      } else if (names_.size() < kMaxNames && matcher.value().size() <= kMaxName) {
        count(names_[matcher.value()], now);
      } else {
        knows_all_ = false;
      }
      return;
    }
    const std::string text = matcher.text();
    if (const auto known = patterns_.find(text); known != patterns_.end()) {
      count(known->second.use, now);
    } else if (patterns_.size() < kMaxPatterns && text.size() <= kMaxPattern) {
      count(patterns_.emplace(text, Pattern{matcher, {}}).first->second.use, now);
    } else {
      knows_all_ = false;
    }
    return;
  }
}

std::vector<PastQuery> PastQueries::dearest(size_t limit) const {
  std::vector<PastQuery> all;
  {
    const MutexLock lock(mutex_);
    for (const auto& [text, query] : queries_) all.push_back(query);
  }
  std::sort(all.begin(), all.end(), [](const PastQuery& a, const PastQuery& b) {
    return a.total_seconds > b.total_seconds;
  });
  all.resize(std::min({all.size(), limit, kMaxQueries}));
  return all;
}

// Patterns are tried outside of the lock: they come from users.
MetricUse PastQueries::use_of(const std::string& metric) const {
  MetricUse use;
  std::vector<Pattern> patterns;
  {
    const MutexLock lock(mutex_);
    if (const auto known = names_.find(metric); known != names_.end()) use = known->second;
    for (const auto& [text, pattern] : patterns_) patterns.push_back(pattern);
  }
  for (const Pattern& pattern : patterns) {
    if (!pattern.matcher.matches(metric)) continue;
    use.count += pattern.use.count;
    use.last = std::max(use.last, pattern.use.last);
  }
  return use;
}

bool PastQueries::knows_all() const {
  const MutexLock lock(mutex_);
  return knows_all_;
}

}  // namespace hearth::promql
