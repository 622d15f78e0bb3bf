// What readers of the storage could not read, as sentences for the warnings of an answer.
#pragma once

#include <cstddef>
#include <set>
#include <string>
#include <vector>

#include "core/mutex.h"

namespace hearth::tsdb {

// Each is told once, and not too many of them. Thread-safe.
class ReadWarnings {
 public:
  static constexpr size_t kMost = 10;

  void add(std::string text);
  void add_all(const std::vector<std::string>& texts);
  std::vector<std::string> texts() const;

 private:
  mutable Mutex mutex_;
  std::set<std::string> texts_ GUARDED_BY(mutex_);
  bool more_ GUARDED_BY(mutex_) = false;
};

}  // namespace hearth::tsdb
