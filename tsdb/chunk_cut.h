// When the head begins a new chunk: Prometheus' rules, as pure functions.
#pragma once

#include <cmath>
#include <cstdint>

#include "core/clock.h"
#include "tsdb/chunk_xor.h"

namespace hearth::tsdb {

// An open chunk larger than this is cut before its next sample: 1024 bytes, less one largest
// sample.
inline constexpr size_t kMaxOpenChunkBytes = 1024 - kMaxXorSampleBytes;

// Chunks of histograms aim at a size, but hold some samples however large those are, and stay within
// what any range of time can hold.
inline constexpr size_t kHistogramChunkBytes = 1024;
inline constexpr uint32_t kMinHistogramSamples = 10;

// The end of the aligned range of `width` that holds t. (Saturates; divides towards zero, as Go.)
inline TimeMs range_end(TimeMs t, DurationMs width) {
  const TimeMs start = t / width * width;
  return start > kMaxTime - width ? kMaxTime : start + width;
}

// Where a chunk that began at `start` and, 1/ratio full, has come to `newest` should end, so that the
// chunks up to `end` become equally long.
inline TimeMs predicted_end(TimeMs start, TimeMs newest, TimeMs end, double ratio = 4) {
  const double n =
      static_cast<double>(end - start) / (static_cast<double>(newest - start + 1) * ratio);
  if (n <= 1) return end;
  return static_cast<TimeMs>(static_cast<double>(start) +
                             static_cast<double>(end - start) / std::floor(n));
}

}  // namespace hearth::tsdb
