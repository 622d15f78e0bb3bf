// Parameters of the API: read with Prometheus' rules, refused in Prometheus' words. All functions
// throw Error(kBadData).
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "core/clock.h"
#include "core/error.h"
#include "core/matcher.h"
#include "web/exchange.h"

namespace hearth::web {

// Seconds with a fraction, or RFC3339. Times beyond what milliseconds can hold become the ends of
// that range. Throws `cannot parse "x" to a valid timestamp`.
TimeMs parse_time(const std::string& text);

// Seconds with a fraction, or "5m". Throws `cannot parse "x" to a valid duration`.
DurationMs parse_api_duration(const std::string& text);

// A time that must be there: `invalid parameter "start": cannot parse "" to ...`.
TimeMs required_time(const Exchange& exchange, const std::string& name);
// A time that may be missing: `invalid parameter "start": invalid time value for 'start': ...`.
TimeMs optional_time(const Exchange& exchange, const std::string& name, TimeMs missing);
DurationMs required_duration(const Exchange& exchange, const std::string& name);
DurationMs optional_duration(const Exchange& exchange, const std::string& name, DurationMs missing);

// `limit`: not negative; 0 = none.
size_t limit_param(const Exchange& exchange);

// Each of match[], parsed; one that matches everything is refused. The texts have no prefix.
std::vector<std::vector<Matcher>> match_params(const Exchange& exchange);

// strconv.Atoi: a decimal int64 with an optional sign. Throws `strconv.Atoi: parsing "x": ...`.
int64_t parse_go_int(const std::string& text);

[[noreturn]] void bad_param(const std::string& name, const std::string& why);

// Runs `work`; what it refuses (kBadData) is reported as wrong in parameter `name`.
template <class Work>
auto checking_param(const std::string& name, Work work) {
  try {
    return work();
  } catch (const Error& e) {
    if (e.kind() != ErrorKind::kBadData) throw;
    bad_param(name, e.what());
  }
}

// model.UnescapeName of a "U__..." name; any other name, and one that is malformed, as it is.
std::string unescape_name(const std::string& name);

}  // namespace hearth::web
