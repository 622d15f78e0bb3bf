// Writing blocks: from the head, or by merging blocks that exist.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>

#include "tsdb/block.h"
#include "tsdb/series_chunks.h"

namespace hearth::tsdb {

inline constexpr std::string_view kCreationSuffix = ".tmp-for-creation";
inline constexpr std::string_view kDeletionSuffix = ".tmp-for-deletion";

// What was written, for metrics.
struct ChunkWritten {
  size_t bytes;
  size_t samples;
  DurationMs span;
};
using OnChunk = std::function<void(const ChunkWritten&)>;

struct BlockFormat {
  uint64_t segment_bytes = kChunkSegmentBytes;  // of the files with chunks, at most
  size_t repack_samples = 0;  // merging joins chunks up to so many samples; 0: as they came
};

// Writes the series as block `meta.ulid` of `dir` and makes it visible in one step; meta.stats is
// filled in. Returns false when there is no sample at all: then nothing is left on the disk. When
// it throws, nothing is left either.
bool write_block(const std::string& dir, SeriesChunks& series, BlockMeta meta,
                 const OnChunk& on_chunk = {}, const BlockFormat& format = {});

// Writes the block anew as `ulid`, without what is deleted in it; false as above. It stays.
bool clean_block(const std::string& dir, const Block& block, const Ulid& ulid,
                 const BlockFormat& format = {});

// Merges blocks into a new one named `ulid`; false as above. The sources stay.
bool merge_blocks(const std::string& dir, std::span<const std::shared_ptr<const Block>> sources,
                  const Ulid& ulid, const BlockFormat& format = {});

}  // namespace hearth::tsdb
