// Series with their chunks, in label order: what a compaction reads, from the head or from a block.
#pragma once

#include <span>

#include "core/labels.h"
#include "tsdb/chunk.h"

namespace hearth::tsdb {

// Walks once over all series. What it returns is valid until the next call of next(). One thread.
class SeriesChunks {
 public:
  virtual ~SeriesChunks() = default;
  virtual bool next() = 0;  // to the next series; false at the end
  virtual LabelsView labels() const = 0;
  virtual std::span<const ChunkView> chunks() const = 0;  // by min_time; may overlap
};

}  // namespace hearth::tsdb
