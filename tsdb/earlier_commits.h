// What a series has no room for: how many samples its commits before the newest one appended, while a
// reader may not see them.
#pragma once

#include <algorithm>
#include <cstdint>
#include <unordered_map>
#include <vector>

#include "core/mutex.h"
#include "tsdb/isolation.h"

namespace hearth::tsdb {

struct Series;

// Kept while someone may need it, and few series need it at all: those to which two commits append
// while one reader, or a third commit, goes on. Thread-safe; its lock is taken under a series' lock.
class EarlierCommits {
 public:
  // `commit` appended so many samples to the series, after those that were added before. What came
  // before `settled` is seen by every reader and may be forgotten.
  void add(const Series& series, Isolation::Commit commit, uint32_t samples,
           Isolation::Commit settled) {
    MutexLock lock(mutex_);
    std::vector<Entry>& entries = series_[&series];
    if (!entries.empty() && entries.back().commit == commit) {
      entries.back().samples += samples;
      return;
    }
    entries.push_back({commit, samples});
    if (++size_ >= forget_at_) forget_before(settled);
  }

  // How many samples of the series, counted from the newest of those that were added, `view` does not
  // see: all from the first commit on that it does not see.
  size_t hidden(const Series& series, const Isolation::View& view) const {
    MutexLock lock(mutex_);
    const auto found = series_.find(&series);
    if (found == series_.end()) return 0;
    const auto first = std::find_if(found->second.begin(), found->second.end(),
                                    [&](const Entry& e) { return !view.sees(e.commit); });
    size_t samples = 0;
    for (auto entry = first; entry != found->second.end(); ++entry) samples += entry->samples;
    return samples;
  }

  size_t size() const {
    MutexLock lock(mutex_);
    return size_;
  }

 private:
  struct Entry {
    Isolation::Commit commit;
    uint32_t samples;
  };

  void forget_before(Isolation::Commit settled) REQUIRES(mutex_) {
    size_ = 0;
    for (auto at = series_.begin(); at != series_.end();) {
      std::vector<Entry>& entries = at->second;
      // Commits that overlap may have appended in another order than they began.
      const auto kept = std::find_if(entries.begin(), entries.end(), [&](const Entry& entry) {
        return !Isolation::is_before(entry.commit, settled);
      });
      entries.erase(entries.begin(), kept);
      size_ += entries.size();
      at = entries.empty() ? series_.erase(at) : std::next(at);
    }
    forget_at_ = std::max<size_t>(kForgetAt, 2 * size_);
  }

  static constexpr size_t kForgetAt = 1024;

  mutable Mutex mutex_;
  std::unordered_map<const Series*, std::vector<Entry>> series_ GUARDED_BY(mutex_);
  size_t size_ GUARDED_BY(mutex_) = 0;  // entries
  size_t forget_at_ GUARDED_BY(mutex_) = kForgetAt;
};

}  // namespace hearth::tsdb
