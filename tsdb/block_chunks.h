// The chunk files of a block: chunks/000001, 000002, ... (docs/formats/chunks.md).
#pragma once

#include <string>
#include <vector>

#include "core/file.h"
#include "tsdb/chunk.h"

namespace hearth::tsdb {

inline constexpr uint64_t kChunkSegmentBytes = 512ull << 20;

// Appends chunks, beginning a new file before one would exceed segment_bytes. One thread.
class BlockChunksWriter {
 public:
  // Makes `dir`.
  explicit BlockChunksWriter(std::string dir, uint64_t segment_bytes = kChunkSegmentBytes);

  // Returns the ref that the index keeps.
  uint64_t write(Encoding encoding, std::string_view bytes);
  void finish();  // does not sync

 private:
  void next_segment();
  void flush();

  const std::string dir_;
  const uint64_t segment_bytes_;
  uint64_t segments_ = 0;
  File file_;
  std::string buffer_;
  uint64_t flushed_ = 0;      // of the open segment
  uint64_t written_back_ = 0;  // likewise
};

// Finds chunks in the mapped files. A file that breaks the format gives Error(kCorrupt), here or in
// chunk(). Immutable; thread-safe.
class BlockChunksReader {
 public:
  explicit BlockChunksReader(const std::string& dir);

  struct Chunk {
    Encoding encoding;
    std::string_view bytes;  // lives as long as the reader
  };
  // Throws Error(kCorrupt) for a ref that leads nowhere, a checksum that is wrong and an encoding
  // that nobody knows.
  Chunk chunk(uint64_t ref) const;
  // Begins to fetch the chunk, for a chunk() that follows.
  void prefetch(uint64_t ref) const;
  // How many bytes of the file stand behind a chunk's.
  size_t readable_behind(uint64_t ref, std::string_view chunk) const;
  uint64_t bytes() const;
  bool lost_pages() const;
  // Takes what lies between two refs of one segment out of memory, where it was read once.
  void forget(uint64_t from, uint64_t to) const;
  void forget_pages() const;  // all of them

 private:
  const std::string dir_;
  std::vector<MappedFile> segments_;
};

}  // namespace hearth::tsdb
