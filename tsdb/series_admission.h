// Whether new series may come in: known ones always go on, new ones need memory.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>

#include "core/clock.h"
#include "core/memory.h"
#include "core/metrics.h"
#include "core/mutex.h"
#include "core/series_source.h"

namespace hearth::tsdb {

// Above nine tenths of the limit the source that brought most new series is refused first; the less
// memory is left, the more sources are. At the limit all are. `fill`: memory used / limit.
bool refuses_series(double fill, uint64_t brought, uint64_t most_brought);

// Thread-safe.
class SeriesAdmission {
 public:
  // `max_memory` 0: there is no limit. `used` tells the bytes in use.
  SeriesAdmission(uint64_t max_memory, const Clock& clock, Registry& registry,
                  std::function<uint64_t()> used = anonymous_memory);

  // Whether `source` may bring a new series now, which counts as brought. nullptr may always.
  bool admit(SeriesSource* source);

 private:
  double fill();
  uint64_t count(SeriesSource& source);
  void refuse(SeriesSource& source, uint64_t brought);

  const uint64_t max_memory_;
  const Clock& clock_;
  Registry& registry_;
  const std::function<uint64_t()> used_;
  const Gauge used_gauge_;
  const Counter refused_;

  std::atomic<uint32_t> asked_{0};
  std::atomic<uint64_t> used_bytes_{0};
  std::atomic<uint64_t> most_brought_{0};
  std::atomic<int64_t> period_{0};

  Mutex mutex_;
  int64_t logged_at_nanos_ GUARDED_BY(mutex_) = 0;
};

}  // namespace hearth::tsdb
