// The bytes of a file of chunks_head/ (docs/formats/head_chunks.md).
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "core/clock.h"
#include "tsdb/encoding.h"

namespace hearth::tsdb {

inline constexpr size_t kHeadChunkFileBytes = 128u << 20;  // at most
inline constexpr size_t kHeadChunkHeaderBytes = 8;         // of a file

// One chunk as a file has it.
struct HeadChunk {
  uint64_t series = 0;  // its ref in the log
  TimeMs min_time = 0;
  TimeMs max_time = 0;
  Encoding encoding = Encoding::kXor;
  bool out_of_order = false;
  std::string_view bytes;  // the payload
};

std::string head_chunk_file_header();

// Replaces `out` by the chunk's bytes in a file.
void encode_head_chunk(const HeadChunk& chunk, std::string& out);

// The chunk that begins at `offset`. Throws Error(kCorrupt) where there is none or its checksum is
// wrong. Its bytes are those of `file`.
HeadChunk read_head_chunk(std::string_view file, size_t offset);

// Takes a file, of any origin, apart into its chunks. The bytes must outlive it. One thread.
class HeadChunkFileReader {
 public:
  enum class Outcome { kChunk, kEnd, kCorrupt };

  explicit HeadChunkFileReader(std::string_view file) : file_(file) {}

  // After kCorrupt, error() says what is wrong; nothing more can be read then. Zeros where a chunk
  // could begin are the end: the room after it was not used.
  Outcome next();
  const HeadChunk& chunk() const { return chunk_; }
  size_t offset() const { return offset_; }  // where the chunk begins
  const std::string& error() const { return error_; }

 private:
  std::string_view file_;
  size_t offset_ = 0;
  size_t next_ = 0;
  HeadChunk chunk_;
  std::string error_;
};

// A file that was about to be made when the process ended: it holds nothing.
bool is_unfinished_head_chunk_file(std::string_view file);

}  // namespace hearth::tsdb
