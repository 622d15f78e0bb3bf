#include "core/byte_pool.h"

#include <sys/mman.h>

#include <algorithm>
#include <cstring>
#include <new>

#include "core/error.h"

namespace hearth {
namespace {

constexpr std::array<uint16_t, 20> kPieceBytes = {
    16, 32, 48, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 384, 448, 512, 640, 768, 896, 1040};

size_t class_of(size_t bytes) {
  if (bytes <= 128) return bytes == 0 ? 0 : (bytes - 1) / 16;
  return static_cast<size_t>(std::lower_bound(kPieceBytes.begin() + 7, kPieceBytes.end(), bytes) -
                             kPieceBytes.begin());
}

}  // namespace

// Lies at the start of each slab; units are counted from there. Fields change under the class'
// mutex.
struct BytePool::SlabHeader {
  uint32_t piece_bytes;  // constant
  uint32_t slabs;        // constant; more than 1 for a large piece
  uint32_t previous, next;
  uint16_t first_free;  // unit; each free piece begins with the unit of the next one; 0 = none
  uint16_t fresh;       // unit from which on no piece was ever handed out
  uint16_t in_use;      // pieces
};

BytePool::BytePool() {
  static_assert(kPieceBytes.size() == kClasses && sizeof(SlabHeader) <= 2 * kUnit);
  constexpr uint32_t kFewestSlabs = kMaxSlabs / 64;
  for (; max_slabs_ >= kFewestSlabs; max_slabs_ /= 2) {
    // Addresses only: they count as memory when they become writable.
    void* const range = mmap(nullptr, size_t{max_slabs_} * kSlabBytes, PROT_NONE,
                             MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (range == MAP_FAILED) continue;
    base_ = static_cast<char*>(range);
    return;
  }
  throw std::bad_alloc();
}

BytePool::~BytePool() { munmap(base_, size_t{max_slabs_} * kSlabBytes); }

BytePool::SlabHeader& BytePool::header(uint32_t slab) const {
  return *reinterpret_cast<SlabHeader*>(base_ + size_t{slab} * kSlabBytes);
}

// So that the slabs before `end` can be written.
void BytePool::make_usable(uint32_t end) {
  if (end <= usable_slabs_) return;
  if (end > max_slabs_) {
    throw Error(ErrorKind::kUnavailable, "the addresses that one pool of bytes has are used up");
  }
  constexpr uint32_t kStep = 64;
  const uint32_t wanted = std::min(max_slabs_, std::max(end, usable_slabs_ + kStep));
  if (mprotect(base_ + size_t{usable_slabs_} * kSlabBytes,
               size_t{wanted - usable_slabs_} * kSlabBytes, PROT_READ | PROT_WRITE) != 0) {
    throw std::bad_alloc();
  }
  usable_slabs_ = wanted;
}

uint32_t BytePool::add_slabs(size_t bytes, uint32_t piece_bytes) {
  const auto count = static_cast<uint32_t>((bytes + kSlabBytes - 1) / kSlabBytes);
  uint32_t first;
  {
    MutexLock lock(slabs_mutex_);
    if (count == 1 && !unused_slabs_.empty()) {
      first = unused_slabs_.back();
      unused_slabs_.pop_back();
    } else {
      first = next_slab_;
      make_usable(first + count);
      next_slab_ += count;
    }
  }
  constexpr uint16_t kFirstUnit = 2;
  new (base_ + size_t{first} * kSlabBytes)
      SlabHeader{piece_bytes, count, kNoSlab, kNoSlab, 0, kFirstUnit, 0};
  bytes_.fetch_add(bytes, std::memory_order_relaxed);
  return first;
}

void BytePool::remove_slabs(uint32_t first) {
  const SlabHeader& slab = header(first);
  const uint32_t count = slab.slabs;
  bytes_.fetch_sub(count == 1 ? kSlabBytes : slab.piece_bytes + 2 * kUnit,
                   std::memory_order_relaxed);
  (void)madvise(base_ + size_t{first} * kSlabBytes, size_t{count} * kSlabBytes, MADV_DONTNEED);
  MutexLock lock(slabs_mutex_);
  for (uint32_t i = 0; i < count; ++i) unused_slabs_.push_back(first + i);
}

void BytePool::link(Class& size_class, uint32_t slab) {
  SlabHeader& h = header(slab);
  h.previous = kNoSlab;
  h.next = size_class.open;
  if (h.next != kNoSlab) header(h.next).previous = slab;
  size_class.open = slab;
}

void BytePool::unlink(Class& size_class, uint32_t slab) {
  SlabHeader& h = header(slab);
  if (h.next != kNoSlab) header(h.next).previous = h.previous;
  if (h.previous != kNoSlab) {
    header(h.previous).next = h.next;
  } else {
    size_class.open = h.next;
  }
}

BytePool::Handle BytePool::allocate(size_t bytes) {
  if (bytes > kPieceBytes.back()) {
    const size_t total = bytes + 2 * kUnit;
    if (total > uint32_t{1} << 31) throw Error(ErrorKind::kUnavailable, "a piece of 2 GiB or more");
    const size_t rounded = std::max(total, kSlabBytes);
    return add_slabs(rounded, static_cast<uint32_t>(rounded - 2 * kUnit)) * kUnitsPerSlab + 2;
  }
  const size_t index = class_of(bytes);
  const uint32_t piece = kPieceBytes[index];
  const auto units = static_cast<uint32_t>(piece / kUnit);
  Class& size_class = classes_[index];
  MutexLock lock(size_class.mutex);
  if (size_class.open == kNoSlab) link(size_class, add_slabs(kSlabBytes, piece));
  const uint32_t slab = size_class.open;
  SlabHeader& h = header(slab);
  uint32_t unit = h.first_free;
  if (unit != 0) {
    std::memcpy(&h.first_free, at(slab * kUnitsPerSlab + unit), sizeof h.first_free);
  } else {
    unit = h.fresh;
    h.fresh = static_cast<uint16_t>(unit + units);
  }
  ++h.in_use;
  if (h.first_free == 0 && h.fresh + units > kUnitsPerSlab) unlink(size_class, slab);
  return slab * kUnitsPerSlab + unit;
}

void BytePool::free(Handle handle) {
  const uint32_t slab = handle / kUnitsPerSlab;
  const auto unit = static_cast<uint16_t>(handle % kUnitsPerSlab);
  SlabHeader& h = header(slab);
  if (h.piece_bytes > kPieceBytes.back()) return remove_slabs(slab);
  const auto units = static_cast<uint32_t>(h.piece_bytes / kUnit);
  Class& size_class = classes_[class_of(h.piece_bytes)];
  MutexLock lock(size_class.mutex);
  const bool was_full = h.first_free == 0 && h.fresh + units > kUnitsPerSlab;
  std::memcpy(at(handle), &h.first_free, sizeof h.first_free);
  h.first_free = unit;
  --h.in_use;
  if (was_full) link(size_class, slab);
  // One empty slab stays, so that a piece freed and allocated in turns does not cost a slab each.
  if (h.in_use == 0 && (h.next != kNoSlab || h.previous != kNoSlab)) {
    unlink(size_class, slab);
    remove_slabs(slab);
  }
}

size_t BytePool::capacity(Handle handle) const {
  return header(handle / kUnitsPerSlab).piece_bytes;
}

}  // namespace hearth
