#include "tsdb/wal_sync.h"

#include <algorithm>
#include <chrono>
#include <utility>

#include "core/error.h"
#include "core/log.h"

namespace hearth::tsdb {

WalSync::WalSync(std::string dir, DurationMs interval, Observer seconds, Counter failed)
    : dir_(std::move(dir)),
      interval_(interval),
      seconds_(seconds),
      failures_(failed),
      thread_(1, "wal sync") {
  thread_.submit(Pool::Lane::kScrape, [this] { run(); });
}

WalSync::~WalSync() {
  MutexLock lock(mutex_);
  stopping_ = true;
  wake_.notify_one();
}

void WalSync::written(const std::shared_ptr<File>& file) {
  if (interval_ <= 0 || open_is_dirty_.exchange(true)) return;
  MutexLock lock(mutex_);
  open_ = file;
  dirty_since_ = system_clock().monotonic_nanos();
  wake_.notify_one();
}

void WalSync::ended(std::shared_ptr<File> file) {
  MutexLock lock(mutex_);
  if (open_ == file) {
    open_.reset();
    open_is_dirty_.store(false);
  }
  ended_.push_back(std::move(file));
  wake_.notify_one();
}

void WalSync::finish() {
  MutexLock lock(mutex_);
  while (!idle()) {
    hurried_ = true;
    wake_.notify_one();
    done_.wait(mutex_);
  }
}

// Early enough to be done in time.
int64_t WalSync::left_to_wait() const {
  if (hurried_ || stopping_) return 0;
  const int64_t interval = interval_ * 1'000'000;
  const int64_t due = dirty_since_ + interval - std::min(last_took_, interval / 2);
  return std::max<int64_t>(due - system_clock().monotonic_nanos(), 0);
}

void WalSync::run() {
  for (bool new_names = true;;) {
    std::shared_ptr<File> file;
    {
      MutexLock lock(mutex_);
      syncing_ = false;
      if (idle()) {
        hurried_ = false;
        done_.notify_all();
      }
      for (;;) {
        if (!ended_.empty()) {
          file = std::move(ended_.front());
          ended_.pop_front();
          new_names = true;
          break;
        }
        if (open_ == nullptr && stopping_) return;
        if (open_ == nullptr) {
          wake_.wait(mutex_);
          continue;
        }
        const int64_t left = left_to_wait();
        if (left == 0) {
          file = std::move(open_);
          // What is written from here on asks for a sync of its own.
          open_is_dirty_.store(false);
          break;
        }
        wake_.wait_for(mutex_, std::chrono::nanoseconds(left));
      }
      syncing_ = true;
    }
    sync(*file, std::exchange(new_names, false));
  }
}

// The names of new segments have to survive as well.
void WalSync::sync(File& file, bool new_names) {
  const int64_t start = system_clock().monotonic_nanos();
  try {
    file.sync();
    if (new_names) sync_dir(dir_);
  } catch (const Error& error) {
    failures_.add();
    failed_.store(true, std::memory_order_relaxed);
    log_error(
        "A segment of the write-ahead log cannot be brought to the disk: what was written to it "
        "lately will be lost if the machine stops; check the disk. A new segment is begun",
        "segment", file.path(), "err", error.what());
  }
  const int64_t took = system_clock().monotonic_nanos() - start;
  seconds_.observe(static_cast<double>(took) * 1e-9);
  MutexLock lock(mutex_);
  last_took_ = took;
}

}  // namespace hearth::tsdb
