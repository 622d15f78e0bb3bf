// The kinds of chunks.
#pragma once

#include <cstdint>

namespace hearth::tsdb {

// The numbers stand in files. Readers refuse any other.
enum class Encoding : uint8_t {
  kNone = 0,
  kXor = 1,
  kHistogram = 2,
  kFloatHistogram = 3,
  kXor2 = 4,
  kHistogramSt = 5,       // with start timestamps, as is the next
  kFloatHistogramSt = 6
};

inline bool holds_floats(Encoding encoding) {
  return encoding == Encoding::kXor || encoding == Encoding::kXor2;
}

inline bool holds_start_times_of_histograms(Encoding encoding) {
  return encoding == Encoding::kHistogramSt || encoding == Encoding::kFloatHistogramSt;
}

}  // namespace hearth::tsdb
