// Counter resets of native histograms.
#include <algorithm>
#include <limits>

#include "core/histogram_math.h"

namespace hearth {
namespace {

// Whether a bucket of `previous` has more than the same one of `current`.
bool any_bucket_fell(const std::vector<IndexedCount>& current,
                     const std::vector<IndexedCount>& previous) {
  size_t i = 0;
  for (const IndexedCount& before : previous) {
    while (i < current.size() && current[i].index < before.index) ++i;
    const bool present = i < current.size() && current[i].index == before.index;
    if ((present ? current[i].count : 0) < before.count) return true;
  }
  return false;
}

std::vector<IndexedCount> outside_zero_bucket(std::vector<IndexedCount> counts, int32_t from_schema,
                                              int32_t schema, double zero_threshold) {
  counts = at_lower_resolution(counts, from_schema - schema);
  std::erase_if(counts, [&](const IndexedCount& c) {
    return exponential_bound(c.index, schema) <= zero_threshold;
  });
  return counts;
}

// The count up to each bound, and last the count of all.
double count_up_to(const FloatHistogram& h, double bound) {
  double sum = 0;
  for (const HistogramBucket& bucket : positive_buckets(h)) {
    if (bucket.upper <= bound) sum += bucket.count;
  }
  return sum;
}

// Custom bounds that differ are compared at those that both have.
bool custom_buckets_fell(const FloatHistogram& current, const FloatHistogram& previous) {
  double before_bound = 0, now_bound = 0;
  const auto fell = [&](double bound) {
    const double now = count_up_to(current, bound), before = count_up_to(previous, bound);
    const bool less = now - now_bound < before - before_bound;
    now_bound = now;
    before_bound = before;
    return less;
  };
  for (const double bound : current.custom_values) {
    const auto& others = previous.custom_values;
    if (std::binary_search(others.begin(), others.end(), bound) && fell(bound)) return true;
  }
  return fell(std::numeric_limits<double>::infinity());
}

}  // namespace

bool counter_was_reset(const FloatHistogram& current, const FloatHistogram& previous) {
  if (current.counter_reset_hint == CounterResetHint::kReset) return true;
  if (current.counter_reset_hint == CounterResetHint::kNotReset) return false;
  if (current.count < previous.count) return true;
  if (uses_custom_buckets(current) != uses_custom_buckets(previous)) return true;
  if (uses_custom_buckets(current)) {
    return current.custom_values == previous.custom_values
               ? any_bucket_fell(indexed_counts(current.positive_spans, current.positive_buckets),
                                 indexed_counts(previous.positive_spans, previous.positive_buckets))
               : custom_buckets_fell(current, previous);
  }
  if (current.schema > previous.schema) return true;
  if (current.zero_threshold < previous.zero_threshold) return true;
  const ZeroBucket before = wider_zero_bucket(previous, current.zero_threshold);
  if (before.threshold != current.zero_threshold) return true;
  if (current.zero_count < before.count) return true;
  const auto side_fell = [&](const auto& spans, const auto& buckets, const auto& old_spans,
                             const auto& old_buckets) {
    return any_bucket_fell(
        outside_zero_bucket(indexed_counts(spans, buckets), current.schema, current.schema,
                            current.zero_threshold),
        outside_zero_bucket(indexed_counts(old_spans, old_buckets), previous.schema, current.schema,
                            current.zero_threshold));
  };
  return side_fell(current.positive_spans, current.positive_buckets, previous.positive_spans,
                   previous.positive_buckets) ||
         side_fell(current.negative_spans, current.negative_buckets, previous.negative_spans,
                   previous.negative_buckets);
}

}  // namespace hearth
