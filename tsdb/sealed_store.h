// The bytes of finished chunks, packed without gaps, until a block has them.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "core/clock.h"
#include "core/epoch.h"
#include "core/mutex.h"
#include "core/spill_memory.h"
#include "tsdb/chunk.h"

namespace hearth::tsdb {

// What stays with a series of a finished chunk. min_time and span are told twice (the chunk's bytes
// have them too), so that choosing chunks by time touches nothing else.
struct SealedChunk {
  TimeMs min_time = 0;
  uint32_t span = 0;   // ms; max_time - min_time
  uint32_t place = 0;  // in the store
  TimeMs max_time() const { return min_time + span; }
};
static_assert(sizeof(SealedChunk) == 16);

// Pages of 1 MiB, filled one after another, mapped from an unnamed file: a full one need not stay
// resident. A page goes when all of its chunks are removed. As chunks are removed in the order of
// time, that is soon. Thread-safe; read() takes no lock.
class SealedStore {
 public:
  SealedStore(Epoch& epoch, const std::string& dir);
  ~SealedStore();
  SealedStore(const SealedStore&) = delete;
  SealedStore& operator=(const SealedStore&) = delete;

  // Requires: bytes.size() < 64 KiB.
  uint32_t add(Encoding encoding, std::string_view bytes);
  // The chunk stays readable for the epoch's guards that exist now.
  void remove(uint32_t place);
  // Valid until it is removed, and as long as an epoch guard of the reader.
  ChunkView read(const SealedChunk& chunk) const;
  size_t bytes() const { return bytes_.load(std::memory_order_relaxed); }

 private:
  // A place is a page's number and, in units of 4 bytes, where in the page the chunk begins:
  // u16 length, u8 encoding, u8 nothing, bytes.
  static constexpr size_t kPageBytes = 1 << 20;
  static constexpr size_t kUnit = 4;
  static constexpr uint32_t kUnitsPerPage = kPageBytes / kUnit;
  static constexpr size_t kMaxPages = (uint64_t{1} << 32) / kUnitsPerPage;
  struct Page {
    std::atomic<char*> bytes{nullptr};
    uint32_t chunks = 0;  // not removed; guarded by mutex_
  };

  uint32_t unused_page() REQUIRES(mutex_);
  void drop_if_empty(uint32_t page) REQUIRES(mutex_);

  void free_page(uint32_t page);

  Epoch& epoch_;
  SpillMemory memory_;
  const std::unique_ptr<Page[]> pages_;
  Mutex mutex_;
  uint32_t open_page_ GUARDED_BY(mutex_) = 0;
  size_t open_used_ GUARDED_BY(mutex_) = kPageBytes;  // bytes of the open page
  std::atomic<size_t> bytes_{0};
};

}  // namespace hearth::tsdb
