#include "web/params.h"

#include <algorithm>
#include <charconv>
#include <cmath>

#include "core/duration.h"
#include "core/go_text.h"
#include "core/utf8.h"
#include "query/parser.h"

namespace hearth::web {
namespace {

// What Prometheus' clients send for "since ever" and "for ever".
constexpr std::string_view kGoMinTime = "-292273086-05-16T16:47:06Z";
constexpr std::string_view kGoMaxTime = "292277025-08-18T07:12:54.999999999Z";
constexpr double kMaxSeconds = 9.2e15;  // as milliseconds within an int64

TimeMs time_from_seconds(double seconds) {
  if (std::isnan(seconds) || seconds <= -kMaxSeconds) return kMinTime;
  if (seconds >= kMaxSeconds) return kMaxTime;
  const double whole = std::trunc(seconds);
  const double millis = std::round((seconds - whole) * 1000);
  return static_cast<TimeMs>(whole) * 1000 + static_cast<TimeMs>(millis);
}

}  // namespace

void bad_param(const std::string& name, const std::string& why) {
  throw Error(ErrorKind::kBadData, "invalid parameter " + go_quote(name) + ": " + why);
}

TimeMs parse_time(const std::string& text) {
  if (const auto seconds = parse_go_float(text)) return time_from_seconds(*seconds);
  if (const auto time = parse_rfc3339(text)) return *time;
  if (text == kGoMinTime) return kMinTime;
  if (text == kGoMaxTime) return kMaxTime;
  throw Error(ErrorKind::kBadData, "cannot parse " + go_quote(text) + " to a valid timestamp");
}

DurationMs parse_api_duration(const std::string& text) {
  const std::string failure = "cannot parse " + go_quote(text) + " to a valid duration";
  if (const auto seconds = parse_go_float(text)) {
    if (*seconds * 1e9 > 9223372036854775807.0 || *seconds * 1e9 < -9223372036854775808.0) {
      throw Error(ErrorKind::kBadData, failure + ". It overflows int64");
    }
    return std::isnan(*seconds) ? 0 : static_cast<DurationMs>(*seconds * 1000);
  }
  try {
    return parse_duration(text);
  } catch (const Error&) {
    throw Error(ErrorKind::kBadData, failure);
  }
}

TimeMs required_time(const Exchange& exchange, const std::string& name) {
  return checking_param(name, [&] { return parse_time(exchange.param(name)); });
}

TimeMs optional_time(const Exchange& exchange, const std::string& name, TimeMs missing) {
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

DurationMs required_duration(const Exchange& exchange, const std::string& name) {
  return checking_param(name, [&] { return parse_api_duration(exchange.param(name)); });
}

DurationMs optional_duration(const Exchange& exchange, const std::string& name,
                             DurationMs missing) {
  return exchange.param(name).empty() ? missing : required_duration(exchange, name);
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

std::string unescape_name(const std::string& name) {
  if (!name.starts_with("U__")) return name;
  std::string out;
  size_t i = 3;
  while (i < name.size()) {
    if (name[i] != '_') {
      out.push_back(name[i++]);
      continue;
    }
    const size_t end = name.find('_', i + 1);  // _XX_ is a code point, __ an underscore
    if (end == std::string::npos || end - i > 7) return name;
    uint32_t rune = 0;
    const char* const stop = name.data() + end;
    if (end == i + 1) {
      rune = '_';
    } else if (const auto read = std::from_chars(name.data() + i + 1, stop, rune, 16);
               read.ec != std::errc() || read.ptr != stop) {
      return name;
    }
    if (rune > 0x10ffff || (rune >= 0xd800 && rune < 0xe000)) return name;
    append_rune(out, rune);
    i = end + 1;
  }
  return out;
}

}  // namespace hearth::web
