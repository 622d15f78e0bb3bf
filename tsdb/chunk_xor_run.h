// Decodes the XOR chunks of one series together, eight at a time: what a sample's bits mean is
// known only when those before it are read, so that one chunk alone leaves most of a processor
// idle.
#pragma once

#include <span>

#include "tsdb/chunk.h"

namespace hearth::tsdb {

// Replaces `out` by the samples of these chunks that lie in the range. Returns false when that is
// not worth it, or not possible: few chunks, other encodings, chunks that overlap, that are
// damaged, a processor without AVX-512. Then `out` is of no use, and decode_chunk() does it, or
// tells why not.
bool decode_xor_run(std::span<const ChunkView> chunks, TimeRange range, Columns& out);

}  // namespace hearth::tsdb
