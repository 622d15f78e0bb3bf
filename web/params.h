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
#include "web/go_time.h"

namespace hearth::web {

// A time that must be there: `invalid parameter "start": cannot parse "" to ...`.
GoTime required_time(const Exchange& exchange, const std::string& name);
// A time that may be missing: `invalid parameter "start": invalid time value for 'start': ...`.
GoTime optional_time(const Exchange& exchange, const std::string& name, const GoTime& missing);
// `start` and `end`, as the storage is asked; without them, of all times.
TimeRange range_params(const Exchange& exchange);
// Nanoseconds.
int64_t required_duration(const Exchange& exchange, const std::string& name);

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

}  // namespace hearth::web
