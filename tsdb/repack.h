// Small chunks of a series made into larger ones: fewer bytes, fewer chunks to find.
#pragma once

#include <memory>

#include "tsdb/series_chunks.h"

namespace hearth::tsdb {

inline constexpr size_t kRepackedChunkBytes = 4096;  // at most, of payload

// Joins neighbouring chunks of floats of the same encoding while they hold at most `samples` and
// kRepackedChunkBytes together; a chunk is never split, and one without a neighbour to join stays as
// it is. Requires: the chunks of a series do not overlap.
std::unique_ptr<SeriesChunks> repack(std::unique_ptr<SeriesChunks> series, size_t samples);

}  // namespace hearth::tsdb
