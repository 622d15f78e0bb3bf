#include "core/budget.h"

#include <fmt/format.h>

#include "core/error.h"

namespace hearth {

Budget::~Budget() {
  if (parent_ != nullptr) parent_->release(used());
}

void Budget::charge(size_t bytes) {
  const size_t now = used_.fetch_add(bytes, std::memory_order_relaxed) + bytes;
  if (limit_ != 0 && now > limit_) {
    used_.fetch_sub(bytes, std::memory_order_relaxed);
    throw Error(ErrorKind::kExecution,
                fmt::format("{} needs more than its limit of {} bytes of memory; select fewer series, "
                            "a shorter range or a larger step",
                            name_, limit_));
  }
  size_t peak = peak_.load(std::memory_order_relaxed);
  while (now > peak && !peak_.compare_exchange_weak(peak, now, std::memory_order_relaxed)) {
  }
  if (parent_ == nullptr) return;
  try {
    parent_->charge(bytes);
  } catch (...) {
    used_.fetch_sub(bytes, std::memory_order_relaxed);
    throw;
  }
}

void Budget::release(size_t bytes) {
  used_.fetch_sub(bytes, std::memory_order_relaxed);
  if (parent_ != nullptr) parent_->release(bytes);
}

}  // namespace hearth
