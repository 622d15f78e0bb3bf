// Encodes columns anew as chunks: where a compaction merges or cuts samples instead of copying
// bytes.
#pragma once

#include <deque>
#include <vector>

#include "tsdb/chunk.h"
#include "tsdb/chunk_xor.h"

namespace hearth::tsdb {

// One thread.
class ChunkBuilder {
 public:
  static constexpr uint32_t kSamplesPerChunk = 120;

  void clear() { used_ = 0; }
  // Appends the chunks; they are valid until clear(). Throws Error(kExecution) for histograms,
  // whose chunks are only ever copied.
  void build(const Columns& columns, std::vector<ChunkView>& chunks);

 private:
  std::deque<XorEncoder> encoders_;  // reused; a deque keeps their bytes in place
  size_t used_ = 0;
};

}  // namespace hearth::tsdb
