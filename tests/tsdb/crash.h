// A machine that stops at a chosen thing it does to the disk.
#pragma once

#include <atomic>
#include <functional>

#include "core/error.h"
#include "core/file.h"

namespace hearth::tsdb {

// Runs `live`, and `close` after it, on a disk that fails for good at operation number `last`: after one
// half of it where that is a write, every second time. Returns whether it got there.
inline bool live_until(size_t last, const std::function<void()>& live,
                       const std::function<void()>& close) {
  static std::atomic<size_t> operations;
  static std::atomic<bool> died;
  operations = 0;
  died = false;
  set_file_hook([last](FileOp op, const std::string&, size_t* bytes) {
    if (operations++ < last) return;
    if (op == FileOp::kWrite) *bytes = died || last % 2 == 0 ? 0 : *bytes / 2;
    died = true;
    throw Error(ErrorKind::kIo, "the machine has stopped");
  });
  try {
    live();
  } catch (const Error&) {
  }
  close();
  set_file_hook({});
  return died;
}

}  // namespace hearth::tsdb
