#include "core/large_memory.h"

#include <sys/mman.h>

#include <cstdlib>
#include <new>

namespace hearth {
namespace {

constexpr size_t kMappedBytes = 128 << 10;  // from here on

}  // namespace

void* allocate_large(size_t bytes) {
  if (bytes < kMappedBytes) {
    void* const memory = std::malloc(bytes);
    if (memory == nullptr) throw std::bad_alloc();
    return memory;
  }
  void* const memory =
      ::mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED) throw std::bad_alloc();
  return memory;
}

void free_large(void* memory, size_t bytes) {
  if (bytes < kMappedBytes) {
    std::free(memory);
  } else {
    ::munmap(memory, bytes);
  }
}

}  // namespace hearth
