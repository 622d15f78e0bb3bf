#include "core/recent_quantiles.h"

#include <algorithm>
#include <bit>
#include <cmath>

namespace hearth {

size_t RecentQuantiles::bucket_of(double value) {
  constexpr double kSmallest = 0x1p-24;
  constexpr unsigned kDropped = 52 - 4;  // four bits of the mantissa: sixteen buckets
  if (!(value >= kSmallest)) return 0;
  const uint64_t at =
      (std::bit_cast<uint64_t>(value) - std::bit_cast<uint64_t>(kSmallest)) >> kDropped;
  return static_cast<size_t>(std::min<uint64_t>(at, kBuckets - 1));
}

RecentQuantiles::Period& RecentQuantiles::current() {
  const int64_t number = clock_.monotonic_nanos() / kPeriodNanos;
  Period& period = periods_[static_cast<size_t>(number) % kPeriods];
  if (period.number.load(std::memory_order_acquire) == number) return period;
  MutexLock lock(turning_);
  if (period.number.load(std::memory_order_relaxed) != number) {
    for (Bucket& bucket : period.buckets) {
      bucket.count.store(0, std::memory_order_relaxed);
      bucket.sum.store(0, std::memory_order_relaxed);
    }
    period.number.store(number, std::memory_order_release);
  }
  return period;
}

void RecentQuantiles::observe(double value) {
  count_.fetch_add(1, std::memory_order_relaxed);
  sum_.fetch_add(value, std::memory_order_relaxed);
  Bucket& bucket = current().buckets[bucket_of(value)];
  bucket.count.fetch_add(1, std::memory_order_relaxed);
  bucket.sum.fetch_add(static_cast<float>(value), std::memory_order_relaxed);
}

double RecentQuantiles::quantile(double q) const {
  const int64_t now = clock_.monotonic_nanos() / kPeriodNanos;
  std::array<uint64_t, kBuckets> counts{};
  std::array<double, kBuckets> sums{};
  uint64_t all = 0;
  for (const Period& period : periods_) {
    const int64_t number = period.number.load(std::memory_order_acquire);
    if (number < 0 || now - number >= static_cast<int64_t>(kPeriods)) continue;
    for (size_t i = 0; i < kBuckets; ++i) {
      const uint64_t count = period.buckets[i].count.load(std::memory_order_relaxed);
      counts[i] += count;
      sums[i] += static_cast<double>(period.buckets[i].sum.load(std::memory_order_relaxed));
      all += count;
    }
  }
  if (all == 0) return std::nan("");
  const auto wanted = static_cast<uint64_t>(std::ceil(q * static_cast<double>(all)));
  size_t bucket = 0;
  for (uint64_t seen = counts[0]; seen < wanted && bucket + 1 < kBuckets;) seen += counts[++bucket];
  return counts[bucket] == 0 ? 0 : sums[bucket] / static_cast<double>(counts[bucket]);
}

}  // namespace hearth
