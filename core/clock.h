// Time as the whole project has it: milliseconds since the Unix epoch, UTC.
#pragma once

#include <cstdint>
#include <limits>

namespace hearth {

using TimeMs = int64_t;      // a point in time
using DurationMs = int64_t;  // a span of time

inline constexpr TimeMs kMinTime = std::numeric_limits<int64_t>::min();
inline constexpr TimeMs kMaxTime = std::numeric_limits<int64_t>::max();

// A closed range [min, max].
struct TimeRange {
  TimeMs min = kMinTime;
  TimeMs max = kMaxTime;
  bool overlaps(TimeRange other) const { return min <= other.max && other.min <= max; }
  bool contains(TimeMs t) const { return min <= t && t <= max; }
  bool operator==(const TimeRange&) const = default;
};

// Where "now" comes from, so that tests need not wait. Thread-safe.
class Clock {
 public:
  virtual ~Clock() = default;
  virtual TimeMs now() const = 0;               // wall clock, ms
  virtual int64_t monotonic_nanos() const = 0;  // for durations; arbitrary start
};

Clock& system_clock();

// A clock that stands still until it is moved. Thread-safe.
class FakeClock final : public Clock {
 public:
  explicit FakeClock(TimeMs start) : now_(start) {}
  TimeMs now() const override { return __atomic_load_n(&now_, __ATOMIC_SEQ_CST); }
  int64_t monotonic_nanos() const override { return now() * 1'000'000; }
  void advance(DurationMs by) { __atomic_add_fetch(&now_, by, __ATOMIC_SEQ_CST); }
  void set(TimeMs t) { __atomic_store_n(&now_, t, __ATOMIC_SEQ_CST); }

 private:
  TimeMs now_;
};

}  // namespace hearth
