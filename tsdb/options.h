// What the storage can be told. Plain numbers: tsdb reads no configuration itself.
#pragma once

#include <cstddef>
#include <cstdint>

#include "core/clock.h"

namespace hearth::tsdb {

enum class WalCompression { kNone, kSnappy, kZstd };

struct Options {
  DurationMs retention = 15LL * 24 * 3'600'000;        // by time; 0 = for ever
  uint64_t retention_bytes = 0;                        // by size; 0 = none
  DurationMs min_block_duration = 2LL * 3'600'000;     // also the head's chunk range
  DurationMs max_block_duration = 0;                   // 0 = min(31 d, retention / 10)
  size_t wal_segment_bytes = 128u << 20;
  WalCompression wal_compression = WalCompression::kSnappy;
  size_t samples_per_chunk = 120;
  bool use_lockfile = true;
};

}  // namespace hearth::tsdb
