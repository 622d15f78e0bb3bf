#include "query/histogram_trim.h"

#include <cmath>
#include <limits>

#include "core/histogram_math.h"

namespace hearth::promql {
namespace {

constexpr double kInf = std::numeric_limits<double>::infinity();

// How many of the bucket's observations are at most `limit`.
double count_below(const HistogramBucket& bucket, double limit, bool linear) {
  if (limit <= bucket.lower) return 0;
  if (limit >= bucket.upper) return bucket.count;
  if (linear) return bucket.count * (limit - bucket.lower) / (bucket.upper - bucket.lower);
  const double low = std::log2(std::fabs(bucket.lower)), high = std::log2(std::fabs(bucket.upper));
  const double at = std::log2(std::fabs(limit));
  const double fraction =
      bucket.lower >= 0 ? (at - low) / (high - low) : 1 - (at - high) / (low - high);
  return bucket.count * fraction;
}

// What stays of a bucket, and the mean of what goes.
struct Kept {
  double count;
  double removed_mean;
};

// Of a bucket without end nothing is known; the lowest custom bucket, if it reaches above 0, is taken
// to begin there.
Kept keep_of_endless(const HistogramBucket& bucket, double limit, Trim trim) {
  if (bucket.lower == -kInf) {
    if (trim == Trim::kUpper && limit >= bucket.upper) return {bucket.count, 0};
    if (limit >= 0 && bucket.upper > limit && bucket.upper != kInf) {
      const double below = limit / bucket.upper;
      if (trim == Trim::kUpper) return {bucket.count * below, (limit + bucket.upper) / 2};
      return {bucket.count * (1 - below), limit / 2};
    }
    if (trim == Trim::kLower && limit <= bucket.lower) return {bucket.count, 0};
    return {0, bucket.upper};
  }
  if (trim == Trim::kLower && limit <= bucket.lower) return {bucket.count, 0};
  return {0, bucket.lower};
}

Kept keep_of(const HistogramBucket& bucket, double limit, Trim trim, bool linear) {
  if (bucket.lower == -kInf || bucket.upper == kInf) return keep_of_endless(bucket, limit, trim);
  const double below = count_below(bucket, limit, linear);
  double mean = (bucket.lower + bucket.upper) / 2;
  if (!linear && bucket.lower < limit && limit < bucket.upper) {
    mean = std::sqrt(std::fabs(trim == Trim::kUpper ? bucket.lower : bucket.upper) * std::fabs(limit));
    if (bucket.lower < 0) mean = -mean;
  } else if (!linear) {
    mean = std::sqrt(bucket.lower * bucket.upper);
  }
  return {trim == Trim::kUpper ? below : bucket.count - below, mean};
}

}  // namespace

void trim_histogram(FloatHistogram& h, double limit, Trim trim) {
  const bool custom = uses_custom_buckets(h);
  double count = 0, removed_sum = 0;
  bool has_positive = false, has_negative = false;
  const auto trim_side = [&](const std::vector<HistogramBucket>& buckets, std::vector<double>& counts,
                             bool positive) {
    for (size_t i = 0; i < buckets.size(); ++i) {
      const HistogramBucket& bucket = buckets[i];
      if (bucket.count == 0) continue;
      has_negative = has_negative || !positive || (custom && bucket.lower < 0);
      has_positive = has_positive || (positive && (!custom || bucket.upper > 0));
      const bool all_stay = trim == Trim::kUpper ? bucket.upper <= limit : bucket.lower >= limit;
      if (all_stay) {
        count += bucket.count;
        continue;
      }
      const bool none_stay = trim == Trim::kUpper ? bucket.lower >= limit : bucket.upper <= limit;
      const Kept kept = keep_of(bucket, limit, trim, custom);
      const double stay = none_stay ? 0 : kept.count;
      removed_sum += (bucket.count - stay) * kept.removed_mean;
      counts[i] = stay;
      count += stay;
    }
  };
  const std::vector<HistogramBucket> positive = positive_buckets(h), negative = negative_buckets(h);
  trim_side(positive, h.positive_buckets, true);
  trim_side(negative, h.negative_buckets, false);
  if (h.zero_count > 0) {
    const HistogramBucket zero{-h.zero_threshold, h.zero_threshold, true, true, h.zero_count, 0};
    const double below = count_below(zero, limit, true);
    h.zero_count = trim == Trim::kUpper ? below : h.zero_count - below;
    count += h.zero_count;
  }
  double sum = 0;
  if (count != 0) {
    sum = h.sum - removed_sum;
    if ((!has_negative && sum < 0) || (!has_positive && sum > 0)) sum = 0;
  }
  h.count = count;
  h.sum = sum;
  compact(h);
}

}  // namespace hearth::promql
