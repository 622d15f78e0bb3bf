#include "core/histogram_buckets.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

namespace hearth {
namespace {

constexpr int32_t kMaxSchema = 8;

// 2^x as Go's portable math.Exp2 computes it, for 0 <= x <= 1: the bounds must have its bits.
double go_exp2(double x) {
  constexpr double kLn2High = 6.93147180369123816490e-01, kLn2Low = 1.90821492927058770002e-10;
  const int k = static_cast<int>(x + 0.5);
  const double t = x - k;
  const double high = t * kLn2High, low = -t * kLn2Low;
  const double r = high - low, square = r * r;
  const double c =
      r - square * (1.66666666666666657415e-01 +
                    square * (-2.77777777770155933842e-03 +
                              square * (6.61375632143793436117e-05 +
                                        square * (-1.65339022054652515390e-06 +
                                                  square * 4.13813679705723846039e-08))));
  return std::ldexp(1 - ((low - (r * c) / (2 - c)) - high), k);
}

using BoundTable = std::array<std::vector<double>, kMaxSchema + 1>;

// For each schema the bounds within [0.5, 1).
BoundTable make_bounds() {
  BoundTable table;
  for (size_t schema = 0; schema <= kMaxSchema; ++schema) {
    const double factor = go_exp2(std::ldexp(1.0, -static_cast<int>(schema)));
    std::vector<double>& bounds = table[schema];
    bounds.push_back(0.5);
    for (size_t i = 1; i < size_t{1} << schema; ++i) {
      // Every second bound is one of the schema below, which is more precise.
      bounds.push_back(i % 2 == 0 ? table[schema - 1][i / 2] : bounds.back() * factor);
    }
  }
  return table;
}

const std::vector<double>& bounds_of(int32_t schema) {
  static const BoundTable table = make_bounds();
  return table[static_cast<size_t>(schema)];
}

HistogramBucket exponential_bucket(const IndexedCount& c, int32_t schema) {
  const auto below = static_cast<int32_t>(static_cast<uint32_t>(c.index) - 1);  // may wrap
  return {exponential_bound(below, schema),
          exponential_bound(c.index, schema),
          false,
          true,
          c.count,
          c.index};
}

HistogramBucket custom_bucket(const IndexedCount& c, const std::vector<double>& bounds) {
  constexpr double kInf = std::numeric_limits<double>::infinity();
  const auto bound = [&](int64_t i) {
    if (i < 0) return -kInf;
    return i < static_cast<int64_t>(bounds.size()) ? bounds[static_cast<size_t>(i)] : kInf;
  };
  return {bound(int64_t{c.index} - 1), bound(c.index), c.index == 0, true, c.count, c.index};
}

}  // namespace

double exponential_bound(int32_t index, int32_t schema) {
  if (schema < 0) {
    const int exponent =
        static_cast<int>(std::clamp<int64_t>(int64_t{index} << -schema, -4096, 4096));
    return exponent == 1024 ? std::numeric_limits<double>::max() : std::ldexp(1.0, exponent);
  }
  const double fraction = bounds_of(schema)[static_cast<size_t>(index & ((1 << schema) - 1))];
  const int exponent = (index >> schema) + 1;
  if (fraction == 0.5 && exponent == 1025) return std::numeric_limits<double>::max();
  return std::ldexp(fraction, exponent);
}

std::vector<IndexedCount> indexed_counts(std::span<const HistogramSpan> spans,
                                         std::span<const double> buckets) {
  std::vector<IndexedCount> counts;
  counts.reserve(buckets.size());
  int64_t index = 0;
  for (const HistogramSpan& span : spans) {
    index += span.offset;
    for (uint32_t i = 0; i < span.length && counts.size() < buckets.size(); ++i, ++index) {
      counts.push_back({static_cast<int32_t>(index), buckets[counts.size()]});
    }
  }
  return counts;
}

void set_counts(std::span<const IndexedCount> counts, std::vector<HistogramSpan>& spans,
                std::vector<double>& buckets) {
  spans.clear();
  buckets.clear();
  int32_t next = 0;  // the index after the last bucket
  for (const IndexedCount& c : counts) {
    if (spans.empty() || c.index != next) spans.push_back({c.index - next, 0});
    ++spans.back().length;
    buckets.push_back(c.count);
    next = c.index + 1;
  }
}

std::vector<IndexedCount> at_lower_resolution(std::span<const IndexedCount> counts, int32_t steps) {
  std::vector<IndexedCount> merged;
  steps = std::min(steps, 31);  // then nothing is left of an index but its sign
  for (const IndexedCount& c : counts) {
    const int32_t index = ((c.index - 1) >> steps) + 1;
    if (merged.empty() || merged.back().index != index) {
      merged.push_back({index, c.count});
    } else {
      merged.back().count += c.count;
    }
  }
  return merged;
}

std::vector<HistogramBucket> positive_buckets(const FloatHistogram& h) {
  std::vector<HistogramBucket> buckets;
  for (const IndexedCount& c : indexed_counts(h.positive_spans, h.positive_buckets)) {
    buckets.push_back(h.schema == kCustomBucketsSchema ? custom_bucket(c, h.custom_values)
                                                       : exponential_bucket(c, h.schema));
  }
  return buckets;
}

std::vector<HistogramBucket> negative_buckets(const FloatHistogram& h) {
  std::vector<HistogramBucket> buckets;
  for (const IndexedCount& c : indexed_counts(h.negative_spans, h.negative_buckets)) {
    const HistogramBucket mirrored = exponential_bucket(c, h.schema);
    buckets.push_back({-mirrored.upper, -mirrored.lower, true, false, c.count, c.index});
  }
  return buckets;
}

std::vector<HistogramBucket> all_buckets(const FloatHistogram& h) {
  std::vector<HistogramBucket> buckets = negative_buckets(h);
  std::reverse(buckets.begin(), buckets.end());
  if (h.zero_count > 0) {
    buckets.push_back({-h.zero_threshold, h.zero_threshold, true, true, h.zero_count, 0});
  }
  const std::vector<HistogramBucket> positive = positive_buckets(h);
  buckets.insert(buckets.end(), positive.begin(), positive.end());
  return buckets;
}

}  // namespace hearth
