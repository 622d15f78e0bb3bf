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

// The value at `rank`, which the counts reach in bucket b.
template <class Bounds, class Counts>
double between(double rank, size_t b, size_t last, Bounds bound, Counts count_up_to) {
  if (b == last) return bound(last - 1);
  if (b == 0 && bound(0) <= 0) return bound(0);
  double start = 0, count = count_up_to(b);
  if (b > 0) {
    start = bound(b - 1);
    count -= count_up_to(b - 1);
    rank -= count_up_to(b - 1);
  }
  return start + (bound(b) - start) * (rank / count);
}

// ---- many steps at once

#define HEARTH_IN_PLACE __attribute__((always_inline)) inline

constexpr size_t kSteps = ManyQuantiles::kSteps;

struct Steps {
  double rank[kSteps];
  uint64_t reached[kSteps];  // the first bucket, but the last, whose count reaches the rank
  // The first and the last bucket whose count was raised, if the difference is more than 0.
  uint64_t first_fixed[kSteps], last_fixed[kSteps];
  double difference[kSteps];
  uint64_t odd[kSteps];  // not 0: a count is missing or nearly the one before, or there is no rank
};

// make_monotonic() without branches, and what is found with the counts that are `mended` then.
HEARTH_IN_PLACE void look_in(const double* q, std::span<const double* const> counts, size_t first,
                             double* mended, Steps& steps) {
  constexpr double kSmallest = std::numeric_limits<double>::min();
  double highest[kSteps];
  for (size_t i = 0; i < kSteps; ++i) {
    highest[i] = mended[i] = counts[0][first + i];
    steps.odd[i] = (q[i] >= 0 ? 0 : 1) | (q[i] <= 1 ? 0 : 1);
    steps.first_fixed[i] = steps.last_fixed[i] = steps.reached[i] = 0;
    steps.difference[i] = 0;
  }
  for (size_t b = 1; b < counts.size(); ++b) {
    const double* const at = counts[b] + first;
    double* const to = mended + b * kSteps;
    for (size_t i = 0; i < kSteps; ++i) {
      const double count = at[i], before = highest[i], fall = before - count;
      const double near = 2 * kSmallDelta * (std::fabs(before) + std::fabs(count)) + kSmallest;
      const bool rises = -fall > near, falls = fall > near, stays = count == before;
      steps.odd[i] |= (rises | falls | stays) ? 0 : 1;
      highest[i] = rises ? count : before;
      to[i] = highest[i];
      steps.first_fixed[i] = falls && steps.difference[i] == 0 ? b : steps.first_fixed[i];
      steps.last_fixed[i] = falls ? b : steps.last_fixed[i];
      steps.difference[i] = falls && fall > steps.difference[i] ? fall : steps.difference[i];
    }
  }
  for (size_t i = 0; i < kSteps; ++i) steps.rank[i] = q[i] * highest[i];
  for (size_t b = 0; b + 1 < counts.size(); ++b) {
    for (size_t i = 0; i < kSteps; ++i) {
      steps.reached[i] += mended[b * kSteps + i] < steps.rank[i] ? 1 : 0;
    }
  }
}

#if defined(__x86_64__)
__attribute__((target("avx2"))) void look_avx2(const double* q,
                                               std::span<const double* const> counts, size_t first,
                                               double* mended, Steps& steps) {
  look_in(q, counts, first, mended, steps);
}
#endif

void look(const double* q, std::span<const double* const> counts, size_t first, double* mended,
          Steps& steps) {
#if defined(__x86_64__)
  static const bool avx2 = __builtin_cpu_supports("avx2");
  if (avx2) return look_avx2(q, counts, first, mended, steps);
#endif
  look_in(q, counts, first, mended, steps);
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
  const double rank = q * observations;
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
  return between(
      rank, b, last, [&](size_t i) { return buckets[i].upper_bound; },
      [&](size_t i) { return buckets[i].count; });
}

ManyQuantiles::ManyQuantiles(std::vector<double> bounds)
    : bounds_(std::move(bounds)), mended_(bounds_.size() * kSteps) {}

const std::array<ManyQuantiles::Quantile, ManyQuantiles::kSteps>& ManyQuantiles::find(
    const double* q, std::span<const double* const> counts, size_t first) {
  const size_t last = bounds_.size() - 1;
  Steps steps;
  look(q, counts, first, mended_.data(), steps);
  for (size_t i = 0; i < kSteps; ++i) {
    Quantile& quantile = found_[i];
    quantile.found = steps.odd[i] == 0;
    quantile.fix.reset();
    if (!quantile.found) continue;
    const auto count = [&](size_t b) { return mended_[b * kSteps + i]; };
    if (count(last) == 0) {
      quantile.value = std::nan("");
      continue;
    }
    if (steps.difference[i] > 0) {
      quantile.fix = Annotations::Fix{bounds_[steps.first_fixed[i]], bounds_[steps.last_fixed[i]],
                                      steps.difference[i]};
    }
    quantile.value = between(
        steps.rank[i], steps.reached[i], last, [&](size_t b) { return bounds_[b]; }, count);
  }
  return found_;
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
