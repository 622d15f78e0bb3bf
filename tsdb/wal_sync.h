// Brings the segments of a log to the disk, on a thread of its own, while others go on writing.
#pragma once

#include <atomic>
#include <deque>
#include <memory>
#include <string>

#include "core/clock.h"
#include "core/file.h"
#include "core/metrics.h"
#include "core/mutex.h"
#include "core/threads.h"

namespace hearth::tsdb {

// Segments reach the disk in the order in which they ended, and before later ones: what a power cut
// takes is always the end of the log. Thread-safe.
class WalSync {
 public:
  // `interval`: what is written is on its way to the disk at most that much later; 0: only when a
  // segment ends, as Prometheus does it. `seconds` sees each sync, `failed` counts.
  WalSync(std::string dir, DurationMs interval, Observer seconds, Counter failed);
  ~WalSync();  // when all that was told is on the disk

  // There is more in `file`, the open segment. Never waits for the disk.
  void written(const std::shared_ptr<File>& file);
  // Nothing will be written to `file` any more. The segment after it, if any, is there already.
  void ended(std::shared_ptr<File> file);

  // Returns when all that was told before is on the disk, or has failed to get there.
  void finish();

  // Whether a sync has failed since the last call. The kernel may have forgotten what it could not
  // write, and say nothing about it when asked again: begin a new segment.
  bool take_failure() { return failed_.exchange(false, std::memory_order_relaxed); }

 private:
  void run();
  bool idle() const REQUIRES(mutex_) { return ended_.empty() && !open_ && !syncing_; }
  DurationMs left_to_wait() const REQUIRES(mutex_);
  void sync(File& file, bool new_names);

  const std::string dir_;
  const DurationMs interval_;
  const Observer seconds_;
  const Counter failures_;
  std::atomic<bool> open_is_dirty_{false};  // true: `open_` is set, or is just being synced
  std::atomic<bool> failed_{false};

  Mutex mutex_;
  CondVar wake_, done_;
  std::deque<std::shared_ptr<File>> ended_ GUARDED_BY(mutex_);
  std::shared_ptr<File> open_ GUARDED_BY(mutex_);  // with bytes that are not on the disk
  int64_t dirty_since_ GUARDED_BY(mutex_) = 0;     // monotonic nanoseconds
  int64_t last_took_ GUARDED_BY(mutex_) = 0;       // likewise: how long a sync takes
  bool syncing_ GUARDED_BY(mutex_) = false;
  bool hurried_ GUARDED_BY(mutex_) = false;
  bool stopping_ GUARDED_BY(mutex_) = false;
  Pool thread_;  // last: it ends before the rest does
};

}  // namespace hearth::tsdb
