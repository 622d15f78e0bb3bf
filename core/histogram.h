// Native histograms with float counts: exponential buckets (schema -4..8) or custom bounds (schema
// -53). Layout: https://prometheus.io/docs/specs/native_histograms/ .
#pragma once

#include <cstdint>
#include <vector>

namespace hearth {

// `length` consecutive buckets, `offset` buckets after the end of the span before (the first: after 0).
struct HistogramSpan {
  int32_t offset = 0;
  uint32_t length = 0;
  bool operator==(const HistogramSpan&) const = default;
};

enum class CounterResetHint : uint8_t { kUnknown, kReset, kNotReset, kGauge };

inline constexpr int32_t kCustomBucketsSchema = -53;
inline constexpr int64_t kMaxBucketIndex = (int64_t{1} << 30) - 1;  // both ways; no double needs it

// Buckets hold absolute counts, in the order of the spans.
struct FloatHistogram {
  bool integer = false;  // all counts are whole numbers, as observed: stored in integer chunks
  CounterResetHint counter_reset_hint = CounterResetHint::kUnknown;
  int32_t schema = 0;
  double zero_threshold = 0;
  double zero_count = 0;
  double count = 0;
  double sum = 0;
  std::vector<HistogramSpan> positive_spans, negative_spans;
  std::vector<double> positive_buckets, negative_buckets;
  std::vector<double> custom_values;  // upper bounds, for kCustomBucketsSchema only
};

}  // namespace hearth
