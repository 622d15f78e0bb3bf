// Who brings series into the storage: a target, or remote write. Where memory is short, the one that
// brought most new series is refused first.
#pragma once

#include <atomic>
#include <cstdint>
#include <mutex>
#include <string>

#include "core/metrics.h"

namespace hearth {

// Thread-safe. The counts are kept by the storage.
class SeriesSource {
 public:
  explicit SeriesSource(std::string name) : name_(std::move(name)) {}
  const std::string& name() const { return name_; }  // as the log and the metrics call it

  std::atomic<uint64_t> brought{0};  // new series lately, refused ones too
  std::atomic<int64_t> lately{0};    // the period that `brought` was last brought up to
  std::atomic<uint64_t> refused{0};  // since the start
  std::once_flag shown;              // its metric is there
  Counter refused_total;             // likewise

 private:
  const std::string name_;
};

}  // namespace hearth
