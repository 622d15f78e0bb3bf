// Which commits a reader sees: those that were complete when it began, whole scrapes only.
#pragma once

#include <algorithm>
#include <cstdint>
#include <list>
#include <vector>

#include "core/clock.h"
#include "core/mutex.h"

namespace hearth::tsdb {

// Numbers of commits wrap around; two that are compared are never 2^31 apart. Thread-safe.
class Isolation {
 public:
  using Commit = uint32_t;
  static bool is_before(Commit a, Commit b) { return static_cast<int32_t>(a - b) < 0; }

  struct Begun {
    Commit number;
    Commit settled;  // every reader sees what is before it, also those that open later
  };
  // Not visible to readers made before end().
  Begun begin() {
    MutexLock lock(mutex_);
    commits_.push_back(++last_);
    const bool read = !readers_.empty() && is_before(readers_.front().unseen, commits_.front());
    return {last_, read ? readers_.front().unseen : commits_.front()};
  }
  void end(Commit commit) {
    MutexLock lock(mutex_);
    std::erase(commits_, commit);
    changed_.notify_all();
  }
  struct Progress {
    Commit newest, oldest;  // of those in flight; where there is none both are the last one
    size_t in_flight;
  };
  Progress progress() const {
    MutexLock lock(mutex_);
    return {last_, commits_.empty() ? last_ : commits_.front(), commits_.size()};
  }

  // A reader that is open.
  struct Reader {
    TimeMs from;      // the oldest time that it will read
    uint64_t number;  // in the order in which they were opened
    Commit unseen;    // the first one that it does not see
  };

  // What one reader sees. Immutable; thread-safe.
  class View {
   public:
    bool sees(Commit commit) const {
      return !is_before(last_, commit) &&
             std::find(hidden_.begin(), hidden_.end(), commit) == hidden_.end();
    }

   private:
    friend class Isolation;
    Commit last_ = 0;
    std::vector<Commit> hidden_;
    std::list<Reader>::iterator reader_;
  };
  // Each view is closed once. `from` is the oldest time that it will read.
  View open(TimeMs from) {
    MutexLock lock(mutex_);
    View view;
    view.last_ = last_;
    view.hidden_ = commits_;
    const Commit unseen = commits_.empty() ? last_ + 1 : commits_.front();
    view.reader_ = readers_.insert(readers_.end(), {from, ++last_reader_, unseen});
    return view;
  }
  void close(const View& view) {
    MutexLock lock(mutex_);
    readers_.erase(view.reader_);
    changed_.notify_all();
  }

  // Returns when the commits that had begun before the call have ended.
  void wait_for_commits() {
    MutexLock lock(mutex_);
    const Commit newest = last_;
    while (std::any_of(commits_.begin(), commits_.end(),
                       [&](Commit commit) { return !is_before(newest, commit); })) {
      changed_.wait(mutex_);
    }
  }
  // Returns when no reader is open that reads before `time`.
  void wait_for_readers(TimeMs time) {
    MutexLock lock(mutex_);
    while (std::any_of(readers_.begin(), readers_.end(),
                       [&](const Reader& reader) { return reader.from < time; })) {
      changed_.wait(mutex_);
    }
  }
  // Returns when the readers that are open now are closed.
  void wait_for_present_readers() {
    MutexLock lock(mutex_);
    const uint64_t newest = last_reader_;
    while (!readers_.empty() && readers_.front().number <= newest) changed_.wait(mutex_);
  }

 private:
  mutable Mutex mutex_;
  CondVar changed_;
  Commit last_ GUARDED_BY(mutex_) = 0;
  std::vector<Commit> commits_ GUARDED_BY(mutex_);  // in flight, oldest first
  uint64_t last_reader_ GUARDED_BY(mutex_) = 0;
  std::list<Reader> readers_ GUARDED_BY(mutex_);  // by number, and so by what they do not see
};

}  // namespace hearth::tsdb
