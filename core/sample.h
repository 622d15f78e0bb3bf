// Samples and what hangs on them.
#pragma once

#include <bit>
#include <cstdint>
#include <string>

#include "core/clock.h"
#include "core/labels.h"

namespace hearth {

// The stale marker: a NaN with this exact pattern says that a series has ended.
inline constexpr uint64_t kStaleBits = 0x7ff0000000000002;
inline constexpr uint64_t kNormalNanBits = 0x7ff8000000000001;
inline double stale_marker() { return std::bit_cast<double>(kStaleBits); }
inline double normal_nan() { return std::bit_cast<double>(kNormalNanBits); }
inline bool is_stale(double value) { return std::bit_cast<uint64_t>(value) == kStaleBits; }

struct Sample {
  TimeMs t;
  double v;
};

struct Exemplar {
  Labels labels;
  double value = 0;
  TimeMs t = 0;
  bool has_time = false;
};

enum class MetricType : uint8_t {
  kUnknown, kCounter, kGauge, kHistogram, kGaugeHistogram, kSummary, kInfo, kStateSet
};
std::string_view metric_type_name(MetricType type);  // "counter", ...

struct Metadata {
  MetricType type = MetricType::kUnknown;
  std::string unit;
  std::string help;
  bool operator==(const Metadata&) const = default;
};

}  // namespace hearth
