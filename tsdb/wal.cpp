#include "tsdb/wal.h"

#include <fmt/format.h>

#include <algorithm>
#include <vector>

#include "core/error.h"
#include "core/log.h"

namespace hearth::tsdb {

namespace {

// The log of samples out of order has metrics of its own.
std::string metrics_prefix(std::string_view dir) {
  return dir.ends_with("/wbl") ? "prometheus_tsdb_out_of_order_wbl_" : "prometheus_tsdb_wal_";
}

}  // namespace

Wal::Wal(std::string dir, uint32_t segment, size_t segment_bytes, Registry& registry,
         DurationMs sync_interval)
    : dir_(std::move(dir)),
      metrics_prefix_(metrics_prefix(dir_)),
      failed_(registry.counter(metrics_prefix_ + "writes_failed_total",
                               "Total number of write log writes that failed.")),
      truncations_(registry.counter(metrics_prefix_ + "truncations_total",
                                    "Total number of write log truncations attempted.")),
      truncations_failed_(registry.counter(metrics_prefix_ + "truncations_failed_total",
                                           "Total number of write log truncations that failed.")),
      segment_gauge_(registry.gauge(metrics_prefix_ + "segment_current",
                                    "Write log segment index that TSDB is currently writing to.")),
      sync_(
          dir_, sync_interval,
          registry.summary(metrics_prefix_ + "fsync_duration_seconds",
                           "Duration of write log fsync.", {0.5, 0.9, 0.99}),
          registry.counter("hearth_tsdb_wal_syncs_failed_total",
                           "Times that segments of a write log could not be brought to the disk.")),
      writer_(dir_, segment, segment_bytes, &sync_),
      segment_(segment) {
  segment_gauge_.set(segment);
}

Wal::~Wal() {
  try {
    if (undone_) writer_.rollback(*undone_);
    writer_.close();
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

WalWriter::Mark Wal::end() {
  append({});
  return writer_.mark();
}

void Wal::sync() { sync_.finish(); }

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
  try {
    write_all(group);
  } catch (const Error& error) {
    throw Error(
        error.kind(),
        fmt::format("write-ahead log: {}; nothing was stored. Make room on the disk of {} or "
                    "mend it: storing goes on by itself",
                    error.what(), dir_));
  }
  if (writer_.segment() != segment_.load(std::memory_order_relaxed)) {
    segment_.store(writer_.segment(), std::memory_order_relaxed);
    segment_gauge_.set(writer_.segment());
  }
}

void Wal::write_all(std::span<Waiter* const> group) {
  if (undone_) {
    writer_.rollback(*undone_);
    undone_.reset();
  }
  const WalWriter::Mark mark = writer_.mark();
  try {
    if (sync_.take_failure()) writer_.next_segment();
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
}

void Wal::truncate(uint32_t segment) {
  truncations_.add();
  try {
    for (const uint32_t old : wal_segments(dir_)) {
      if (old < segment) remove_file(wal_segment_path(dir_, old));
    }
  } catch (...) {
    truncations_failed_.add();
    throw;
  }
}

}  // namespace hearth::tsdb
