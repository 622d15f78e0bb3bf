// How far long work is, and whether somebody wants it to end: a bar on a terminal, now and then a
// line in a pipe, both on standard error.
#pragma once

#include <cstdint>
#include <string>

#include "core/clock.h"

namespace hearth {

// Ctrl-C and SIGTERM are noticed instead of ending the process, from the first Progress on. One
// thread.
class Progress {
 public:
  // `total` in whatever is counted; 0: not known.
  Progress(std::string what, uint64_t total);
  ~Progress();  // takes the bar away

  // Cheap enough for every few thousand steps. Throws Error(kCanceled) once Ctrl-C was pressed.
  void at(uint64_t done, const std::string& detail);

 private:
  const std::string what_;
  const uint64_t total_;
  const bool terminal_;
  TimeMs started_, shown_ = 0;
  bool drawn_ = false;
};

bool interrupted();

}  // namespace hearth
