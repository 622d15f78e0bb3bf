#include "query/annotations.h"

#include <fmt/format.h>

#include <algorithm>

#include "core/duration.h"
#include "core/go_text.h"
#include "query/repeats.h"

namespace hearth::promql {
namespace {

// " (line:column)", both from 1.
std::string position_text(std::string_view query, PosRange pos) {
  if (pos.start == without_position(pos).start) pos.start = 0;
  const std::string_view before = query.substr(0, std::min<size_t>(pos.start, query.size()));
  const size_t line_start = before.rfind('\n') == before.npos ? 0 : before.rfind('\n') + 1;
  return fmt::format(" ({}:{})", 1 + std::count(before.begin(), before.end(), '\n'),
                     1 + before.size() - line_start);
}

// Of equal texts the position stays that is evaluated last: the right one of two operands, the
// expression around another.
void add_one(std::map<std::string, PosRange>& to, const std::string& text, PosRange pos) {
  const auto [entry, is_new] = to.emplace(text, pos);
  PosRange& known = entry->second;
  if (is_new || pos.end < known.end) return;
  if (pos.end > known.end || pos.start < known.start) known = pos;
}

PosRange moved(PosRange pos, int64_t shift) {
  if (pos.start != without_position(pos).start) {
    pos.start = static_cast<decltype(pos.start)>(pos.start + shift);
  }
  pos.end = static_cast<decltype(pos.end)>(pos.end + shift);
  return pos;
}

void add(std::map<std::string, PosRange>& to, const std::string& text, PosRange pos) {
  add_one(to, text, pos);
  for (const int64_t shift : Repeats::current()) add_one(to, text, moved(pos, shift));
}

// Go's %.2g.
std::string two_digits(double value) {
  std::string text = fmt::format("{:.2g}", value);
  if (text == "inf") return "+Inf";
  if (text == "-inf") return "-Inf";
  if (text == "nan" || text == "-nan") return "NaN";
  return text;
}

}  // namespace

void Annotations::warn(const std::string& text, PosRange pos) {
  MutexLock lock(mutex_);
  add(warnings_, text, pos);
}

void Annotations::info(const std::string& text, PosRange pos) {
  MutexLock lock(mutex_);
  add(infos_, text, pos);
}

size_t Annotations::pair(TimeMs step, uint32_t order, const Note& note, PosRange pos) {
  if (note.text.empty()) return 0;
  const PairNote pair{order, note};
  MutexLock lock(mutex_);
  size_t more = add_pair(pos, step, pair);
  for (const int64_t shift : Repeats::current()) more += add_pair(moved(pos, shift), step, pair);
  return more;
}

size_t Annotations::add_pair(PosRange pos, TimeMs step, const PairNote& pair) {
  constexpr size_t kEntryBytes = 128;  // without the text
  const auto [entry, is_new] = pairs_.try_emplace({pos.start, pos.end, step}, pair);
  if (is_new) return kEntryBytes + pair.note.text.size();
  if (pair.order >= entry->second.order) entry->second = pair;
  return 0;
}

void Annotations::Fixes::add(TimeMs t, const Fix& fix) { add(Fixes{fix, t, t, 1}); }

void Annotations::Fixes::add(const Fixes& others) {
  if (others.count == 0) return;
  if (count == 0) {
    *this = others;
    return;
  }
  all.min_bucket = std::min(all.min_bucket, others.all.min_bucket);
  all.max_bucket = std::max(all.max_bucket, others.all.max_bucket);
  all.max_diff = std::max(all.max_diff, others.all.max_diff);
  first = std::min(first, others.first);
  last = std::max(last, others.last);
  count += others.count;
}

void Annotations::forced_monotonicity(std::string_view metric, PosRange pos, Fixes fixes) {
  if (fixes.count == 0) return;
  std::string text =
      "input to histogram_quantile needed to be fixed for monotonicity (see "
      "https://prometheus.io/docs/prometheus/latest/querying/functions/#histogram_quantile)" +
      for_metric(metric);
  MutexLock lock(mutex_);
  fixes.count *= static_cast<int64_t>(1 + Repeats::current().size());
  Monotonicity& known = fixes_.emplace(std::move(text), Monotonicity{pos, {}}).first->second;
  if (pos.start < known.pos.start) known.pos = pos;
  known.fixes.add(fixes);
}

void Annotations::texts(std::string_view query, std::vector<std::string>& warnings,
                        std::vector<std::string>& infos) const {
  MutexLock lock(mutex_);
  auto all_warnings = warnings_, all_infos = infos_;
  for (const auto& [key, last] : pairs_) {
    const PosRange pos{std::get<0>(key), std::get<1>(key)};
    add_one(last.note.warning ? all_warnings : all_infos, last.note.text, pos);
  }
  for (const auto& [text, pos] : all_warnings) {
    warnings.push_back("PromQL warning: " + text + position_text(query, pos));
  }
  for (const auto& [text, pos] : all_infos) {
    infos.push_back("PromQL info: " + text + position_text(query, pos));
  }
  for (const auto& [text, known] : fixes_) {
    const Fixes& fixes = known.fixes;
    infos.push_back(fmt::format(
        "PromQL info: {}, from buckets {} to {}, with a max diff of {}, over {} samples from {} to "
        "{}{}",
        text, float_g(fixes.all.min_bucket), float_g(fixes.all.max_bucket),
        two_digits(fixes.all.max_diff), fixes.count, rfc3339_text(fixes.first / 1000 * 1000),
        rfc3339_text(fixes.last / 1000 * 1000), position_text(query, known.pos)));
  }
  std::sort(warnings.begin(), warnings.end());
  std::sort(infos.begin(), infos.end());
}

std::string for_metric(std::string_view metric) {
  return metric.empty() ? std::string() : " for metric name " + go_quote(metric);
}

std::string mixed_floats_histograms_text(std::string_view metric) {
  return "encountered a mix of histograms and floats for metric name " + go_quote(metric);
}

std::string histogram_ignored_in_aggregation_text(std::string_view aggregation) {
  return fmt::format("ignored histogram in {} aggregation", aggregation);
}

std::string invalid_quantile_text(double quantile) {
  return "quantile value should be between 0 and 1, got " + float_g(quantile);
}

}  // namespace hearth::promql
