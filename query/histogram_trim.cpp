#include "query/histogram_trim.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "core/histogram_math.h"
#include "query/go_math.h"

namespace hearth::promql {
namespace {

constexpr double kInf = std::numeric_limits<double>::infinity();

// What stays of a bucket: how many observations, and their mean.
struct Kept {
  double count;
  double mean;
};

double mean_between(double lower, double upper, bool linear) {
  if (linear) return (lower + upper) / 2;
  const double mean = std::sqrt(std::fabs(lower) * std::fabs(upper));
  return upper <= 0 ? -mean : mean;
}

// Of a bucket with two ends. Requires: it is not linear unless lower and upper have the same sign.
Kept keep_of(double lower, double upper, double count, double limit, Trim trim, bool linear) {
  double below = 0;  // how many are at most `limit`
  if (limit >= upper) {
    below = count;
  } else if (limit > lower && linear) {
    below = count * (limit - lower) / (upper - lower);
  } else if (limit > lower) {
    const double low = go_log2(std::fabs(lower)), high = go_log2(std::fabs(upper));
    const double at = go_log2(std::fabs(limit));
    below = count * (limit > 0 ? (at - low) / (high - low) : 1 - (at - high) / (low - high));
  }
  const double edge = std::clamp(limit, lower, upper);
  if (trim == Trim::kUpper)
    return {below, mean_between(lower, limit < upper ? edge : upper, linear)};
  return {count - below, mean_between(limit > lower ? edge : lower, upper, linear)};
}

// Buckets without end are kept or dropped whole; the lowest custom one, if it reaches above 0, is
// taken to begin there.
Kept keep_of_bucket(const HistogramBucket& bucket, double limit, Trim trim, bool linear) {
  const bool upward = trim == Trim::kLower;
  if (bucket.lower == -kInf && bucket.upper == kInf) {
    return {limit == (upward ? -kInf : kInf) ? bucket.count : 0, 0};
  }
  if (bucket.lower == -kInf && bucket.upper > 0) {
    if (upward && limit < 0 && limit != -kInf) return {0, 0};
    return keep_of(0, bucket.upper, bucket.count, limit, trim, true);
  }
  if (bucket.lower == -kInf) {
    const bool keep = upward ? limit == -kInf : limit != -kInf;
    return {keep ? bucket.count : 0, std::min(limit, bucket.upper)};
  }
  if (bucket.upper == kInf) {
    const bool keep = upward ? limit != kInf : limit == kInf;
    return {keep ? bucket.count : 0, std::max(limit, bucket.lower)};
  }
  return keep_of(bucket.lower, bucket.upper, bucket.count, limit, trim, linear);
}

}  // namespace

void trim_histogram(FloatHistogram& h, double limit, Trim trim) {
  const bool custom = uses_custom_buckets(h);
  double count = 0, sum = 0;
  bool changed = false;
  const auto take = [&](const Kept& kept, double before) {
    count += kept.count;
    if (kept.count != 0) sum += kept.count * kept.mean;
    changed = changed || kept.count != before;
    return kept.count;
  };
  const auto trim_side = [&](const std::vector<HistogramBucket>& buckets,
                             std::vector<double>& counts) {
    for (size_t i = 0; i < buckets.size(); ++i) {
      if (buckets[i].count == 0) continue;
      counts[i] = take(keep_of_bucket(buckets[i], limit, trim, custom), buckets[i].count);
    }
  };
  const bool has_negative = !h.negative_buckets.empty(), has_positive = !h.positive_buckets.empty();
  const auto positive = positive_buckets(h), negative = negative_buckets(h);
  trim_side(positive, h.positive_buckets);
  trim_side(negative, h.negative_buckets);
  if (h.zero_count > 0) {
    // With observations on one side only, the zero bucket ends at zero.
    const double lower = has_positive && !has_negative ? 0 : -h.zero_threshold;
    const double upper = has_negative && !has_positive ? 0 : h.zero_threshold;
    h.zero_count = take(keep_of(lower, upper, h.zero_count, limit, trim, true), h.zero_count);
  }
  if (changed) {
    h.count = count;
    h.sum = sum;
  }
  compact(h);
}

}  // namespace hearth::promql
