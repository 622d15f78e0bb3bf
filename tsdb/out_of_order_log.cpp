#include "tsdb/out_of_order_log.h"

#include <algorithm>
#include <exception>
#include <iterator>
#include <utility>

#include "core/file.h"

namespace hearth::tsdb {

void OutOfOrderLog::add(std::string record) {
  added_.push_back(std::move(record));
  ++added_count_;
}

void OutOfOrderLog::cut() { add({}); }

template <class Work>
void OutOfOrderLog::in_turn(Work work) {
  while (taken_) turn_.wait(order);
  taken_ = true;
  order.unlock();
  std::exception_ptr error;
  try {
    work();
  } catch (...) {
    error = std::current_exception();
  }
  order.lock();
  taken_ = false;
  turn_.notify_all();
  if (error != nullptr) std::rethrow_exception(error);
}

void OutOfOrderLog::flush() {
  MutexLock lock(order);
  const uint64_t wanted = added_count_;
  while (written_count_ < wanted) {
    if (taken_) {
      turn_.wait(order);
    } else {
      write();
    }
  }
}

// Up to the next cut, or that cut: what stands before one never comes to stand behind it.
void OutOfOrderLog::write() {
  auto end = std::find(added_.begin(), added_.end(), std::string());
  if (end == added_.begin()) ++end;
  std::vector<std::string> raw(std::make_move_iterator(added_.begin()),
                               std::make_move_iterator(end));
  added_.erase(added_.begin(), end);
  uint32_t segment = 0;
  try {
    in_turn([&] {
      if (!raw.front().empty()) {
        append(raw);
      } else if (wal_ != nullptr) {
        wal_->next_segment();
      }
      segment = wal_ != nullptr ? wal_->segment() : next_segment_;
    });
  } catch (...) {
    added_.insert(added_.begin(), std::make_move_iterator(raw.begin()),
                  std::make_move_iterator(raw.end()));
    throw;
  }
  written_count_ += raw.size();
  if (raw.front().empty()) after_cut_ = segment;
}

void OutOfOrderLog::append(const std::vector<std::string>& raw) {
  std::vector<WalRecord> records;
  for (const std::string& record : raw)
    records.push_back(make_wal_record(record, options_.wal_compression));
  if (wal_ == nullptr) {
    make_dirs(dir_);
    wal_ = std::make_unique<Wal>(dir_, next_segment_, options_.wal_segment_bytes, registry_,
                                 options_.wal_sync);
  }
  wal_->append(records);
}

uint32_t OutOfOrderLog::segment_after_cut() {
  MutexLock lock(order);
  return after_cut_;
}

void OutOfOrderLog::truncate(uint32_t segment) {
  {
    MutexLock lock(order);
    obsolete_before_ = std::max(obsolete_before_, segment);
  }
  remove_obsolete();
}

void OutOfOrderLog::remove_obsolete() {
  MutexLock lock(order);
  if (removed_before_ >= obsolete_before_) return;
  const uint32_t segment = obsolete_before_;
  in_turn([&] {
    if (wal_ != nullptr) {
      wal_->sync();
      wal_->truncate(segment);
    } else if (is_directory(dir_)) {
      for (const uint32_t old : wal_segments(dir_)) {
        if (old < segment) remove_file(wal_segment_path(dir_, old));
      }
    }
    if (is_directory(dir_)) sync_dir(dir_);
  });
  removed_before_ = std::max(removed_before_, segment);
}

}  // namespace hearth::tsdb
