// The buckets of native histograms: their bounds, and their counts by index instead of by span.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "core/histogram.h"

namespace hearth {

// The upper bound of the exponential bucket `index`; the lower one is that of index - 1. The last
// bucket of regular numbers ends at the largest one, the bucket after it at +Inf.
// Requires: -4 <= schema <= 8.
double exponential_bound(int32_t index, int32_t schema);

// ---- by index ----------------------------------------------------------------------------------

struct IndexedCount {
  int32_t index;
  double count;
  bool operator==(const IndexedCount&) const = default;
};

// One side of a histogram, empty buckets included, in the order of the indexes.
std::vector<IndexedCount> indexed_counts(std::span<const HistogramSpan> spans,
                                         std::span<const double> buckets);
// The other way. Requires: indexes ascend.
void set_counts(std::span<const IndexedCount> counts, std::vector<HistogramSpan>& spans,
                std::vector<double>& buckets);

// The same buckets at a lower resolution: `steps` halvings of the schema.
std::vector<IndexedCount> at_lower_resolution(std::span<const IndexedCount> counts, int32_t steps);

// ---- by bounds ---------------------------------------------------------------------------------

struct HistogramBucket {
  double lower, upper;
  bool lower_inclusive, upper_inclusive;
  double count;
  int32_t index;  // 0 for the zero bucket
};

// In the order of the index: from zero outwards.
std::vector<HistogramBucket> positive_buckets(const FloatHistogram& histogram);
std::vector<HistogramBucket> negative_buckets(const FloatHistogram& histogram);
// From the lowest bound to the highest, with the zero bucket where it has a count.
std::vector<HistogramBucket> all_buckets(const FloatHistogram& histogram);

}  // namespace hearth
