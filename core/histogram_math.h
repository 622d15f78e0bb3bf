// Arithmetic of native histograms, as Prometheus' FloatHistogram has it.
#pragma once

#include <optional>
#include <vector>

#include "core/histogram.h"
#include "core/histogram_buckets.h"

namespace hearth {

inline bool uses_custom_buckets(const FloatHistogram& h) {
  return h.schema == kCustomBucketsSchema;
}

// Of the same kind, without an observation: what a counter begins with.
FloatHistogram zero_like(const FloatHistogram& histogram);

// Without empty buckets, in as few spans as possible.
void compact(FloatHistogram& histogram);

// Same schema, bounds, counts and sum; empty buckets, spans and the reset hint do not matter.
bool same_histogram(const FloatHistogram& a, const FloatHistogram& b);

// Multiplies every count and the sum; a negative factor makes a gauge.
void multiply(FloatHistogram& histogram, double factor);
// Divides likewise; by zero leaves no buckets.
void divide(FloatHistogram& histogram, double divisor);

// What was done to bring two histograms together.
struct HistogramMerge {
  bool hints_collide = false;      // one is after a counter reset, the other is known not to be
  bool bounds_reconciled = false;  // custom bounds differed: only the common ones remain
};

// Adds (subtracts) `other`: at the lower of both resolutions, with the larger zero bucket. nullopt,
// and nothing done, where one has custom buckets and the other has not.
std::optional<HistogramMerge> add(FloatHistogram& to, const FloatHistogram& other);
std::optional<HistogramMerge> subtract(FloatHistogram& from, const FloatHistogram& other);

// Sums up with compensation of what rounding loses. One thread.
class HistogramSum {
 public:
  explicit HistogramSum(FloatHistogram first) : sum_(std::move(first)) {}
  std::optional<HistogramMerge> add(const FloatHistogram& other);
  FloatHistogram total() const;

  // The running mean after `count` histograms, where the sum would overflow: scales what is there
  // by (count-1)/count and adds other/count.
  std::optional<HistogramMerge> add_to_mean(const FloatHistogram& other, double count);
  void scale(double factor);
  void divide_by(double divisor);
  const FloatHistogram& sum() const { return sum_; }

 private:
  template <class Change>
  void change_lost(Change change);

  FloatHistogram sum_;
  // What was lost, in the layout of sum_; empty counts where nothing was.
  double lost_zero_count_ = 0, lost_count_ = 0, lost_sum_ = 0;
  std::vector<IndexedCount> lost_positive_, lost_negative_;
};

// Whether a counter was reset between `previous` and `current`; the hint of `current` decides where
// it has one.
bool counter_was_reset(const FloatHistogram& current, const FloatHistogram& previous);

// The histogram at a lower resolution. Requires: schema <= histogram.schema, exponential.
void reduce_resolution(FloatHistogram& histogram, int32_t schema);

// The zero bucket widened to `threshold`, or as far beyond as the populated bucket there reaches.
struct ZeroBucket {
  double count, threshold;
};
ZeroBucket wider_zero_bucket(const FloatHistogram& histogram, double threshold);

}  // namespace hearth
