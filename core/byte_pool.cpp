#include "core/byte_pool.h"

#include <algorithm>
#include <cstring>
#include <new>
#include <utility>

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
// lock.
struct BytePool::SlabHeader {
  uint32_t piece_bytes;  // constant
  uint32_t slabs;        // constant; more than 1 for a large piece
  uint32_t previous, next;
  uint16_t first_free;  // unit; each free piece begins with the unit of the next one; 0 = none
  uint16_t fresh;       // unit from which on no piece was ever handed out
  uint16_t in_use;      // pieces
  uint16_t size_class;  // constant; of pieces that share the slab
};

BytePool::BytePool()
    : range_(kMaxSlabs * kSlabBytes, kMaxSlabs * kSlabBytes / 64), base_(range_.data()) {
  static_assert(kPieceBytes.size() == kClasses && kPieceBytes.back() == kMaxShared &&
                sizeof(SlabHeader) <= 2 * kUnit);
}

BytePool::SlabHeader& BytePool::header(uint32_t slab) const {
  return *reinterpret_cast<SlabHeader*>(base_ + size_t{slab} * kSlabBytes);
}

// The first of `count` slabs in a row.
uint32_t BytePool::take_slabs(uint32_t count) {
  MutexLock lock(slabs_mutex_);
  if (count == 1) {
    for (std::vector<uint32_t>* slabs : {&spare_slabs_, &unused_slabs_}) {
      if (slabs->empty()) continue;
      const uint32_t slab = slabs->back();
      slabs->pop_back();
      return slab;
    }
  }
  const size_t end = size_t{next_slab_ + count} * kSlabBytes;
  if (end > range_.size()) {
    throw Error(ErrorKind::kUnavailable, "the addresses that one pool of bytes has are used up");
  }
  range_.make_usable(end);
  return std::exchange(next_slab_, next_slab_ + count);
}

uint32_t BytePool::add_slabs(size_t bytes, uint32_t piece_bytes, size_t size_class) {
  const auto count = static_cast<uint32_t>((bytes + kSlabBytes - 1) / kSlabBytes);
  const uint32_t first = take_slabs(count);
  constexpr uint16_t kFirstUnit = 2;
  new (base_ + size_t{first} * kSlabBytes) SlabHeader{
      piece_bytes, count, kNoSlab, kNoSlab, 0, kFirstUnit, 0, static_cast<uint16_t>(size_class)};
  bytes_.fetch_add(bytes, std::memory_order_relaxed);
  return first;
}

void BytePool::remove_slabs(uint32_t first) {
  const SlabHeader& slab = header(first);
  const uint32_t count = slab.slabs;
  bytes_.fetch_sub(count == 1 ? kSlabBytes : slab.piece_bytes + 2 * kUnit,
                   std::memory_order_relaxed);
  if (count == 1) {
    // Open chunks grow out of one slab and into the next: a few are kept for that.
    MutexLock lock(slabs_mutex_);
    if (spare_slabs_.size() < kSpareSlabs) return spare_slabs_.push_back(first);
  }
  range_.discard(size_t{first} * kSlabBytes, size_t{count} * kSlabBytes);
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

BytePool::Handle BytePool::allocate(size_t bytes, Lifetime lifetime) {
  if (bytes > kMaxShared) {
    const size_t total = bytes + 2 * kUnit;
    if (total > uint32_t{1} << 31) throw Error(ErrorKind::kUnavailable, "a piece of 2 GiB or more");
    const size_t rounded = std::max(total, kSlabBytes);
    return add_slabs(rounded, static_cast<uint32_t>(rounded - 2 * kUnit), 0) * kUnitsPerSlab + 2;
  }
  const size_t of_bytes = class_of(bytes);
  const size_t index = of_bytes + (lifetime == Lifetime::kShort ? kClasses : 0);
  Class& size_class = classes_[index];
  {
    ByteLockGuard lock(size_class.lock);
    if (size_class.open != kNoSlab) return take_piece(size_class);
  }
  const uint32_t added = add_slabs(kSlabBytes, kPieceBytes[of_bytes], index);
  ByteLockGuard lock(size_class.lock);
  link(size_class, added);
  return take_piece(size_class);
}

// Requires: a slab has room.
BytePool::Handle BytePool::take_piece(Class& size_class) {
  const uint32_t slab = size_class.open;
  SlabHeader& h = header(slab);
  const uint32_t units = h.piece_bytes / static_cast<uint32_t>(kUnit);
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
  if (h.piece_bytes > kMaxShared) return remove_slabs(slab);
  const auto units = static_cast<uint32_t>(h.piece_bytes / kUnit);
  Class& size_class = classes_[h.size_class];
  {
    ByteLockGuard lock(size_class.lock);
    const bool was_full = h.first_free == 0 && h.fresh + units > kUnitsPerSlab;
    std::memcpy(at(handle), &h.first_free, sizeof h.first_free);
    h.first_free = unit;
    --h.in_use;
    if (was_full) link(size_class, slab);
    // One empty slab stays, so that a piece freed and allocated in turns does not cost a slab each.
    if (h.in_use > 0 || (h.next == kNoSlab && h.previous == kNoSlab)) return;
    unlink(size_class, slab);
  }
  remove_slabs(slab);
}

size_t BytePool::capacity(Handle handle) const {
  return header(handle / kUnitsPerSlab).piece_bytes;
}

}  // namespace hearth
