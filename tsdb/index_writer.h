// Writes a block's index, version 2. Symbols stand before the series that use them, so series are
// first spilled to a file beside it, with numbers in place of labels, and written at the end.
#pragma once

#include <memory>
#include <span>
#include <string>

#include "core/labels.h"
#include "tsdb/index_format.h"

namespace hearth::tsdb {

// Holds in memory the distinct label pairs and, while finish() runs, 4 bytes per series and as much
// again, at least 16 MiB, for lists of series. One thread.
class IndexWriter {
 public:
  explicit IndexWriter(std::string path);
  ~IndexWriter();  // an unfinished index is no index: the caller removes its directory

  // Throws Error(kCorrupt) unless the labels sort after those of the series before.
  void add_series(LabelsView labels, std::span<const ChunkMeta> chunks);

  // Writes the file; does not sync it.
  void finish();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace hearth::tsdb
