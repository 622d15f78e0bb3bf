// What only few series have, kept beside the 64 bytes of each.
#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <vector>

#include "core/mutex.h"
#include "core/sample.h"
#include "tsdb/out_of_order.h"
#include "tsdb/series.h"
#include "tsdb/tombstones.h"

namespace hearth::tsdb {

class HistogramEncoder;

// Guarded by the series' lock.
struct SeriesExtra {
  SeriesExtra();
  ~SeriesExtra();

  bool empty() const { return !histogram && !out_of_order && !metadata && deleted.empty(); }

  std::unique_ptr<HistogramEncoder> histogram;  // the open chunk, where it holds histograms
  std::unique_ptr<OutOfOrderSamples> out_of_order;  // not there when it would be empty
  std::unique_ptr<Metadata> metadata;
  Intervals deleted;  // samples within are left out when the series is read
};

// Thread-safe; what it returns stays until remove().
class SeriesExtras {
 public:
  // nullptr: the series has nothing of that kind.
  SeriesExtra* find(const Series& series) REQUIRES(series.lock) {
    if (series.extra == 0) return nullptr;
    MutexLock lock(mutex_);
    return &extras_[series.extra - 1];
  }
  SeriesExtra& get_or_add(Series& series) REQUIRES(series.lock);
  void remove(Series& series) REQUIRES(series.lock);
  void remove_if_empty(Series& series) REQUIRES(series.lock);

 private:
  Mutex mutex_;
  std::deque<SeriesExtra> extras_ GUARDED_BY(mutex_);  // a deque keeps them in place
  std::vector<uint32_t> unused_ GUARDED_BY(mutex_);    // handles
};

}  // namespace hearth::tsdb
