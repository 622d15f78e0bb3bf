#include "query/histogram_totals.h"

#include <algorithm>
#include <cmath>

namespace hearth::promql {
namespace {

bool has_overflow(const FloatHistogram& h) {
  const auto infinite = [](double v) { return std::isinf(v); };
  return infinite(h.zero_count) || infinite(h.count) || infinite(h.sum) ||
         std::any_of(h.positive_buckets.begin(), h.positive_buckets.end(), infinite) ||
         std::any_of(h.negative_buckets.begin(), h.negative_buckets.end(), infinite);
}

}  // namespace

bool HistogramTotal::add(const FloatHistogram& histogram) {
  if (!sum_) {
    sum_.emplace(histogram);
    count_ = 1;
  } else {
    const auto merged = merge(histogram);
    if (!merged) return false;
    reconciled_ = reconciled_ || merged->bounds_reconciled;
  }
  reset_seen_ = reset_seen_ || histogram.counter_reset_hint == CounterResetHint::kReset;
  not_reset_seen_ = not_reset_seen_ || histogram.counter_reset_hint == CounterResetHint::kNotReset;
  return true;
}

std::optional<HistogramMerge> HistogramTotal::merge(const FloatHistogram& histogram) {
  if (!mean_) return sum_->add(histogram);
  if (!incremental_) {
    HistogramSum next = *sum_;
    const auto merged = next.add(histogram);
    if (!merged) return merged;
    if (!has_overflow(next.sum())) {
      sum_.emplace(std::move(next));
      ++count_;
      return merged;
    }
    incremental_ = true;
    sum_->divide_by(count_);
  }
  const auto merged = sum_->add_to_mean(histogram, count_ + 1);
  if (merged) ++count_;
  return merged;
}

FloatHistogram HistogramTotal::total() const {
  HistogramSum sum = *sum_;
  if (mean_ && !incremental_) sum.divide_by(count_);
  FloatHistogram total = sum.total();
  compact(total);
  return total;
}

void HistogramTotal::tell(Context& context, PosRange pos, bool is_result) const {
  if (is_result && reset_seen_ && not_reset_seen_) warn_resets_collide(context, "aggregation", pos);
  if (reconciled_) inform_bounds_reconciled(context, "aggregation", pos);
}

}  // namespace hearth::promql
