#include "remote/series_cache.h"

#include <algorithm>

namespace hearth::remote {
namespace {

constexpr size_t kFirstSlots = 1024;
constexpr DurationMs kRebuildEvery = 2LL * 3'600'000;
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
    outdated = now - rebuilt_ > kRebuildEvery;
    if (slots_.empty()) {
      for (SeriesRef& ref : refs) ref = 0;
    } else {
      const Slot* const slots = slots_.data();
      const size_t size = slots_.size();
      for (size_t i = 0; i < keys.size(); ++i) {
        if (i + kAhead < keys.size()) __builtin_prefetch(slots + home(keys[i + kAhead].high, size));
        size_t at = home(keys[i].high, size);
        while (slots[at].ref != 0 && !slots[at].is(keys[i])) at = after(at, size);
        refs[i] = slots[at].ref;
      }
    }
  }
  if (!outdated) return;
  WriterLock lock(mutex_);
  if (now - rebuilt_ <= kRebuildEvery) return;  // another was faster
  rebuilt_ = now;
  if (!slots_.empty()) rebuild();
}

void SeriesCache::insert(std::span<const Hash128> keys, std::span<const SeriesRef> refs) {
  WriterLock lock(mutex_);
  for (size_t i = 0; i < keys.size(); ++i) {
    if (refs[i] == 0) continue;
    if (size_ >= max_series_) clear();
    if ((size_ + 1) * 5 > slots_.size() * 4) rebuild();
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

// Without the dead, and so that a quarter more fits.
void SeriesCache::rebuild() {
  std::vector<SeriesRef, LargeAllocator<SeriesRef>> refs(slots_.size());
  for (size_t i = 0; i < slots_.size(); ++i) refs[i] = slots_[i].ref;
  appender_.drop_dead(refs);
  const auto living = refs.size() - static_cast<size_t>(std::count(refs.begin(), refs.end(), 0u));
  Slots old(kFirstSlots + living * 25 / 16);
  old.swap(slots_);
  size_ = 0;
  for (size_t i = 0; i < old.size(); ++i) {
    if (refs[i] != 0) put(old[i]);
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
