// Adding and subtracting native histograms.
#include <algorithm>
#include <cmath>
#include <limits>

#include "core/histogram_math.h"

namespace hearth {
namespace {

// `a` and `b` bucket by bucket: the union of their indexes.
template <class Combine>
std::vector<IndexedCount> merged(const std::vector<IndexedCount>& a,
                                 const std::vector<IndexedCount>& b, Combine combine) {
  std::vector<IndexedCount> out;
  out.reserve(a.size() + b.size());
  size_t i = 0, j = 0;
  while (i < a.size() || j < b.size()) {
    if (j == b.size() || (i < a.size() && a[i].index < b[j].index)) {
      out.push_back({a[i].index, combine(a[i].index, a[i].count, 0.0)});
      ++i;
    } else if (i == a.size() || b[j].index < a[i].index) {
      out.push_back({b[j].index, combine(b[j].index, 0.0, b[j].count)});
      ++j;
    } else {
      out.push_back({a[i].index, combine(a[i].index, a[i].count, b[j].count)});
      ++i, ++j;
    }
  }
  return out;
}

std::vector<double> common_bounds(const std::vector<double>& a, const std::vector<double>& b) {
  std::vector<double> common;
  std::set_intersection(a.begin(), a.end(), b.begin(), b.end(), std::back_inserter(common));
  return common;
}

// Custom buckets moved into those of fewer bounds: each to the first that reaches its upper bound.
std::vector<IndexedCount> at_bounds(const std::vector<IndexedCount>& counts,
                                    const std::vector<double>& bounds,
                                    const std::vector<double>& fewer) {
  std::vector<IndexedCount> out;
  for (const IndexedCount& c : counts) {
    size_t target = fewer.size();  // the last bucket, up to +Inf
    if (static_cast<size_t>(c.index) < bounds.size()) {
      const double upper = bounds[static_cast<size_t>(c.index)];
      target =
          static_cast<size_t>(std::lower_bound(fewer.begin(), fewer.end(), upper) - fewer.begin());
    }
    const auto index = static_cast<int32_t>(target);
    if (out.empty() || out.back().index != index) {
      out.push_back({index, c.count});
    } else {
      out.back().count += c.count;
    }
  }
  return out;
}

// Returns whether the hints contradict each other.
bool merge_hints(CounterResetHint& hint, CounterResetHint other) {
  using Hint = CounterResetHint;
  if (other == hint || hint == Hint::kGauge) return false;
  if (other == Hint::kGauge) {
    hint = Hint::kGauge;
    return false;
  }
  if (hint == Hint::kUnknown) return false;
  const bool collide = other != Hint::kUnknown;
  hint = Hint::kUnknown;
  return collide;
}

// Empties the buckets that have become part of the zero bucket.
void clear_inside_zero_bucket(FloatHistogram& h) {
  const std::vector<HistogramBucket> above = positive_buckets(h), below = negative_buckets(h);
  for (size_t i = 0; i < above.size() && above[i].lower < h.zero_threshold; ++i) {
    h.positive_buckets[i] = 0;
  }
  for (size_t i = 0; i < below.size() && below[i].upper > -h.zero_threshold; ++i) {
    h.negative_buckets[i] = 0;
  }
  compact(h);
}

// Widens the zero bucket of `h` until both have the same; returns the other's.
ZeroBucket reconcile_zero_buckets(FloatHistogram& h, const FloatHistogram& other) {
  ZeroBucket theirs{other.zero_count, other.zero_threshold};
  while (theirs.threshold != h.zero_threshold) {
    if (h.zero_threshold > theirs.threshold) theirs = wider_zero_bucket(other, h.zero_threshold);
    if (theirs.threshold > h.zero_threshold) {
      const ZeroBucket ours = wider_zero_bucket(h, theirs.threshold);
      h.zero_count = ours.count;
      h.zero_threshold = ours.threshold;
      clear_inside_zero_bucket(h);
    }
  }
  return theirs;
}

// What `other` adds to a histogram that has been brought into the common form.
struct Addend {
  double zero_count = 0;
  std::vector<IndexedCount> positive, negative;
};

// Brings `h` into the form that can hold both, and `other` into what is to be added to it.
std::optional<HistogramMerge> align(FloatHistogram& h, const FloatHistogram& other,
                                    Addend& addend) {
  if (uses_custom_buckets(h) != uses_custom_buckets(other)) return std::nullopt;
  HistogramMerge merge;
  merge.hints_collide = merge_hints(h.counter_reset_hint, other.counter_reset_hint);
  addend.positive = indexed_counts(other.positive_spans, other.positive_buckets);
  addend.negative = indexed_counts(other.negative_spans, other.negative_buckets);
  if (uses_custom_buckets(h)) {
    if (h.custom_values != other.custom_values) {
      merge.bounds_reconciled = true;
      std::vector<double> common = common_bounds(h.custom_values, other.custom_values);
      addend.positive = at_bounds(addend.positive, other.custom_values, common);
      set_counts(
          at_bounds(indexed_counts(h.positive_spans, h.positive_buckets), h.custom_values, common),
          h.positive_spans, h.positive_buckets);
      h.custom_values = std::move(common);
    }
    return merge;
  }
  addend.zero_count = reconcile_zero_buckets(h, other).count;
  const int32_t schema = std::min(h.schema, other.schema);
  reduce_resolution(h, schema);
  // Only the buckets at the start can lie inside the zero bucket.
  const auto clip = [&](std::vector<IndexedCount>& counts) {
    counts = at_lower_resolution(counts, other.schema - schema);
    const auto outside = std::find_if(counts.begin(), counts.end(), [&](const IndexedCount& c) {
      return exponential_bound(c.index, schema) > h.zero_threshold;
    });
    counts.erase(counts.begin(), outside);
  };
  clip(addend.positive);
  clip(addend.negative);
  return merge;
}

std::optional<HistogramMerge> combine(FloatHistogram& h, const FloatHistogram& other, double sign) {
  Addend addend;
  const auto merge = align(h, other, addend);
  if (!merge) return merge;
  const auto plus = [sign](int32_t, double a, double b) { return a + sign * b; };
  h.zero_count += sign * addend.zero_count;
  h.count += sign * other.count;
  h.sum += sign * other.sum;
  set_counts(merged(indexed_counts(h.positive_spans, h.positive_buckets), addend.positive, plus),
             h.positive_spans, h.positive_buckets);
  set_counts(merged(indexed_counts(h.negative_spans, h.negative_buckets), addend.negative, plus),
             h.negative_spans, h.negative_buckets);
  return merge;
}

// Neumaier's step; an infinite sum has lost nothing.
double kahan(double sum, double value, double& lost) {
  const double total = sum + value;
  if (std::isinf(total)) {
    lost = 0;
  } else if (std::fabs(sum) >= std::fabs(value)) {
    lost += (sum - total) + value;
  } else {
    lost += (value - total) + sum;
  }
  return total;
}

double& at_index(std::vector<IndexedCount>& counts, int32_t index) {
  const auto at = std::lower_bound(counts.begin(), counts.end(), index,
                                   [](const IndexedCount& c, int32_t i) { return c.index < i; });
  if (at != counts.end() && at->index == index) return at->count;
  return counts.insert(at, {index, 0})->count;
}

}  // namespace

std::optional<HistogramMerge> add(FloatHistogram& to, const FloatHistogram& other) {
  return combine(to, other, 1);
}

std::optional<HistogramMerge> subtract(FloatHistogram& from, const FloatHistogram& other) {
  return combine(from, other, -1);
}

std::optional<HistogramMerge> HistogramSum::add(const FloatHistogram& other) {
  // A change of the layout moves counts from bucket to bucket: what was lost goes along at once.
  const bool same_layout = sum_.schema <= other.schema &&
                           sum_.zero_threshold == other.zero_threshold &&
                           sum_.custom_values == other.custom_values;
  if (!same_layout && uses_custom_buckets(sum_) == uses_custom_buckets(other)) {
    sum_ = total();
    lost_zero_count_ = lost_count_ = lost_sum_ = 0;
    lost_positive_.clear();
    lost_negative_.clear();
  }
  Addend addend;
  const auto merge = align(sum_, other, addend);
  if (!merge) return merge;
  sum_.zero_count = kahan(sum_.zero_count, addend.zero_count, lost_zero_count_);
  sum_.count = kahan(sum_.count, other.count, lost_count_);
  sum_.sum = kahan(sum_.sum, other.sum, lost_sum_);
  const auto side = [](std::vector<HistogramSpan>& spans, std::vector<double>& buckets,
                       const std::vector<IndexedCount>& more, std::vector<IndexedCount>& lost) {
    set_counts(merged(indexed_counts(spans, buckets), more,
                      [&](int32_t index, double a, double b) {
                        return kahan(a, b, at_index(lost, index));
                      }),
               spans, buckets);
  };
  side(sum_.positive_spans, sum_.positive_buckets, addend.positive, lost_positive_);
  side(sum_.negative_spans, sum_.negative_buckets, addend.negative, lost_negative_);
  return merge;
}

FloatHistogram HistogramSum::total() const {
  FloatHistogram out = sum_;
  const auto whole = [](double sum, double lost) { return std::isinf(sum) ? sum : sum + lost; };
  out.zero_count = whole(sum_.zero_count, lost_zero_count_);
  out.count = whole(sum_.count, lost_count_);
  out.sum = whole(sum_.sum, lost_sum_);
  const auto side = [&](const std::vector<HistogramSpan>& spans, std::vector<double>& buckets,
                        std::vector<IndexedCount> lost) {
    const std::vector<IndexedCount> counts = indexed_counts(spans, buckets);
    for (size_t i = 0; i < counts.size() && !lost.empty(); ++i) {
      buckets[i] = whole(buckets[i], at_index(lost, counts[i].index));
    }
  };
  side(out.positive_spans, out.positive_buckets, lost_positive_);
  side(out.negative_spans, out.negative_buckets, lost_negative_);
  return out;
}

template <class Change>
void HistogramSum::change_lost(Change change) {
  change(lost_zero_count_);
  change(lost_count_);
  change(lost_sum_);
  for (IndexedCount& lost : lost_positive_) change(lost.count);
  for (IndexedCount& lost : lost_negative_) change(lost.count);
}

void HistogramSum::scale(double factor) {
  multiply(sum_, factor);
  change_lost([factor](double& lost) { lost *= factor; });
}

void HistogramSum::divide_by(double divisor) {
  divide(sum_, divisor);
  change_lost([divisor](double& lost) { lost /= divisor; });
}

std::optional<HistogramMerge> HistogramSum::add_to_mean(const FloatHistogram& other, double count) {
  if (uses_custom_buckets(sum_) != uses_custom_buckets(other)) return std::nullopt;
  scale((count - 1) / count);
  FloatHistogram share = other;
  divide(share, count);
  return add(share);
}

}  // namespace hearth
