// A file written front to back that consists of checksummed sections, as a block's index does:
// [length u32][content][CRC-32C of the content].
#pragma once

#include <string>

#include "core/bytes.h"
#include "core/file.h"

namespace hearth::tsdb {

// One thread.
class SectionFile {
 public:
  explicit SectionFile(std::string path) : file_(std::move(path), File::Mode::kCreate) {}

  // What is appended here is written; flush_if_large() now and then keeps it small.
  ByteWriter out() { return ByteWriter(buffer_); }
  uint64_t position() const { return flushed_ + buffer_.size(); }
  void flush_if_large() {
    if (buffer_.size() >= kBufferBytes) flush();
  }

  void begin_section();
  void end_section();            // Throws Error(kIo) for a section of more than 4 GiB
  void pad(uint64_t alignment);  // Requires: no section is open
  void close();

 private:
  static constexpr size_t kBufferBytes = 1 << 20;
  void flush();
  void checksum();

  File file_;
  std::string buffer_;
  uint64_t flushed_ = 0;
  uint64_t section_ = 0;    // where the open section's length stands; 0 = none is open
  size_t checksummed_ = 0;  // of the buffer
  uint32_t crc_ = 0;
};

}  // namespace hearth::tsdb
