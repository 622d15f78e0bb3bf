// How far long work is: a bar on a terminal, now and then a line in a pipe, both on standard error.
#pragma once

#include <cstdint>
#include <cstdio>
#include <string>

#include "core/clock.h"

namespace hearth {

// Where it is told.
struct ProgressOutput {
  std::FILE* file = stderr;
  size_t columns = 0;  // of the terminal; 0: it is none
  const Clock* clock = &system_clock();
};
ProgressOutput standard_error_output();

// Ctrl-C and SIGTERM are noticed instead of ending the process, from the first Progress on. One
// thread.
class Progress {
 public:
  // `total` in whatever is counted; 0: not known.
  Progress(std::string what, uint64_t total, ProgressOutput output = standard_error_output());
  ~Progress();  // takes the bar away
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

  // Cheap enough for every few thousand steps. Throws Error(kCanceled) once Ctrl-C was pressed.
  void at(uint64_t done, const std::string& detail);

 private:
  int64_t now_ms() const { return output_.clock->monotonic_nanos() / 1'000'000; }

  const std::string what_;
  const uint64_t total_;
  const ProgressOutput output_;
  int64_t shown_;
  bool drawn_ = false;
};

}  // namespace hearth
