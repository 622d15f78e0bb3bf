#include "core/histogram_math.h"

#include <algorithm>
#include <bit>
#include <cmath>

namespace hearth {
namespace {

std::vector<IndexedCount> positive(const FloatHistogram& h) {
  return indexed_counts(h.positive_spans, h.positive_buckets);
}
std::vector<IndexedCount> negative(const FloatHistogram& h) {
  return indexed_counts(h.negative_spans, h.negative_buckets);
}

std::vector<IndexedCount> populated(std::vector<IndexedCount> counts) {
  std::erase_if(counts, [](const IndexedCount& c) { return c.count == 0; });
  return counts;
}

// By bits, so that what is not a number equals itself.
bool same(double a, double b) { return std::bit_cast<uint64_t>(a) == std::bit_cast<uint64_t>(b); }

bool same(const std::vector<IndexedCount>& a, const std::vector<IndexedCount>& b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [](const IndexedCount& x, const IndexedCount& y) {
                      return x.index == y.index && same(x.count, y.count);
                    });
}

void set_sides(FloatHistogram& h, const std::vector<IndexedCount>& pos,
               const std::vector<IndexedCount>& neg) {
  set_counts(pos, h.positive_spans, h.positive_buckets);
  set_counts(neg, h.negative_spans, h.negative_buckets);
}

template <class Change>
void change_all(FloatHistogram& h, Change change) {
  change(h.zero_count);
  change(h.count);
  change(h.sum);
  for (double& bucket : h.positive_buckets) change(bucket);
  for (double& bucket : h.negative_buckets) change(bucket);
}

}  // namespace

FloatHistogram zero_like(const FloatHistogram& h) {
  FloatHistogram zero;
  zero.integer = h.integer;
  zero.counter_reset_hint = CounterResetHint::kReset;
  zero.schema = h.schema;
  zero.zero_threshold = h.zero_threshold;
  zero.custom_values = h.custom_values;
  return zero;
}

void compact(FloatHistogram& h) { set_sides(h, populated(positive(h)), populated(negative(h))); }

bool same_histogram(const FloatHistogram& a, const FloatHistogram& b) {
  const bool exponential = !uses_custom_buckets(a);
  return a.schema == b.schema && same(a.count, b.count) && same(a.sum, b.sum) &&
         (!exponential ||
          (a.zero_threshold == b.zero_threshold && same(a.zero_count, b.zero_count))) &&
         (exponential || a.custom_values == b.custom_values) &&
         same(populated(positive(a)), populated(positive(b))) &&
         same(populated(negative(a)), populated(negative(b)));
}

void multiply(FloatHistogram& h, double factor) {
  change_all(h, [factor](double& x) { x *= factor; });
  if (factor < 0) h.counter_reset_hint = CounterResetHint::kGauge;
}

void divide(FloatHistogram& h, double divisor) {
  change_all(h, [divisor](double& x) { x /= divisor; });
  if (divisor == 0) set_sides(h, {}, {});
  if (divisor < 0) h.counter_reset_hint = CounterResetHint::kGauge;
}

void reduce_resolution(FloatHistogram& h, int32_t schema) {
  const int32_t steps = h.schema - schema;
  if (steps == 0) return;
  set_sides(h, at_lower_resolution(positive(h), steps), at_lower_resolution(negative(h), steps));
  h.schema = schema;
}

ZeroBucket wider_zero_bucket(const FloatHistogram& h, double threshold) {
  const std::vector<HistogramBucket> above = positive_buckets(h), below = negative_buckets(h);
  if (threshold == h.zero_threshold) return {h.zero_count, threshold};
  while (true) {
    double count = h.zero_count;
    for (const HistogramBucket& bucket : above) {
      if (bucket.lower >= threshold) break;
      count += bucket.count;
      if (bucket.upper > threshold && bucket.count != 0) threshold = bucket.upper;
      if (bucket.upper >= threshold) break;
    }
    bool widened = false;
    for (const HistogramBucket& bucket : below) {
      if (bucket.upper <= -threshold) break;
      count += bucket.count;
      if (bucket.lower < -threshold) {
        // The other side must be counted anew for the wider threshold.
        widened = bucket.count != 0;
        if (widened) threshold = -bucket.lower;
        break;
      }
    }
    if (!widened) return {count, threshold};
  }
}

}  // namespace hearth
