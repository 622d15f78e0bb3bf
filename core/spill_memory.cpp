#include "core/spill_memory.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <new>

namespace hearth {

SpillMemory::SpillMemory(const std::string& dir, size_t page_bytes, size_t pages)
    : page_bytes_(page_bytes),
      fd_(::open(dir.c_str(), O_TMPFILE | O_RDWR | O_CLOEXEC, 0600)),
      on_disk_(std::make_unique<bool[]>(pages)) {}

SpillMemory::~SpillMemory() {
  if (fd_ >= 0) ::close(fd_);
}

char* SpillMemory::allocate(size_t page) {
  const auto offset = static_cast<off_t>(page * page_bytes_);
  const auto length = static_cast<off_t>(page_bytes_);
  // Room is taken before the page is written: a write to a mapped hole of a full disk kills the process.
  const bool on_disk = fd_ >= 0 && ::posix_fallocate(fd_, offset, length) == 0;
  void* const bytes = on_disk ? ::mmap(nullptr, page_bytes_, PROT_READ | PROT_WRITE, MAP_SHARED, fd_, offset)
                              : ::mmap(nullptr, page_bytes_, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (bytes == MAP_FAILED) throw std::bad_alloc();
  on_disk_[page] = on_disk;
  return static_cast<char*>(bytes);
}

void SpillMemory::settle(size_t page, char* bytes) {
  // Of a shared file mapping this drops our view, not the bytes: they come back from the file's cache.
  if (on_disk_[page]) (void)::madvise(bytes, page_bytes_, MADV_DONTNEED);
}

void SpillMemory::free(size_t page, char* bytes) {
  ::munmap(bytes, page_bytes_);
  if (!on_disk_[page]) return;
  // Gives the room on disk back. Where that is not supported, the next page of this number reuses it.
  (void)::fallocate(fd_, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, static_cast<off_t>(page * page_bytes_),
                    static_cast<off_t>(page_bytes_));
}

}  // namespace hearth
