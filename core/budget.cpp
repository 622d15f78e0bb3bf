#include "core/budget.h"

#include <fmt/format.h>

namespace hearth {

OverBudget::OverBudget(const Budget& budget)
    : Error(ErrorKind::kExecution,
            fmt::format("{} needs more than its limit of {} bytes of memory; select fewer series, "
                        "a shorter range or a larger step",
                        budget.name(), budget.limit())),
      budget_(&budget) {}

Budget::~Budget() {
  if (parent_ != nullptr) parent_->release(used());
}

void Budget::charge(size_t bytes) {
  check();
  const size_t before = used_.fetch_add(bytes, std::memory_order_relaxed);
  const size_t now = before + bytes;
  if (limit_ != 0 && (now > limit_ || now < before)) {
    used_.fetch_sub(bytes, std::memory_order_relaxed);
    throw OverBudget(*this);
  }
  if (parent_ != nullptr) {
    try {
      parent_->charge(bytes);
    } catch (...) {
      used_.fetch_sub(bytes, std::memory_order_relaxed);
      throw;
    }
  }
  size_t peak = peak_.load(std::memory_order_relaxed);
  while (now > peak && !peak_.compare_exchange_weak(peak, now, std::memory_order_relaxed)) {
  }
}

void Budget::release(size_t bytes) {
  used_.fetch_sub(bytes, std::memory_order_relaxed);
  if (parent_ != nullptr) parent_->release(bytes);
}

}  // namespace hearth
