#include "remote/series_cache.h"

namespace hearth::remote {
namespace {

constexpr size_t kFirstSlots = 1024;
constexpr DurationMs kMaxAge = 2LL * 3'600'000;
constexpr size_t kAhead = 12;  // slots are fetched so many keys early

// Where among `slots` the search for a key begins. They are in the order of the keys, and so the
// table may be of any size.
size_t home(uint64_t high, size_t slots) { return (high >> 32) * slots >> 32; }
size_t after(size_t at, size_t slots) { return at + 1 == slots ? 0 : at + 1; }

}  // namespace

void SeriesCache::find(std::span<const Hash128> keys, std::span<SeriesRef> refs, TimeMs now) {
  bool outdated = false;
  {
    ReaderLock lock(mutex_);
    outdated = began_ == 0 || now - began_ > kMaxAge;
    if (!outdated && !slots_.empty()) {
      const Slot* const slots = slots_.data();
      const size_t size = slots_.size();
      for (size_t i = 0; i < keys.size(); ++i) {
        if (i + kAhead < keys.size()) __builtin_prefetch(slots + home(keys[i + kAhead].high, size));
        size_t at = home(keys[i].high, size);
        while (slots[at].ref != 0 && !slots[at].is(keys[i])) at = after(at, size);
        refs[i] = slots[at].ref;
      }
      return;
    }
  }
  for (SeriesRef& ref : refs) ref = 0;
  if (!outdated) return;
  WriterLock lock(mutex_);
  clear();
  began_ = now;
}

void SeriesCache::insert(std::span<const Hash128> keys, std::span<const SeriesRef> refs) {
  WriterLock lock(mutex_);
  for (size_t i = 0; i < keys.size(); ++i) {
    if (refs[i] == 0) continue;
    if (size_ >= max_series_) clear();
    if ((size_ + 1) * 5 > slots_.size() * 4) grow();
    put({keys[i].high, static_cast<uint32_t>(keys[i].low), refs[i]});
  }
}

void SeriesCache::put(const Slot& slot) {
  const size_t size = slots_.size();
  size_t at = home(slot.high, size);
  while (slots_[at].ref != 0 && !(slots_[at].high == slot.high && slots_[at].low == slot.low)) {
    at = after(at, size);
  }
  if (slots_[at].ref == 0) ++size_;
  slots_[at] = slot;
}

void SeriesCache::grow() {
  Slots old(slots_.empty() ? kFirstSlots : slots_.size() + slots_.size() / 4);
  old.swap(slots_);
  size_ = 0;
  for (const Slot& slot : old) {
    if (slot.ref != 0) put(slot);
  }
}

void SeriesCache::clear() {
  slots_ = {};
  size_ = 0;
}

size_t SeriesCache::size() const {
  ReaderLock lock(mutex_);
  return size_;
}

size_t SeriesCache::bytes() const {
  ReaderLock lock(mutex_);
  return slots_.capacity() * sizeof(Slot);
}

}  // namespace hearth::remote
