// A new file that can be read as memory while it grows, also while the disk has no room for it.
#pragma once

#include <cstddef>
#include <string>

#include "core/file.h"

namespace hearth {

// Bytes begin as ordinary memory. Once they are in the file, whole pages of them become a mapping
// of it, at the same address: they need not stay resident, and readers notice nothing. As the file
// is never written through a mapping, a full disk is an Error and not a signal. Two threads may
// work on it at once: one that grows it, one that writes it out.
class GrowingFile {
 public:
  // Reserves addresses; touches no disk. Throws std::bad_alloc.
  GrowingFile(std::string path, size_t capacity);
  ~GrowingFile();  // the file stays
  GrowingFile(const GrowingFile&) = delete;
  GrowingFile& operator=(const GrowingFile&) = delete;

  const std::string& path() const { return path_; }
  // Never moves. What has been extended may be read by any thread that is told of it.
  const char* data() const { return data_; }

  // ---- who grows it
  // Room for `count` more bytes, to be filled at once. Requires: size() + count <= capacity. Throws
  // std::bad_alloc.
  char* extend(size_t count);
  size_t size() const { return size_; }

  // ---- who writes it out
  // The bytes before `end` are in the file afterwards; they must not change any more. The first 24
  // of the new ones are written last: until then, the file has zeros there. Throws Error(kIo); then
  // nothing is lost, and it may be tried again.
  void write_out(size_t end);
  void sync();
  void finish();  // syncs and closes
  bool is_made() const { return written_ > 0; }

 private:
  void map_written();

  const std::string path_;
  const size_t capacity_;
  char* const data_;
  size_t size_ = 0;
  size_t writable_ = 0;  // bytes that have memory
  File file_;
  size_t written_ = 0;
  size_t mapped_ = 0;  // bytes that the file backs
};

}  // namespace hearth
