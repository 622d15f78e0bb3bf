// What the storage can be told. Plain numbers: tsdb reads no configuration itself.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

#include "core/clock.h"
#include "tsdb/encoding.h"

namespace hearth::tsdb {

enum class WalCompression { kNone, kSnappy, kZstd };

// What is kept; a limit that is 0 does not hold.
struct RetentionLimits {
  DurationMs time = 15LL * 24 * 3'600'000;
  uint64_t bytes = 0;
  double percentage = 0;  // of the file system's size; where it is set, `bytes` does not count
};

// What a reload of the configuration may change while the storage runs.
struct LiveOptions {
  DurationMs out_of_order_window = 0;  // 0: samples out of order are refused
  uint32_t max_exemplars = 0;          // 0: exemplars are not kept
  Encoding float_encoding = Encoding::kXor;  // or kXor2
};

struct Options {
  RetentionLimits retention;
  DurationMs min_block_duration = 2LL * 3'600'000;     // also the head's chunk range
  DurationMs max_block_duration = 0;                   // 0 = min(31 d, retention / 10)
  size_t wal_segment_bytes = 128u << 20;
  WalCompression wal_compression = WalCompression::kSnappy;
  size_t samples_per_chunk = 120;
  bool use_lockfile = true;

  DurationMs wal_sync = 1'000;      // longest time that a power cut may cost; 0 = at segment ends only
  bool snapshot_on_shutdown = true;
  bool replay_in_background = false;  // the constructor does not wait for the log
  bool allow_overlapping_compaction = true;
  DurationMs compaction_delay = 0;  // how long the head waits to be written once it may be
  uint64_t chunk_segment_bytes = 512ull << 20;  // of the files with a block's chunks
  std::string delay_compact_file;   // blocks of level 1 are merged only when it lists them; "" = no file
  size_t repack_samples = 480;      // per chunk, in blocks of level 2 and more; 0 = as they came
  LiveOptions live;                 // at first
  uint64_t max_memory = 0;          // bytes; beyond it no new series are admitted; 0 = no limit
};

}  // namespace hearth::tsdb
