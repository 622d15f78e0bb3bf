// Decodes XOR chunks together, sixteen at a time: what a sample's bits mean is known only when those
// before it are read, so that one chunk alone leaves most of a processor idle.
#pragma once

#include <span>

#include "tsdb/chunk.h"

namespace hearth::tsdb {

// Whether this processor can (AVX-512).
bool has_xor_run();

// With so many bytes behind a chunk that may be read all of it is decoded quickly.
inline constexpr size_t kXorRoom = 96;

// A chunk to be decoded.
struct XorJob {
  std::string_view bytes;
  size_t behind;   // bytes behind that may be read, whatever they are
  size_t samples;  // as xor_samples() says
  TimeMs* t;       // room for them
  double* v;
  bool good = true;
};

// How many samples the chunk says that it has; 0 where it is no XOR chunk or cannot have them.
size_t xor_samples(const ChunkView& chunk);

// Decodes all; those that are damaged are no good. Requires: has_xor_run(), samples > 0.
void decode_xor_jobs(std::span<XorJob> jobs);

// Of the chunks of one series: replaces `out` by the samples of these chunks that lie in the range. Returns false when that is
// not worth it, or not possible: few chunks, other encodings, chunks that overlap, that are
// damaged, a processor without AVX-512. Then `out` is of no use, and decode_chunk() does it, or
// tells why not.
bool decode_xor_run(std::span<const ChunkView> chunks, TimeRange range, Columns& out);

}  // namespace hearth::tsdb
