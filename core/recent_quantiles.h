// Quantiles of what was observed lately, for the summaries among our metrics. Observing takes
// nanoseconds and no lock, because queries of microseconds are observed.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>

#include "core/clock.h"
#include "core/mutex.h"

namespace hearth {

// Values fall into buckets, sixteen for each doubling; a quantile is the mean of the bucket that it
// falls into. Made for seconds: below 60 ns and above an hour all are alike. Thread-safe.
class RecentQuantiles {
 public:
  explicit RecentQuantiles(const Clock& clock = system_clock()) : clock_(clock) {}

  void observe(double value);

  // Of the last eight to ten minutes; NaN where nothing was observed.
  double quantile(double q) const;
  // Of all times.
  uint64_t count() const { return count_.load(std::memory_order_relaxed); }
  double sum() const { return sum_.load(std::memory_order_relaxed); }

 private:
  static constexpr int64_t kPeriodNanos = 120'000'000'000;
  static constexpr size_t kPeriods = 5, kBuckets = 36 * 16;

  struct Bucket {
    std::atomic<uint32_t> count{0};
    std::atomic<float> sum{0};
  };
  struct Period {
    std::atomic<int64_t> number{-1};
    std::array<Bucket, kBuckets> buckets;
  };
  static size_t bucket_of(double value);
  Period& current();

  const Clock& clock_;
  std::atomic<uint64_t> count_{0};
  std::atomic<double> sum_{0};
  Mutex turning_;  // a period that begins takes the place of the oldest
  std::array<Period, kPeriods> periods_;
};

}  // namespace hearth
