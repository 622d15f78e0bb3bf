#include "core/reserved_range.h"

#include <sys/mman.h>

#include <algorithm>
#include <new>

namespace hearth {

ReservedRange::ReservedRange(size_t most, size_t least) {
  for (size_ = most; size_ >= least; size_ /= 2) {
    void* const range = ::mmap(nullptr, size_, PROT_NONE,
                               MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (range == MAP_FAILED) continue;
    data_ = static_cast<char*>(range);
    return;
  }
  throw std::bad_alloc();
}

ReservedRange::~ReservedRange() { ::munmap(data_, size_); }

void ReservedRange::make_usable(size_t end) {
  constexpr size_t kStep = 4 << 20;  // a system call for so many bytes
  if (end <= usable_) return;
  const size_t wanted = std::min(size_, (end + kStep - 1) / kStep * kStep);
  if (::mprotect(data_ + usable_, wanted - usable_, PROT_READ | PROT_WRITE) != 0) {
    throw std::bad_alloc();
  }
  usable_ = wanted;
}

void ReservedRange::discard(size_t begin, size_t bytes) const {
  (void)::madvise(data_ + begin, bytes, MADV_DONTNEED);
}

}  // namespace hearth
