// Memory that the system may keep on disk: pages of a file without a name, mapped. It vanishes with the
// process; what must survive is written elsewhere.
#pragma once

#include <cstddef>
#include <memory>
#include <string>

namespace hearth {

// Pages of one size, by number. Where the disk cannot hold a page (it is full, or the file system has no
// unnamed files), the page is ordinary memory. Thread-safe for different pages.
class SpillMemory {
 public:
  // Requires: dir is there; pages are numbered below `pages`.
  SpillMemory(const std::string& dir, size_t page_bytes, size_t pages);
  ~SpillMemory();  // Requires: all pages are freed
  SpillMemory(const SpillMemory&) = delete;
  SpillMemory& operator=(const SpillMemory&) = delete;

  // Its bytes are undefined. Throws std::bad_alloc.
  char* allocate(size_t page);
  // The page will not be written any more: it need not stay resident. Its bytes stay as they are.
  void settle(size_t page, char* bytes);
  void free(size_t page, char* bytes);

 private:
  const size_t page_bytes_;
  const int fd_;                             // -1: there is no file
  const std::unique_ptr<bool[]> on_disk_;  // by page
};

}  // namespace hearth
