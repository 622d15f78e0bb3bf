// Which blocks to merge next: Prometheus' levelled plan, as a function of the blocks there are.
#pragma once

#include <vector>

#include "tsdb/block_meta.h"

namespace hearth::tsdb {

// The spans of blocks by level: smallest, then three times the one before, ten at most and none
// above `largest`.
std::vector<DurationMs> block_ranges(DurationMs smallest, DurationMs largest);

// The blocks to merge into one, in order of time; empty when there is nothing to do. First those
// that overlap, where that is wanted; then the smallest span that is complete or in the past and
// holds more than one block, never counting the newest block; then a large block of which more than
// 5 % is deleted, or any of which all is.
std::vector<Ulid> plan_compaction(std::vector<BlockMeta> blocks,
                                  const std::vector<DurationMs>& ranges,
                                  bool merge_overlapping = true);

}  // namespace hearth::tsdb
