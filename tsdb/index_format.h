// What the writer and the reader of a block's index share (docs/formats/block.md).
#pragma once

#include <cstddef>
#include <cstdint>

#include "core/clock.h"

namespace hearth::tsdb {

inline constexpr uint32_t kIndexMagic = 0xBAAAD700;
inline constexpr size_t kIndexTocBytes = 6 * 8 + 4;
inline constexpr size_t kSeriesAlignment = 16;  // version 2: a series' ref is its offset / 16

// One chunk of a series as the index has it. `ref` = segment << 32 | offset in the segment.
struct ChunkMeta {
  uint64_t ref = 0;
  TimeMs min_time = 0;
  TimeMs max_time = 0;  // both inclusive
};

}  // namespace hearth::tsdb
