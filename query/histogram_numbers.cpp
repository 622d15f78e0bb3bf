// Numbers that a native histogram gives, and its text.
#include <algorithm>
#include <fmt/format.h>

#include <cmath>

#include "core/go_text.h"
#include "core/histogram_math.h"
#include "query/histogram_functions.h"
#include "query/histogram_text.h"
#include "query/kahan.h"

namespace hearth::promql {
namespace {

// As if all observations of a bucket were in its middle: the geometric one of exponential buckets.
double variance(const FloatHistogram& h) {
  const double mean = h.sum / h.count;
  KahanSum sum;
  for (const HistogramBucket& bucket : all_buckets(h)) {
    if (bucket.count == 0) continue;
    double middle;
    if (uses_custom_buckets(h)) {
      middle = (bucket.upper + bucket.lower) / 2;
    } else if (bucket.lower <= 0 && bucket.upper >= 0) {
      middle = 0;
    } else {
      middle = std::sqrt(bucket.upper * bucket.lower);
      if (bucket.upper < 0) middle = -middle;
    }
    const double delta = middle - mean;
    sum.add(bucket.count * delta * delta);
  }
  return (sum.sum + sum.lost) / h.count;
}

}  // namespace

HistogramNumber find_histogram_number(std::string_view name) {
  if (name == "histogram_count") return [](const FloatHistogram& h) { return h.count; };
  if (name == "histogram_sum") return [](const FloatHistogram& h) { return h.sum; };
  if (name == "histogram_avg") return [](const FloatHistogram& h) { return h.sum / h.count; };
  if (name == "histogram_stdvar") return variance;
  if (name == "histogram_stddev")
    return [](const FloatHistogram& h) { return std::sqrt(variance(h)); };
  return nullptr;
}

std::string histogram_text(const FloatHistogram& h) {
  std::string text = fmt::format("{{count:{}, sum:{}", float_g(h.count), float_g(h.sum));
  const auto add = [&](const HistogramBucket& bucket) {
    if (bucket.count == 0) return;
    text += fmt::format(", {}{},{}{}:{}", bucket.lower_inclusive ? '[' : '(', float_g(bucket.lower),
                        float_g(bucket.upper), bucket.upper_inclusive ? ']' : ')',
                        float_g(bucket.count));
  };
  // all_buckets() has no zero bucket of a negative count.
  const std::vector<HistogramBucket> below = negative_buckets(h);
  std::for_each(below.rbegin(), below.rend(), add);
  add({-h.zero_threshold, h.zero_threshold, true, true, h.zero_count, 0});
  for (const HistogramBucket& bucket : positive_buckets(h)) add(bucket);
  return text + "}";
}

}  // namespace hearth::promql
