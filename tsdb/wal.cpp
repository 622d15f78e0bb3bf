#include "tsdb/wal.h"

#include <fmt/format.h>

#include <algorithm>
#include <vector>

#include "core/error.h"
#include "core/log.h"

namespace hearth::tsdb {

Wal::Wal(std::string dir, uint32_t segment, size_t segment_bytes, Registry& registry,
         DurationMs sync_interval)
    : dir_(std::move(dir)),
      metrics_(registry, dir_),
      sync_(dir_, sync_interval, metrics_.sync_seconds, metrics_.syncs_failed),
      writer_(dir_, segment, segment_bytes, &sync_),
      segment_(segment) {
  metrics_.segment.set(segment);
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
      metrics_.writes_failed.add();
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
    count_written();
    throw Error(
        error.kind(),
        fmt::format("write-ahead log: {}; nothing was stored. Make room on the disk of {} or "
                    "mend it: storing goes on by itself",
                    error.what(), dir_));
  }
  count_written();
  if (writer_.segment() != segment_.load(std::memory_order_relaxed)) {
    segment_.store(writer_.segment(), std::memory_order_relaxed);
    metrics_.segment.set(writer_.segment());
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

void Wal::count_written() {
  const WalWriter::Work done = writer_.work();
  const auto add = [&](const Counter& counter, uint64_t WalWriter::Work::*number) {
    counter.add(static_cast<double>(done.*number - counted_.*number));
  };
  add(metrics_.page_flushes, &WalWriter::Work::page_flushes);
  add(metrics_.completed_pages, &WalWriter::Work::completed_pages);
  add(metrics_.record_parts, &WalWriter::Work::record_parts);
  add(metrics_.record_part_bytes, &WalWriter::Work::record_part_bytes);
  counted_ = done;
}

void Wal::truncate(uint32_t segment) {
  metrics_.truncations.add();
  try {
    for (const uint32_t old : wal_segments(dir_)) {
      if (old < segment) remove_file(wal_segment_path(dir_, old));
    }
  } catch (...) {
    metrics_.truncations_failed.add();
    throw;
  }
}

}  // namespace hearth::tsdb
