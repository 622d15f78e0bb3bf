// Sixteen XOR chunks in step: each is one lane of two vectors of 64-bit numbers, whose computations
// do not wait for each other. For chunk_xor_run.cpp.
#pragma once

#include <algorithm>
#include <cstdint>
#include <span>

#include "core/clock.h"

namespace hearth::tsdb {

inline constexpr size_t kXorLanes = 16;

// A chunk that is being decoded; its first sample has been. One thread.
struct XorLane {
  const uint8_t* bytes = nullptr;  // after the first sample's
  uint64_t size = 0;
  uint64_t readable = 0;  // bytes, with those behind the chunk's own
  uint64_t bit = 0;       // the next one
  uint64_t time = 0, delta = 0, value = 0;
  uint64_t significant = 64, trail = 0;
  uint64_t left = 0;    // samples
  bool second = false;  // the next one is the second: its time is known, only its value is to come
  TimeMs* t = nullptr;  // where the next sample goes
  double* v = nullptr;

  // A step looks at so many bytes.
  static constexpr uint64_t kLookAhead = 16;
  uint64_t last_bit() const {
    return readable < kLookAhead ? 0 : std::min(size, readable - kLookAhead) * 8;
  }
  // Before it eight samples may be read without a look at where they end.
  uint64_t free_bit() const {
    constexpr uint64_t kWidest = 14 + 64;  // bits of a sample; of eight as many bytes
    return readable < kWidest + kLookAhead ? 0
                                           : std::min(size, readable - kWidest - kLookAhead) * 8;
  }
  bool can_go_on() const { return left != 0 && bit < last_bit(); }
};

// Whether this processor can do it (AVX-512).
bool has_xor_lanes();

// Decodes one sample of each lane after another, until there are lanes that cannot go on or whose
// next sample is unusual; returns which, as bits. A damaged lane may go a sample beyond its end.
// Requires: has_xor_lanes(), 1 to 16 lanes with samples left; all of them or none at their second.
uint32_t step_lanes(std::span<XorLane> lanes);

}  // namespace hearth::tsdb
