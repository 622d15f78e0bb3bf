// The write-ahead log: what is appended here survives the process.
#pragma once

#include <atomic>
#include <deque>
#include <exception>
#include <optional>
#include <span>
#include <string>

#include "core/clock.h"
#include "core/metrics.h"
#include "core/mutex.h"
#include "tsdb/wal_metrics.h"
#include "tsdb/wal_sync.h"
#include "tsdb/wal_writer.h"

namespace hearth::tsdb {

// Those who append at the same time are written together: the first in the queue writes for all who
// stand there. None of them waits for the disk: WalSync brings to it what was written. Thread-safe.
class Wal {
 public:
  // Begins segment number `segment` in `dir`. `sync_interval`: Options::wal_sync.
  Wal(std::string dir, uint32_t segment, size_t segment_bytes, Registry& registry,
      DurationMs sync_interval = 0);
  ~Wal();  // when everything is on the disk

  // All of the records are in the log afterwards, or (Error(kIo)) none of them.
  void append(std::span<const WalRecord> records);
  void next_segment();
  // Returns when everything appended before is on the disk.
  void sync();
  // Where the log ends. Requires: nobody appends. Throws Error(kIo) when a failed write is in the way.
  WalWriter::Mark end();
  // Removes the segments before `segment`.
  void truncate(uint32_t segment);

  const std::string& dir() const { return dir_; }
  uint32_t segment() const { return segment_.load(std::memory_order_relaxed); }

 private:
  struct Waiter {
    std::span<const WalRecord> records;
    bool cut = false;
    bool done = false;
    std::exception_ptr error;
    CondVar turn;
  };
  void take_turn(Waiter& self);
  void write(std::span<Waiter* const> group);
  void write_all(std::span<Waiter* const> group);
  void count_written();

  const std::string dir_;
  const WalMetrics metrics_;
  WalSync sync_;
  WalWriter writer_;                       // belongs to the first of the queue
  WalWriter::Work counted_;                // likewise; what the metrics know
  std::optional<WalWriter::Mark> undone_;  // likewise; a failed write still to be taken away
  std::atomic<uint32_t> segment_;
  Mutex mutex_;
  std::deque<Waiter*> queue_ GUARDED_BY(mutex_);
};

}  // namespace hearth::tsdb
