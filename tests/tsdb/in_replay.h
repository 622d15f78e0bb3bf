// A way into the middle of a head's replay.
#pragma once

#include <functional>
#include <string_view>
#include <utility>

#include "core/log.h"

namespace hearth::tsdb {

// Calls `work` in the middle of the next replay: when the series are known, and no sample is.
class InReplay {
 public:
  explicit InReplay(std::function<void()> work) {
    work_ = std::move(work);
    set_log_level(LogLevel::kInfo);
    set_log_sink([](std::string_view line) {
      if (line.find("Series of the WAL are known") == std::string_view::npos || !work_) return;
      std::exchange(work_, nullptr)();
    });
  }
  ~InReplay() {
    work_ = nullptr;
    set_log_sink(nullptr);
    set_log_level(LogLevel::kError);
  }
  bool done() const { return !work_; }

 private:
  static inline std::function<void()> work_;
};

}  // namespace hearth::tsdb
