// Small pieces of memory named by 32-bit handles: half of a pointer, and no header per piece.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "core/mutex.h"
#include "core/reserved_range.h"

namespace hearth {

// Pieces of one size class share slabs of 64 KiB; a slab without pieces goes back to the system, and
// so those that are soon given up for a larger one do not lie among those that stay. Larger pieces
// get slabs of their own. All slabs lie in one range of addresses, reserved at the
// start, so that a handle (it counts units of 16 bytes) is an offset, and no allocator keeps what was
// freed: 64 GiB at most, less where the process may not reserve so many addresses. Thread-safe; at()
// takes no lock.
class BytePool {
 public:
  using Handle = uint32_t;  // 0 names nothing
  enum class Lifetime : uint8_t { kLong, kShort };
  static constexpr size_t kMaxShared = 1040;  // larger pieces get slabs of their own

  BytePool();
  BytePool(const BytePool&) = delete;
  BytePool& operator=(const BytePool&) = delete;

  // Uninitialised, aligned to 16 bytes. Throws Error(kUnavailable) when the handles are used up.
  Handle allocate(size_t bytes, Lifetime lifetime = Lifetime::kLong);
  // Requires: nobody reads the piece any more.
  void free(Handle handle);
  // Valid until the piece is freed.
  char* at(Handle handle) const { return base_ + size_t{handle} * kUnit; }
  // Of a piece that lies at `piece`.
  Handle handle(const char* piece) const {
    return static_cast<Handle>(static_cast<size_t>(piece - base_) / kUnit);
  }
  size_t capacity(Handle handle) const;  // at least what was asked for
  size_t bytes() const { return bytes_.load(std::memory_order_relaxed); }  // held from the system

 private:
  static constexpr size_t kUnit = 16;
  static constexpr size_t kSlabBytes = 64 << 10;
  static constexpr uint32_t kUnitsPerSlab = kSlabBytes / kUnit;
  static constexpr size_t kSpareSlabs = 8;
  static constexpr size_t kMaxSlabs = (uint64_t{1} << 32) / kUnitsPerSlab;
  static constexpr size_t kClasses = 20;
  struct SlabHeader;
  struct alignas(64) Class {
    ByteLock lock;
    uint32_t open GUARDED_BY(lock) = kNoSlab;  // first of the slabs with room, linked
  };
  static constexpr uint32_t kNoSlab = 0xffffffff;

  SlabHeader& header(uint32_t slab) const;
  uint32_t take_slabs(uint32_t count);
  uint32_t add_slabs(size_t bytes, uint32_t piece_bytes, size_t size_class);
  void remove_slabs(uint32_t first);
  void link(Class& size_class, uint32_t slab) REQUIRES(size_class.lock);
  void unlink(Class& size_class, uint32_t slab) REQUIRES(size_class.lock);
  Handle take_piece(Class& size_class) REQUIRES(size_class.lock);

  ReservedRange range_;  // grows under slabs_mutex_
  char* const base_;
  std::array<Class, 2 * kClasses> classes_;  // of either lifetime
  Mutex slabs_mutex_;
  uint32_t next_slab_ GUARDED_BY(slabs_mutex_) = 0;
  std::vector<uint32_t> unused_slabs_ GUARDED_BY(slabs_mutex_);  // given back to the system
  std::vector<uint32_t> spare_slabs_ GUARDED_BY(slabs_mutex_);   // not yet: at most kSpareSlabs
  std::atomic<size_t> bytes_{0};
};

}  // namespace hearth
