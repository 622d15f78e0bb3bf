#include "query/native_quantile.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "core/histogram_math.h"
#include "query/go_math.h"

namespace hearth::promql {
namespace {

constexpr double kInf = std::numeric_limits<double>::infinity();

void tell_nan(Context& context, const std::string& what, std::string_view metric, PosRange pos) {
  context.annotations.info(what + for_metric(metric), pos);
}

// The zero bucket of a histogram with observations on one side only ends at zero.
void cut_zero_bucket(const FloatHistogram& h, HistogramBucket& bucket) {
  if (h.negative_buckets.empty() && !h.positive_buckets.empty()) {
    bucket.lower = 0;
  } else if (h.positive_buckets.empty() && !h.negative_buckets.empty()) {
    bucket.upper = 0;
  }
}

}  // namespace

double native_quantile(Context& context, double q, const FloatHistogram& h, std::string_view metric,
                       PosRange pos) {
  if (q < 0) return -kInf;
  if (q > 1) return kInf;
  if (h.count == 0 || std::isnan(q)) return std::nan("");
  std::vector<HistogramBucket> buckets = all_buckets(h);
  if (buckets.empty()) buckets.push_back({});  // of NaN observations only
  // NaN observations are counted, but in no bucket; their histogram's sum is NaN.
  const bool has_nan = std::isnan(h.sum);
  const bool forward = has_nan || q < 0.5;
  double rank = (forward ? q : 1 - q) * h.count;
  if (!forward) std::reverse(buckets.begin(), buckets.end());

  double count = 0;
  size_t at = 0;
  for (;; ++at) {
    count += buckets[at].count;
    if ((buckets[at].count != 0 && count >= rank) || at + 1 == buckets.size()) break;
  }
  HistogramBucket bucket = buckets[at];
  const bool custom = uses_custom_buckets(h);
  if (!custom && bucket.lower < 0 && bucket.upper > 0) {
    cut_zero_bucket(h, bucket);
  } else if (custom && bucket.lower == -kInf) {
    if (bucket.upper <= 0) return bucket.upper;
    bucket.lower = 0;
  } else if (custom && bucket.upper == kInf) {
    return bucket.lower;
  }
  count = std::min(count, h.count);
  if (count < rank) {
    if (!has_nan) return bucket.upper;
    tell_nan(context, "input to histogram_quantile has NaN observations, result is NaN", metric,
             pos);
    return std::nan("");
  }
  rank = forward ? rank - (count - bucket.count) : count - rank;
  if (has_nan) {
    for (size_t i = at + 1; i < buckets.size(); ++i) count += buckets[i].count;
    if (count < h.count) {
      tell_nan(context, "input to histogram_quantile has NaN observations, result is skewed higher",
               metric, pos);
    }
  }
  const double fraction = rank / bucket.count;
  if (custom || (bucket.lower <= 0 && bucket.upper >= 0)) {
    return bucket.lower + (bucket.upper - bucket.lower) * fraction;
  }
  const double low = go_log2(std::fabs(bucket.lower)), high = go_log2(std::fabs(bucket.upper));
  if (bucket.lower > 0) return go_exp2(low + (high - low) * fraction);
  return -go_exp2(high + (low - high) * (1 - fraction));
}

double native_fraction(Context& context, double lower, double upper, const FloatHistogram& h,
                       std::string_view metric, PosRange pos) {
  if (h.count == 0 || std::isnan(lower) || std::isnan(upper)) return std::nan("");
  if (lower >= upper) return 0;
  const bool custom = uses_custom_buckets(h);
  const std::vector<HistogramBucket> buckets = all_buckets(h);

  // How many observations are at most `value`; nothing when it lies above all buckets.
  const auto rank_of = [&](double value) -> std::optional<double> {
    double rank = 0;
    for (HistogramBucket bucket : buckets) {
      const bool zero = bucket.lower <= 0 && bucket.upper >= 0;
      if (zero) cut_zero_bucket(h, bucket);
      if (bucket.lower >= value) return rank;
      if (bucket.upper > value) {
        if (custom || zero) {
          if (bucket.lower == -kInf) return bucket.count;
          return rank + bucket.count * (value - bucket.lower) / (bucket.upper - bucket.lower);
        }
        const double low = go_log2(std::fabs(bucket.lower));
        const double high = go_log2(std::fabs(bucket.upper));
        const double at = go_log2(std::fabs(value));
        const double fraction =
            value > 0 ? (at - low) / (high - low) : 1 - (at - high) / (low - high);
        return rank + bucket.count * fraction;
      }
      rank += bucket.count;
    }
    return std::nullopt;
  };

  double count = h.count;
  if (std::isnan(h.sum)) {
    count = 0;
    for (const HistogramBucket& bucket : buckets) count += bucket.count;
    if (count < h.count) {
      tell_nan(
          context,
          "input to histogram_fraction has NaN observations, which are excluded from all fractions",
          metric, pos);
    }
  }
  const auto capped = [&](std::optional<double> rank) {
    return !rank || *rank > count ? count : *rank;
  };
  return (capped(rank_of(upper)) - capped(rank_of(lower))) / h.count;
}

}  // namespace hearth::promql
