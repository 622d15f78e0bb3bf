#include "web/api_search.h"

#include <algorithm>
#include <map>
#include <vector>

#include "core/error.h"
#include "core/go_text.h"
#include "core/json.h"
#include "web/api.h"
#include "web/params.h"

namespace hearth::web {
namespace {

struct Found {
  std::string text;
  double score = 0;
};

struct Search {
  std::vector<std::string> terms;
  double threshold = 0;  // of scores
  bool fuzzy = false, jaro_winkler = false, case_sensitive = true;
  bool by_score = false, descending = false;
  bool include_score = false;
  size_t limit = 100, batch = 100;
};

std::string choice(const Exchange& exchange, const std::string& name,
                   std::initializer_list<std::string_view> known) {
  const std::string text = exchange.param(name);
  if (text.empty()) return std::string(*known.begin());
  if (std::find(known.begin(), known.end(), text) == known.end()) {
    bad_param(name, "not supported value " + go_quote(text));
  }
  return text;
}

bool truth(const Exchange& exchange, const std::string& name, bool missing) {
  const std::string text = exchange.param(name);
  if (text.empty()) return missing;
  if (text == "true" || text == "1") return true;
  if (text == "false" || text == "0") return false;
  bad_param(name, "strconv.ParseBool: parsing " + go_quote(text) + ": invalid syntax");
}

size_t positive(const Exchange& exchange, const std::string& name, size_t missing) {
  const std::string text = exchange.param(name);
  if (text.empty()) return missing;
  const int64_t number = checking_param(name, [&] { return parse_go_int(text); });
  if (number < 1) bad_param(name, name + " must be greater than 0");
  return static_cast<size_t>(number);
}

std::string lower(std::string text) {
  for (char& c : text) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
  return text;
}

Search read_search(const Exchange& exchange) {
  if (!exchange.form_error.empty()) {
    throw Error(ErrorKind::kBadData, "error parsing form values: " + exchange.form_error);
  }
  Search search;
  search.case_sensitive = truth(exchange, "case_sensitive", true);
  for (std::string& term : exchange.params("search[]")) {
    if (!term.empty()) search.terms.push_back(search.case_sensitive ? term : lower(term));
  }
  if (const std::string text = exchange.param("fuzz_threshold"); !text.empty()) {
    const int64_t percent = checking_param("fuzz_threshold", [&] { return parse_go_int(text); });
    if (percent < 0 || percent > 100) bad_param("fuzz_threshold", "must be between 0 and 100");
    search.fuzzy = true;
    search.threshold = static_cast<double>(percent) / 100;
  }
  search.jaro_winkler =
      choice(exchange, "fuzz_alg", {"subsequence", "jarowinkler"}) == "jarowinkler";
  search.by_score = choice(exchange, "sort_by", {"alpha", "score"}) == "score";
  const std::string direction = choice(exchange, "sort_dir", {"", "asc", "dsc"});
  if (search.by_score && !direction.empty()) {
    bad_param("sort_dir", "sort_dir is only valid with sort_by=alpha");
  }
  search.descending = search.by_score || direction == "dsc";
  search.include_score = truth(exchange, "include_score", false);
  search.limit = positive(exchange, "limit", search.limit);
  search.batch = positive(exchange, "batch_size", search.batch);
  return search;
}

// Of the best term; below 0: none is there.
double score_of(const Search& search, const std::string& text) {
  if (search.terms.empty()) return 1;
  const std::string folded = search.case_sensitive ? text : lower(text);
  double best = -1;
  for (const std::string& term : search.terms) {
    const bool inside = folded.find(term) != std::string::npos;
    if (!inside && !search.fuzzy) continue;
    const double score =
        search.jaro_winkler ? jaro_winkler_score(folded, term) : subsequence_score(folded, term);
    const bool enough = inside || (score > 0 && score >= search.threshold);
    if (enough) best = std::max(best, score);
  }
  return best;
}

std::vector<Found> find(const Search& search, std::vector<std::string> all) {
  std::vector<Found> found;
  for (std::string& text : all) {
    const double score = score_of(search, text);
    if (score >= 0) found.push_back({std::move(text), score});
  }
  std::stable_sort(found.begin(), found.end(), [&](const Found& a, const Found& b) {
    const Found& first = search.descending ? b : a;
    const Found& second = search.descending ? a : b;
    return search.by_score ? first.score < second.score : first.text < second.text;
  });
  return found;
}

// What all have in common; empty: all series.
std::vector<std::string> ask(const Exchange& exchange, bool names, const std::string& label) {
  const TimeRange range = range_params(exchange);
  std::vector<std::vector<Matcher>> sets = match_params(exchange);
  if (sets.empty()) sets.emplace_back();
  std::vector<std::string> found;
  if (range.min > range.max) return found;
  const auto querier = exchange.services.storage->querier(range);
  for (const std::vector<Matcher>& matchers : sets) {
    std::vector<std::string> more =
        names ? querier->label_names(matchers, 0) : querier->label_values(label, matchers, 0);
    found.insert(found.end(), more.begin(), more.end());
  }
  std::sort(found.begin(), found.end());
  found.erase(std::unique(found.begin(), found.end()), found.end());
  return found;
}

using Known = std::map<std::string, Metadata, std::less<>>;

class Lines final : public BodySource {
 public:
  Lines(const Search& search, std::vector<Found> found, std::string_view key, Known known)
      : search_(search),
        found_(std::move(found)),
        key_(key),
        known_(std::move(known)),
        count_(std::min(search_.limit, found_.size())) {}

  bool next(std::string& out) override {
    if (ended_) return false;
    if (at_ < count_) {
      append_batch(out);
      return true;
    }
    const bool more = count_ < found_.size();
    out.append("{\"status\":\"success\",\"has_more\":").append(more ? "true}\n" : "false}\n");
    ended_ = true;
    return true;
  }

 private:
  void append_batch(std::string& out) {
    out += "{\"results\":[";
    Comma comma(out);
    for (const size_t end = at_ + std::min(search_.batch, count_ - at_); at_ < end; ++at_) {
      comma.next();
      append_item(out, found_[at_]);
    }
    out += "]}\n";
  }

  void append_item(std::string& out, const Found& found) const {
    out.append("{\"").append(key_).append("\":");
    append_json_string(out, found.text);
    if (const auto known = known_.find(found.text); known != known_.end()) {
      out += ",\"type\":";
      append_json_string(out, metric_type_name(known->second.type));
      out += ",\"help\":";
      append_json_string(out, known->second.help);
      if (!known->second.unit.empty()) {
        out += ",\"unit\":";
        append_json_string(out, known->second.unit);
      }
    }
    if (search_.include_score) {
      out += ",\"score\":";
      append_float_json(out, found.score);
    }
    out.push_back('}');
  }

  const Search search_;
  const std::vector<Found> found_;
  const std::string_view key_;
  const Known known_;
  const size_t count_;
  size_t at_ = 0;
  bool ended_ = false;
};

Known known_metrics(const Exchange& exchange) {
  Known known;
  for (TargetMetadata& entry : exchange.services.scraper->metadata("")) {
    known.try_emplace(std::move(entry.metric), std::move(entry.metadata));
  }
  return known;
}

template <class Make>
void answer_search(Exchange& exchange, Make make) {
  set_cors_headers(exchange);
  try {
    exchange.stream(200, "application/x-ndjson; charset=utf-8", make());
  } catch (const Error& e) {
    answer_api_error(exchange, e);
  }
}

}  // namespace

double subsequence_score(std::string_view text, std::string_view term) {
  if (term.empty() || text.empty()) return 0;
  size_t at = 0, first = 0, last = 0;
  for (size_t i = 0; i < text.size() && at < term.size(); ++i) {
    if (text[i] != term[at]) continue;
    if (at == 0) first = i;
    last = i;
    ++at;
  }
  if (at < term.size()) return 0;
  const auto length = [](size_t n) { return static_cast<double>(n); };
  const double density = length(term.size()) / length(last - first + 1);  // 1: without gaps
  const double coverage = length(term.size()) / length(text.size());      // 1: nothing else
  const double earliness = 1 - length(first) / length(text.size());       // 1: at the beginning
  return 0.6 * density + 0.2 * coverage + 0.2 * earliness;
}

double jaro_winkler_score(std::string_view a, std::string_view b) {
  if (a.empty() || b.empty()) return a.empty() && b.empty() ? 1 : 0;
  const size_t longer = std::max(a.size(), b.size());
  const size_t window = longer < 4 ? 0 : longer / 2 - 1;
  std::vector<bool> taken(b.size());
  std::string matched;
  for (size_t i = 0; i < a.size(); ++i) {
    const size_t from = i > window ? i - window : 0, to = std::min(b.size(), i + window + 1);
    for (size_t j = from; j < to; ++j) {
      if (taken[j] || a[i] != b[j]) continue;
      taken[j] = true;
      matched.push_back(a[i]);
      break;
    }
  }
  if (matched.empty()) return 0;
  size_t moved = 0, at = 0;
  for (size_t j = 0; j < b.size(); ++j) {
    if (taken[j]) moved += b[j] != matched[at++];
  }
  const auto m = static_cast<double>(matched.size());
  const double jaro = (m / static_cast<double>(a.size()) + m / static_cast<double>(b.size()) +
                       (m - static_cast<double>(moved / 2)) / m) /
                      3;
  const size_t most = std::min({a.size(), b.size(), size_t{4}});
  size_t prefix = 0;
  while (prefix < most && a[prefix] == b[prefix]) ++prefix;
  return jaro + 0.1 * static_cast<double>(prefix) * (1 - jaro);
}

void search_metric_names(Exchange& exchange) {
  answer_search(exchange, [&] {
    const Search search = read_search(exchange);
    Known known;
    if (truth(exchange, "include_metadata", false)) known = known_metrics(exchange);
    std::vector<Found> found = find(search, ask(exchange, false, std::string(kMetricName)));
    return std::make_unique<Lines>(search, std::move(found), "name", std::move(known));
  });
}

void search_label_names(Exchange& exchange) {
  answer_search(exchange, [&] {
    const Search search = read_search(exchange);
    return std::make_unique<Lines>(search, find(search, ask(exchange, true, "")), "name", Known());
  });
}

void search_label_values(Exchange& exchange) {
  answer_search(exchange, [&] {
    const Search search = read_search(exchange);
    const std::string label = exchange.param("label");
    if (label.empty()) bad_param("label", "label is required");
    return std::make_unique<Lines>(search, find(search, ask(exchange, false, label)), "value",
                                   Known());
  });
}

}  // namespace hearth::web
