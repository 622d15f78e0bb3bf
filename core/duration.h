// Durations and times as Prometheus writes and reads them ("1h30m", "15s", RFC3339).
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "core/clock.h"

namespace hearth {

// "1d12h", "250ms", "0"; the units y w d h m s ms in this order, each at most once.
// Throws Error(kBadData) with Prometheus' text: `not a valid duration string: "abc"`,
// `empty duration string`, `duration out of range`.
DurationMs parse_duration(std::string_view text);

// Prometheus' model.Duration text: the largest exact units, "1h30m", "0s".
std::string duration_text(DurationMs duration);

// "2006-01-02T15:04:05.999Z": UTC, the fraction without trailing zeros.
std::string rfc3339_text(TimeMs time);
// The same with three digits of milliseconds always.
std::string rfc3339_millis_text(TimeMs time);

// Reads RFC3339 (any offset, up to nanoseconds) to milliseconds; nullopt when it is none.
std::optional<TimeMs> parse_rfc3339(std::string_view text);

// A moment in a civil (proleptic Gregorian, UTC) calendar; used by PromQL's time functions.
struct CivilTime {
  int64_t year;
  int month, day, hour, minute, second;  // month 1-12, day 1-31
  int weekday;                           // 0 = Sunday
  int yearday;                           // 1-366
};
CivilTime civil_from_unix(int64_t unix_seconds);

}  // namespace hearth
