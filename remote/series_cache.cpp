#include "remote/series_cache.h"

namespace hearth::remote {
namespace {

constexpr size_t kFirstSlots = 1024;
constexpr DurationMs kMaxAge = 2LL * 3'600'000;
constexpr size_t kAhead = 12;  // slots are fetched so many keys early

}  // namespace

void SeriesCache::find(std::span<const Hash128> keys, std::span<SeriesRef> refs, TimeMs now) {
  bool outdated = false;
  {
    ReaderLock lock(mutex_);
    outdated = began_ == 0 || now - began_ > kMaxAge;
    if (!outdated && !slots_.empty()) {
      const Slot* const slots = slots_.data();
      const size_t mask = slots_.size() - 1;
      for (size_t i = 0; i < keys.size(); ++i) {
        if (i + kAhead < keys.size()) __builtin_prefetch(slots + (keys[i + kAhead].high & mask));
        size_t at = keys[i].high & mask;
        while (slots[at].ref != 0 && !slots[at].is(keys[i])) at = (at + 1) & mask;
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
    if ((size_ + 1) * 4 > slots_.size() * 3) grow();
    put({keys[i].high, static_cast<uint32_t>(keys[i].low), refs[i]});
  }
}

void SeriesCache::put(const Slot& slot) {
  const size_t mask = slots_.size() - 1;
  size_t at = slot.high & mask;
  while (slots_[at].ref != 0 && !(slots_[at].high == slot.high && slots_[at].low == slot.low)) {
    at = (at + 1) & mask;
  }
  if (slots_[at].ref == 0) ++size_;
  slots_[at] = slot;
}

void SeriesCache::grow() {
  std::vector<Slot> old(slots_.empty() ? kFirstSlots : slots_.size() * 2);
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
