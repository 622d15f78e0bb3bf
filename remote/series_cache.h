// Which series the label bytes of a request mean, so that known series are neither parsed nor
// interned again: fingerprint of the bytes -> ref, 16 bytes a series.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "core/clock.h"
#include "core/hash.h"
#include "core/large_memory.h"
#include "core/mutex.h"
#include "core/storage.h"

namespace hearth::remote {

// A ref may have died since it was entered: the storage says so (AppendResult::unknown), and the new
// one replaces it. Those that nobody asks for any more go when the cache would grow, and every two
// hours; so it has room for little more than the series there are. Thread-safe.
class SeriesCache {
 public:
  // `appender`, whose refs they are, must outlive it.
  explicit SeriesCache(Appender& appender, size_t max_series = 4u << 20)
      : appender_(appender), max_series_(max_series) {}

  // refs[i] is that of keys[i], 0 where it is not known. Requires: equal lengths.
  void find(std::span<const Hash128> keys, std::span<SeriesRef> refs, TimeMs now) EXCLUDES(mutex_);
  // Enters, or replaces, those that are not 0.
  void insert(std::span<const Hash128> keys, std::span<const SeriesRef> refs) EXCLUDES(mutex_);

  size_t size() const EXCLUDES(mutex_);
  size_t bytes() const EXCLUDES(mutex_);

 private:
  // 96 bits of the key: enough that equal ones stand for equal bytes.
  struct Slot {
    uint64_t high = 0;
    uint32_t low = 0;
    SeriesRef ref = 0;  // 0: free
    bool is(const Hash128& key) const {
      return high == key.high && low == static_cast<uint32_t>(key.low);
    }
  };
  void put(const Slot& slot) REQUIRES(mutex_);
  void rebuild() REQUIRES(mutex_);
  void clear() REQUIRES(mutex_);

  Appender& appender_;
  const size_t max_series_;
  mutable SharedMutex mutex_;
  using Slots = std::vector<Slot, LargeAllocator<Slot>>;
  Slots slots_ GUARDED_BY(mutex_);  // open addressing, at most 4/5 full
  size_t size_ GUARDED_BY(mutex_) = 0;
  TimeMs rebuilt_ GUARDED_BY(mutex_) = 0;
};

}  // namespace hearth::remote
