#include "query/classic_buckets.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace hearth::promql {
namespace {

constexpr double kInf = std::numeric_limits<double>::infinity();
constexpr double kSmallDelta = 1e-12;  // relative: what rounding may have done to counts

// Sorts by bound and adds up buckets of the same one. Returns whether the last is +Inf.
bool sort_and_merge(std::vector<ClassicBucket>& buckets) {
  const auto is_below = [](const ClassicBucket& a, const ClassicBucket& b) {
    return a.upper_bound < b.upper_bound;
  };
  if (!std::is_sorted(buckets.begin(), buckets.end(), is_below)) {
    std::stable_sort(buckets.begin(), buckets.end(), is_below);
  }
  if (buckets.empty() || buckets.back().upper_bound != kInf) return false;
  size_t last = 0;
  for (size_t i = 1; i < buckets.size(); ++i) {
    if (buckets[i].upper_bound == buckets[last].upper_bound) {
      buckets[last].count += buckets[i].count;
    } else {
      buckets[++last] = buckets[i];
    }
  }
  buckets.resize(last + 1);
  return true;
}

bool almost_equal(double a, double b) {
  if (a == b || (std::isnan(a) && std::isnan(b))) return true;
  const double sum = std::fabs(a) + std::fabs(b), difference = std::fabs(a - b);
  constexpr double kSmallest = std::numeric_limits<double>::min();
  // Mostly so; dividing takes longer.
  if (sum >= kSmallest && difference > 2 * kSmallDelta * sum) return false;
  if (a == 0 || b == 0 || sum < kSmallest) return difference < kSmallDelta * kSmallest;
  return difference / std::min(sum, std::numeric_limits<double>::max()) < kSmallDelta;
}

// Counts that fall below the ones before are raised to them.
void make_monotonic(std::vector<ClassicBucket>& buckets, std::optional<Annotations::Fix>& fix) {
  double highest = buckets[0].count;
  for (size_t i = 1; i < buckets.size(); ++i) {
    ClassicBucket& bucket = buckets[i];
    if (bucket.count == highest) continue;
    if (almost_equal(highest, bucket.count)) {
      bucket.count = highest;
    } else if (bucket.count < highest) {
      if (!fix) fix = Annotations::Fix{kInf, -kInf, 0};
      fix->min_bucket = std::min(fix->min_bucket, bucket.upper_bound);
      fix->max_bucket = std::max(fix->max_bucket, bucket.upper_bound);
      fix->max_diff = std::max(fix->max_diff, highest - bucket.count);
      bucket.count = highest;
    } else {
      highest = bucket.count;
    }
  }
}

}  // namespace

double bucket_quantile(double q, std::vector<ClassicBucket>& buckets,
                       std::optional<Annotations::Fix>& fix) {
  if (std::isnan(q)) return std::nan("");
  if (q < 0) return -kInf;
  if (q > 1) return kInf;
  if (!sort_and_merge(buckets)) return std::nan("");
  std::optional<Annotations::Fix> made;
  make_monotonic(buckets, made);
  if (buckets.size() < 2) return std::nan("");
  const double observations = buckets.back().count;
  if (observations == 0) return std::nan("");
  fix = made;
  double rank = q * observations;
  const size_t last = buckets.size() - 1;
  size_t b = 0;  // the first bucket that reaches the rank: the counts rise
  for (size_t count = last; count > 0;) {
    const size_t half = count / 2;
    if (buckets[b + half].count >= rank) {
      count = half;
    } else {
      b += half + 1;
      count -= half + 1;
    }
  }
  if (b == last) return buckets[last - 1].upper_bound;
  if (b == 0 && buckets[0].upper_bound <= 0) return buckets[0].upper_bound;
  double start = 0, count = buckets[b].count;
  if (b > 0) {
    start = buckets[b - 1].upper_bound;
    count -= buckets[b - 1].count;
    rank -= buckets[b - 1].count;
  }
  return start + (buckets[b].upper_bound - start) * (rank / count);
}

double bucket_fraction(double lower, double upper, std::vector<ClassicBucket>& buckets) {
  if (!sort_and_merge(buckets)) return std::nan("");
  const double count = buckets.back().count;
  if (count == 0 || std::isnan(lower) || std::isnan(upper)) return std::nan("");
  if (lower >= upper) return 0;
  // How many observations are at most `value`. Those of the lowest bucket lie above 0, if it does.
  const auto rank_of = [&](double value) {
    double bound = buckets[0].upper_bound <= 0 ? -kInf : 0;
    double below = 0;
    for (const ClassicBucket& bucket : buckets) {
      if (bound >= value) return std::min(below, count);
      if (bucket.upper_bound > value) {
        if (bound == -kInf) return std::min(bucket.count, count);
        const double rank =
            below + (bucket.count - below) * (value - bound) / (bucket.upper_bound - bound);
        return rank > count ? count : rank;
      }
      below = bucket.count;
      bound = bucket.upper_bound;
    }
    return count;
  };
  return (rank_of(upper) - rank_of(lower)) / count;
}

}  // namespace hearth::promql
