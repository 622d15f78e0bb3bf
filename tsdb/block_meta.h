// A block's meta.json.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "core/clock.h"
#include "tsdb/ulid.h"

namespace hearth::tsdb {

struct BlockStats {
  uint64_t samples = 0;
  uint64_t float_samples = 0;
  uint64_t histogram_samples = 0;
  uint64_t series = 0;
  uint64_t chunks = 0;
  uint64_t tombstones = 0;
};

// A block that went into a compaction.
struct BlockParent {
  Ulid ulid;
  TimeMs min_time = 0;
  TimeMs max_time = 0;
};

struct BlockMeta {
  Ulid ulid;
  TimeMs min_time = 0;  // half open: [min_time, max_time)
  TimeMs max_time = 0;
  BlockStats stats;

  int level = 1;
  std::vector<Ulid> sources;  // the level 1 blocks inside, sorted
  std::vector<BlockParent> parents;
  bool deletable = false;  // compacted into nothing
  bool failed = false;     // could not be compacted; not tried again
  std::vector<std::string> hints;  // "from-out-of-order", ...: where its samples come from

  // The file as it was read: keys that are not ours (Thanos') are written back from here.
  std::string original;
};

// Such a block need not have all samples of its time range: others may still be in the head.
inline constexpr std::string_view kFromOutOfOrder = "from-out-of-order";
bool is_from_out_of_order(const BlockMeta& meta);

// Throw Error(kCorrupt) for what is no meta.json of version 1; reading a file also Error(kIo).
BlockMeta parse_block_meta(std::string_view json);
BlockMeta read_block_meta(const std::string& block_dir);

// `indent`: tabs a level, -1 for one line.
std::string block_meta_json(const BlockMeta& meta, int indent = 1);
// Replaces the file in one step.
void write_block_meta(const std::string& block_dir, const BlockMeta& meta);

// The meta of a block made by merging these, without stats. Requires: blocks is not empty.
BlockMeta merged_meta(const Ulid& ulid, const std::vector<BlockMeta>& blocks);

// The meta of a block that takes the place of `block`, without what is deleted there, nor stats.
BlockMeta cleaned_meta(const Ulid& ulid, const BlockMeta& block);

}  // namespace hearth::tsdb
