// Which blocks to delete: a function of the blocks there are.
#pragma once

#include <vector>

#include "tsdb/block_meta.h"
#include "tsdb/options.h"

namespace hearth::tsdb {

struct BlockSize {
  Ulid ulid;
  TimeMs max_time;
  uint64_t bytes;
};

// Blocks that end `retention` or more before the newest one does. 0 = none.
std::vector<Ulid> beyond_time(std::vector<BlockSize> blocks, DurationMs retention);

// The bytes that may be used on a file system of this size (0: not known). 0 = no limit.
uint64_t size_limit(const RetentionLimits& limits, uint64_t file_system_bytes);

// The oldest blocks that do not fit into `limit` beside the newer ones and `head_bytes`. 0 = none.
std::vector<Ulid> beyond_size(std::vector<BlockSize> blocks, uint64_t limit, uint64_t head_bytes);

}  // namespace hearth::tsdb
