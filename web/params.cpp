#include "web/params.h"

#include <algorithm>
#include <charconv>

#include "core/go_text.h"
#include "query/parser.h"

namespace hearth::web {
void bad_param(const std::string& name, const std::string& why) {
  throw Error(ErrorKind::kBadData, "invalid parameter " + go_quote(name) + ": " + why);
}

GoTime required_time(const Exchange& exchange, const std::string& name) {
  return checking_param(name, [&] { return parse_time(exchange.param(name)); });
}

GoTime optional_time(const Exchange& exchange, const std::string& name, const GoTime& missing) {
  const std::string text = exchange.param(name);
  if (text.empty()) return missing;
  return checking_param(name, [&] {
    try {
      return parse_time(text);
    } catch (const Error& e) {
      throw Error(e.kind(), "invalid time value for '" + name + "': " + e.what());
    }
  });
}

TimeRange range_params(const Exchange& exchange) {
  const TimeMs start = optional_time(exchange, "start", go_min_time()).storage_time();
  return {start, optional_time(exchange, "end", go_max_time()).storage_time()};
}

int64_t required_duration(const Exchange& exchange, const std::string& name) {
  return checking_param(name, [&] { return parse_duration_nanos(exchange.param(name)); });
}

int64_t parse_go_int(const std::string& text) {
  const std::string failure = "strconv.Atoi: parsing " + go_quote(text) + ": ";
  const char* begin = text.data() + (text.starts_with('+') ? 1 : 0);
  const char* const end = text.data() + text.size();
  int64_t number = 0;
  const auto [stop, error] = std::from_chars(begin, end, number);
  if (error == std::errc::result_out_of_range && stop == end) {
    throw Error(ErrorKind::kBadData, failure + "value out of range");
  }
  if (error != std::errc() || stop != end || (begin != text.data() && *begin == '-')) {
    throw Error(ErrorKind::kBadData, failure + "invalid syntax");
  }
  return number;
}

size_t limit_param(const Exchange& exchange) {
  const std::string text = exchange.param("limit");
  if (text.empty()) return 0;
  const int64_t limit = checking_param("limit", [&] { return parse_go_int(text); });
  if (limit < 0) bad_param("limit", "limit must be non-negative");
  return static_cast<size_t>(limit);
}

std::vector<std::vector<Matcher>> match_params(const Exchange& exchange) {
  std::vector<std::vector<Matcher>> sets;
  for (const std::string& text : exchange.params("match[]")) {
    sets.push_back(promql::parse_metric_selector(text));
  }
  for (const std::vector<Matcher>& set : sets) {
    if (std::all_of(set.begin(), set.end(), [](const Matcher& m) { return m.matches_empty(); })) {
      throw Error(ErrorKind::kBadData, "match[] must contain at least one non-empty matcher");
    }
  }
  return sets;
}

}  // namespace hearth::web
