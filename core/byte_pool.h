// Small pieces of memory named by 32-bit handles: half of a pointer, and no header per piece.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "core/mutex.h"

namespace hearth {

// Pieces of one size class share slabs of 64 KiB; a slab without pieces goes back to the system.
// Larger pieces get slabs of their own. All slabs lie in one range of addresses, reserved at the
// start, so that a handle (it counts units of 16 bytes) is an offset, and no allocator keeps what was
// freed: 64 GiB at most, less where the process may not reserve so many addresses. Thread-safe; at()
// takes no lock.
class BytePool {
 public:
  using Handle = uint32_t;  // 0 names nothing

  BytePool();
  ~BytePool();
  BytePool(const BytePool&) = delete;
  BytePool& operator=(const BytePool&) = delete;

  // Uninitialised, aligned to 16 bytes. Throws Error(kUnavailable) when the handles are used up.
  Handle allocate(size_t bytes);
  // Requires: nobody reads the piece any more.
  void free(Handle handle);
  // Valid until the piece is freed.
  char* at(Handle handle) const { return base_ + size_t{handle} * kUnit; }
  size_t capacity(Handle handle) const;  // at least what was asked for
  size_t bytes() const { return bytes_.load(std::memory_order_relaxed); }  // held from the system

 private:
  static constexpr size_t kUnit = 16;
  static constexpr size_t kSlabBytes = 64 << 10;
  static constexpr uint32_t kUnitsPerSlab = kSlabBytes / kUnit;
  static constexpr size_t kMaxSlabs = (uint64_t{1} << 32) / kUnitsPerSlab;
  static constexpr size_t kClasses = 20;
  struct SlabHeader;
  struct Class {
    Mutex mutex;
    uint32_t open GUARDED_BY(mutex) = kNoSlab;  // first of the slabs with room, linked
  };
  static constexpr uint32_t kNoSlab = 0xffffffff;

  SlabHeader& header(uint32_t slab) const;
  void make_usable(uint32_t end) REQUIRES(slabs_mutex_);
  uint32_t add_slabs(size_t bytes, uint32_t piece_bytes);
  void remove_slabs(uint32_t first);
  void link(Class& size_class, uint32_t slab) REQUIRES(size_class.mutex);
  void unlink(Class& size_class, uint32_t slab) REQUIRES(size_class.mutex);

  char* base_ = nullptr;
  uint32_t max_slabs_ = kMaxSlabs;
  std::array<Class, kClasses> classes_;
  Mutex slabs_mutex_;
  uint32_t next_slab_ GUARDED_BY(slabs_mutex_) = 0;
  uint32_t usable_slabs_ GUARDED_BY(slabs_mutex_) = 0;  // may be written
  std::vector<uint32_t> unused_slabs_ GUARDED_BY(slabs_mutex_);
  std::atomic<size_t> bytes_{0};
};

}  // namespace hearth
