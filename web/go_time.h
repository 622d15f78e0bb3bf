// A moment as Go's time.Time counts it: what Prometheus makes of the times of a request, also of
// those beyond what its own milliseconds can hold.
#pragma once

#include <cstdint>
#include <string>

#include "core/clock.h"

namespace hearth::web {

struct GoTime {
  int64_t seconds = 0;  // since 1970
  int64_t nanos = 0;    // 0 <= nanos < 10^9

  static GoTime from_ms(TimeMs time);
  // time.Unix(): any nanos are carried over.
  static GoTime from_unix(int64_t seconds, int64_t nanos);

  TimeMs query_time() const;    // by way of UnixNano(), as the engine has it
  TimeMs storage_time() const;  // timestamp.FromTime(), as labels, series and deletes have it

  // Sub(): how long after `start`, at most and at least what an int64 of nanoseconds can say.
  int64_t nanos_since(const GoTime& start) const;
  bool before(const GoTime& other) const;
};

// What the API takes as "since ever" and "for ever".
GoTime go_min_time();
GoTime go_max_time();

// Seconds with a fraction, or RFC3339. Throws Error(kBadData):
// `cannot parse "x" to a valid timestamp`.
GoTime parse_time(const std::string& text);

// Seconds with a fraction, or "5m", in nanoseconds. Throws Error(kBadData):
// `cannot parse "x" to a valid duration`.
int64_t parse_duration_nanos(const std::string& text);

}  // namespace hearth::web
