// Encodes columns anew as chunks: where a compaction merges or cuts samples instead of copying
// bytes.
#pragma once

#include <deque>
#include <limits>
#include <string>
#include <vector>

#include "tsdb/chunk.h"
#include "tsdb/chunk_histogram.h"
#include "tsdb/chunk_xor.h"
#include "tsdb/chunk_xor2.h"

namespace hearth::tsdb {

// When a chunk is full.
struct ChunkLimits {
  size_t samples = 120;  // at most kMaxHistogramStSamples
  size_t bytes =
      std::numeric_limits<size_t>::max();  // of payload; the sample that reaches it is in
};

// One thread.
class ChunkBuilder {
 public:
  // `floats`: kXor or kXor2. Floats with start times become XOR2 in either case, histograms with
  // start times the encodings that have them.
  explicit ChunkBuilder(ChunkLimits limits = {}, Encoding floats = Encoding::kXor)
      : limits_(limits), floats_(floats) {}

  void clear() { used_ = 0; }
  // Appends the chunks, in the order of time; they are valid until clear().
  void build(const Columns& columns, std::vector<ChunkView>& chunks);

 private:
  // Of the samples from `from` to the one before `to`.
  void build_floats(const Columns& columns, size_t from, size_t to, std::vector<ChunkView>& chunks);
  void build_histograms(const Columns& columns, size_t from, size_t to,
                        std::vector<ChunkView>& chunks);
  bool is_full(size_t samples, std::string_view bytes) const {
    return samples >= limits_.samples || bytes.size() >= limits_.bytes;
  }
  std::string_view keep(std::string_view bytes);

  const ChunkLimits limits_;
  const Encoding floats_;
  XorEncoder xor_;
  Xor2Encoder xor2_;
  std::deque<std::string> payloads_;  // reused; a deque keeps them in place
  size_t used_ = 0;
};

}  // namespace hearth::tsdb
