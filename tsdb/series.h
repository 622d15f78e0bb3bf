// The head's series: 64 bytes each, found by ref without a lock.
#pragma once

#include <atomic>
#include <cstdint>

#include "core/byte_pool.h"
#include "core/epoch.h"
#include "core/mutex.h"
#include "core/reserved_range.h"
#include "core/storage.h"
#include "tsdb/chunk.h"
#include "tsdb/chunk_xor.h"

namespace hearth::tsdb {

// A field that is written under the series' lock and may be looked at without. Such a look may find
// one field newer than another.
template <class T>
class Glanced {
 public:
  Glanced(T value) : value_(value) {}
  Glanced& operator=(T value) {
    value_.store(value, std::memory_order_relaxed);
    return *this;
  }
  operator T() const { return value_.load(std::memory_order_relaxed); }
  Glanced& operator|=(T bits) { return *this = static_cast<T>(*this | bits); }
  Glanced& operator&=(T bits) { return *this = static_cast<T>(*this & bits); }

 private:
  std::atomic<T> value_;
};

// One active series: everything an append reads or writes, in one cache line.
// Invariants: (1) samples are strictly increasing in time; (2) the open chunk never spans a border
// of the head's chunk range; (3) a ref is never used for another series; (4) samples > 0 exactly
// when there is an open chunk: in the pool (chunk != 0), or of histograms (SeriesExtra::histogram).
struct alignas(64) Series {
  Glanced<TimeMs> last_time GUARDED_BY(lock) =
      kMinTime;                              // newest sample; kMinTime: there was none yet
  uint64_t last_value GUARDED_BY(lock) = 0;  // bits; the instant query's answer, and XOR state
  TimeMs chunk_start GUARDED_BY(lock) = 0;   // first sample of the open chunk
  uint32_t last_delta GUARDED_BY(lock) = 0;  // ms; XOR state
  uint32_t cut_after GUARDED_BY(lock) = 0;   // ms; a sample so late begins a new chunk
  uint32_t labels = 0;  // in LabelSets; constant from publication to death; 0: not published
  Glanced<BytePool::Handle> chunk GUARDED_BY(lock) = 0;  // bytes of the open chunk
  Glanced<BytePool::Handle> sealed GUARDED_BY(lock) = 0;  // array of SealedChunk, oldest first
  uint32_t last_commit GUARDED_BY(lock) = 0;             // the newest commit that appended here
  Glanced<uint16_t> used GUARDED_BY(lock) = 0;           // bytes of the open chunk
  uint16_t samples GUARDED_BY(lock) = 0;                 // of the open chunk
  uint8_t lead : 5 GUARDED_BY(lock) = 0;                 // XOR state, as are the next two
  uint8_t bit : 3 GUARDED_BY(lock) = 0;
  uint8_t trail GUARDED_BY(lock) = XorState::kNoWindow;
  uint8_t chunk_room GUARDED_BY(lock) = 0;      // size of the open chunk's piece, in 16 bytes
  uint8_t commit_samples GUARDED_BY(lock) = 0;  // that last_commit appended, beside kEarlierCommits
  ByteLock lock;
  Glanced<uint8_t> flags GUARDED_BY(lock) = 0;
  uint16_t sealed_count GUARDED_BY(lock) = 0;
  uint32_t extra GUARDED_BY(lock) = 0;  // in SeriesExtras: what few series have; 0: nothing

  bool empty() const REQUIRES(lock) { return samples == 0 && sealed_count == 0; }

  static constexpr uint16_t kMaxSealed = 0xffff;  // then nothing more is appended

  static constexpr uint8_t kLogged = 1;      // the log has its series record
  static constexpr uint8_t kInterned = 2;    // asked for since the last collection: spare it once
  static constexpr uint8_t kDying = 4;       // found empty; any use of it takes this away again
  static constexpr uint8_t kHistogram = 32;  // the newest sample is a histogram
  static constexpr uint8_t kEndPredicted =
      64;                               // cut_after of the open chunk of histograms is final
  static constexpr uint8_t kDead = 8;   // unlinked; its ref is unknown from now on
  static constexpr uint8_t kLate = 16;  // has samples out of order, beside its chunks
  static constexpr uint8_t kEarlierCommits = 128;  // may be in EarlierCommits
};
static_assert(sizeof(Series) == 64);

// Maps refs to series, which lie one behind the other in a range of addresses of their own. A page
// of them goes back to the system when all of them are dead.
// Thread-safe; find() takes no lock, but needs an epoch guard to use what it returns.
class SeriesTable {
 public:
  explicit SeriesTable(Epoch& epoch);
  SeriesTable(const SeriesTable&) = delete;
  SeriesTable& operator=(const SeriesTable&) = delete;

  // nullptr for a ref whose page is gone or was never made. Else the series may still be dead.
  Series* find(SeriesRef ref) const {
    const size_t page = ref / kPageSeries;
    if (page >= pages_ || states_[page].load(std::memory_order_acquire) == 0) return nullptr;
    return series_ + ref;
  }
  // Fetches the series into the cache for writing.
  void prefetch(SeriesRef ref) const { __builtin_prefetch(series_ + ref, 1); }

  // The empty slot of a new series. Requires: `ref` was never added before. Throws
  // Error(kUnavailable) when there are no addresses for it.
  Series& add(SeriesRef ref);

  // To be called once for each series that died. A page that may still get new series is never
  // emptied: `newest` is the largest ref in use.
  void remove(SeriesRef ref, SeriesRef newest);

 private:
  static constexpr size_t kPageSeries = 64;
  static constexpr size_t kPageBytes = kPageSeries * sizeof(Series);
  static constexpr size_t kMaxPages = (uint64_t{1} << 32) / kPageSeries;
  // Of a page: 0 while it is none, else 1 more than the number of its living series.
  using State = std::atomic<uint8_t>;

  Epoch& epoch_;
  Mutex mutex_;  // of add() and remove()
  ReservedRange series_range_;  // grows under mutex_
  ReservedRange states_range_;
  const size_t pages_;                         // that there may be
  Series* const series_;
  State* const states_;
};

}  // namespace hearth::tsdb
