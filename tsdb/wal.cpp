#include "tsdb/wal.h"

#include <vector>

#include "core/error.h"
#include "core/log.h"

namespace hearth::tsdb {

Wal::Wal(std::string dir, uint32_t segment, size_t segment_bytes, Registry& registry)
    : dir_(std::move(dir)),
      failed_(registry.counter("prometheus_tsdb_wal_writes_failed_total",
                               "Total number of WAL writes that failed.")),
      truncations_(registry.counter("prometheus_tsdb_wal_truncations_total",
                                    "Total number of WAL truncations attempted.")),
      segment_gauge_(registry.gauge("prometheus_tsdb_wal_segment_current",
                                    "Write log segment index that TSDB is currently writing to.")),
      writer_(dir_, segment, segment_bytes,
              registry.summary("prometheus_tsdb_wal_fsync_duration_seconds",
                               "Duration of write log fsync.", {0.5, 0.9, 0.99})),
      segment_(segment) {
  segment_gauge_.set(segment);
}

Wal::~Wal() {
  try {
    if (!undone_) writer_.close();
  } catch (const Error& error) {
    log_error("Closing the write-ahead log failed", "err", error.what());
  }
}

void Wal::append(std::span<const WalRecord> records) {
  Waiter self;
  self.records = records;
  take_turn(self);
}

void Wal::next_segment() {
  Waiter self;
  self.cut = true;
  take_turn(self);
}

void Wal::take_turn(Waiter& self) {
  constexpr size_t kMaxGroup = 64;
  std::vector<Waiter*> group;
  {
    MutexLock lock(mutex_);
    queue_.push_back(&self);
    while (!self.done && queue_.front() != &self) self.turn.wait(mutex_);
    if (!self.done)
      group.assign(queue_.begin(), queue_.begin() + static_cast<std::ptrdiff_t>(
                                                        std::min(queue_.size(), kMaxGroup)));
  }
  if (!group.empty()) {
    std::exception_ptr error;
    try {
      write(group);
    } catch (...) {
      failed_.add();
      error = std::current_exception();
    }
    MutexLock lock(mutex_);
    queue_.erase(queue_.begin(), queue_.begin() + static_cast<std::ptrdiff_t>(group.size()));
    for (Waiter* waiter : group) {
      waiter->error = error;
      waiter->done = true;
      if (waiter != &self) waiter->turn.notify_one();
    }
    if (!queue_.empty()) queue_.front()->turn.notify_one();
  }
  if (self.error != nullptr) std::rethrow_exception(self.error);
}

void Wal::write(std::span<Waiter* const> group) {
  if (undone_) {
    writer_.rollback(*undone_);
    undone_.reset();
  }
  const WalWriter::Mark mark = writer_.mark();
  try {
    for (const Waiter* waiter : group) {
      if (waiter->cut) writer_.next_segment();
      for (const WalRecord& record : waiter->records) writer_.add(record);
    }
    writer_.flush();
  } catch (...) {
    undone_ = mark;
    try {
      writer_.rollback(mark);
      undone_.reset();
    } catch (const Error& error) {
      log_error("A failed write to the write-ahead log cannot be taken back yet", "err",
                error.what());
    }
    throw;
  }
  if (writer_.segment() != segment_.load(std::memory_order_relaxed)) {
    segment_.store(writer_.segment(), std::memory_order_relaxed);
    segment_gauge_.set(writer_.segment());
  }
}

void Wal::truncate(uint32_t segment) {
  truncations_.add();
  for (const uint32_t old : wal_segments(dir_)) {
    if (old < segment) remove_file(wal_segment_path(dir_, old));
  }
}

}  // namespace hearth::tsdb
