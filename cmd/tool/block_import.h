// Samples of any order of series and time -> blocks of two hours. Chunks are built as samples come
// and wait in one spill file; at the end each block gathers its own.
#pragma once

#include <deque>
#include <functional>
#include <string>
#include <vector>

#include "cmd/tool/block_table.h"
#include "core/file.h"
#include "core/labels.h"
#include "tsdb/chunk_builder.h"
#include "tsdb/chunk_xor.h"
#include "tsdb/compact.h"

namespace hearth {

inline constexpr DurationMs kImportBlock = 2 * 3'600'000;

// Memory: 64 bytes and the labels for each series, up to 128 MiB of open chunks, 40 bytes for each
// chunk that is finished. Whatever was made vanishes with it unless finish() came to its end. One
// thread.
class BlockImport {
 public:
  // `dir` is made where it is not there.
  explicit BlockImport(std::string dir);
  ~BlockImport();

  uint32_t add_series(Labels labels);  // its number: 0, 1, ...
  size_t series() const { return series_.size(); }

  // A sample that is not newer than the last one of its series in the same two hours is left out.
  void append(uint32_t series, TimeMs t, double v) {
    Series& one = series_[series];
    if (t > one.last && t < one.block_end && one.open != nullptr &&
        one.open->encoder.samples() < kFull) {
      one.open->encoder.append(t, v);
      one.last = t;
      ++stored_;
    } else {
      append_slowly(series, t, v);
    }
  }
  // Bring what append() will touch into the cache, one after the other: what each finds in memory
  // says where the next looks.
  void expect(uint32_t series) const { __builtin_prefetch(&series_[series].last); }
  void expect_chunk(uint32_t series) const {
    if (series_[series].open != nullptr) __builtin_prefetch(series_[series].open);
  }
  void expect_end(uint32_t series) const {
    if (series_[series].open == nullptr) return;
    const std::string_view bytes = series_[series].open->encoder.bytes();
    __builtin_prefetch(bytes.data() + bytes.size());
  }

  // Samples and native histograms of one series, in the order of time and of the same two hours.
  // Those that are not newer than the last one there are left out.
  void append_all(uint32_t series, const Columns& samples);
  uint64_t stored() const { return stored_; }
  uint64_t left_out() const { return left_out_; }

  // Calls `made` for each block, oldest first, when it is there.
  void finish(const std::function<void(const BlockLine&)>& made);

 private:
  static constexpr uint32_t kFull = 120;
  struct Open {
    tsdb::XorEncoder encoder;
    TimeMs first = 0;
  };
  struct Series {
    Labels labels;
    TimeMs last = INT64_MIN, block_end = INT64_MIN;  // of the open chunk
    Open* open = nullptr;
    uint32_t newest_chunk = 0;  // its number + 1, 0: none; chunks of a series are a list
  };
  struct Chunk {
    uint64_t offset;  // in the spill file
    TimeMs min;
    uint32_t span, bytes;
    uint32_t series, before;  // before: number + 1 of the series' chunk before
    tsdb::Encoding encoding;
  };
  class BlockChunks;

  void append_slowly(uint32_t series, TimeMs t, double v);
  bool is_late(const Series& series, TimeMs t) const;
  void close(Series& series);
  void keep(uint32_t series, const tsdb::ChunkView& chunk);
  void close_all();
  void spill(std::string_view bytes);

  const std::string dir_;
  std::string spill_path_;
  File spill_;
  std::string pending_;  // not yet in the spill file
  uint64_t spilled_ = 0;
  std::vector<Series> series_;
  std::vector<Chunk> chunks_;
  std::deque<Open> pool_;  // all that were ever made
  std::vector<Open*> free_;
  tsdb::ChunkBuilder builder_;
  uint64_t stored_ = 0, left_out_ = 0;
  std::vector<std::string> made_;
  bool finished_ = false;
};

}  // namespace hearth
