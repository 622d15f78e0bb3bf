// Memory for arrays that may become large.
#pragma once

#include <cstddef>

namespace hearth {

// Large ones get a mapping of their own: freed, they go back to the system at once, and the room
// that an array grows into is no memory yet. Throws std::bad_alloc.
void* allocate_large(size_t bytes);
void free_large(void* memory, size_t bytes);  // as many as were asked for

// For containers.
template <class T>
struct LargeAllocator {
  using value_type = T;
  LargeAllocator() = default;
  template <class U>
  LargeAllocator(const LargeAllocator<U>&) {}
  T* allocate(size_t count) { return static_cast<T*>(allocate_large(count * sizeof(T))); }
  void deallocate(T* memory, size_t count) { free_large(memory, count * sizeof(T)); }
  bool operator==(const LargeAllocator&) const { return true; }
};

}  // namespace hearth
