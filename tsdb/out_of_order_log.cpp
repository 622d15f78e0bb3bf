#include "tsdb/out_of_order_log.h"

#include <exception>
#include <iterator>
#include <utility>

#include "core/file.h"

namespace hearth::tsdb {

void OutOfOrderLog::add(std::string record) {
  added_.push_back(std::move(record));
  ++added_count_;
}

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

void OutOfOrderLog::write() {
  std::vector<std::string> raw = std::exchange(added_, {});
  try {
    in_turn([&] {
      std::vector<WalRecord> records;
      for (const std::string& record : raw)
        records.push_back(make_wal_record(record, options_.wal_compression));
      if (wal_ == nullptr) {
        make_dirs(dir_);
        wal_ = std::make_unique<Wal>(dir_, next_segment_, options_.wal_segment_bytes, registry_,
                                     options_.wal_sync);
      }
      wal_->append(records);
    });
  } catch (...) {
    added_.insert(added_.begin(), std::make_move_iterator(raw.begin()),
                  std::make_move_iterator(raw.end()));
    throw;
  }
  written_count_ += raw.size();
}

uint32_t OutOfOrderLog::cut() {
  MutexLock lock(order);
  uint32_t segment = 0;
  in_turn([&] {
    if (wal_ != nullptr) wal_->next_segment();
    segment = wal_ != nullptr ? wal_->segment() : next_segment_;
  });
  return segment;
}

void OutOfOrderLog::truncate(uint32_t segment) {
  MutexLock lock(order);
  in_turn([&] {
    if (wal_ != nullptr) {
      wal_->truncate(segment);
    } else if (is_directory(dir_)) {
      for (const uint32_t old : wal_segments(dir_)) {
        if (old < segment) remove_file(wal_segment_path(dir_, old));
      }
    }
  });
}

}  // namespace hearth::tsdb
