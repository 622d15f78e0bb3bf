// Compressed runs of samples of one series. The bytes are Prometheus' (docs/formats/chunks.md).
#pragma once

#include <cstdint>
#include <string_view>

#include "core/clock.h"
#include "core/storage.h"
#include "tsdb/encoding.h"

namespace hearth::tsdb {

// One chunk: its payload (as in a chunk file, without length, encoding and CRC) and what is known of
// it. min_time and max_time are those of its first and last sample.
struct ChunkView {
  TimeMs min_time = 0;
  TimeMs max_time = 0;
  Encoding encoding = Encoding::kXor;
  std::string_view bytes;
};

// Number of samples, from the payload's head. Throws Error(kCorrupt) for a payload too short.
size_t chunk_samples(Encoding encoding, std::string_view bytes);

// Appends the samples within `range` to `out`, counter reset hints as Prometheus' iterators give them.
// Throws Error(kCorrupt) where the payload ends early or the encoding is unknown, Error(kExecution)
// for intact histograms of a schema that is unknown. Never reads past the end of `bytes`.
void decode_chunk(Encoding encoding, std::string_view bytes, TimeRange range, Columns& out);

}  // namespace hearth::tsdb
