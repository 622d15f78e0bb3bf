// Bytes that a query may use: reserved before they are used, given back when the owner ends.
#pragma once

#include <atomic>
#include <cstddef>
#include <string>

namespace hearth {

// Charges go to this budget and all its parents. Thread-safe.
class Budget {
 public:
  // limit_bytes 0 = no limit. `name` goes into the error text.
  explicit Budget(size_t limit_bytes, std::string name = "query", Budget* parent = nullptr)
      : limit_(limit_bytes), name_(std::move(name)), parent_(parent) {}
  ~Budget();
  Budget(const Budget&) = delete;
  Budget& operator=(const Budget&) = delete;

  // Throws Error(kExecution) naming the limit when it would be exceeded; then nothing is charged.
  void charge(size_t bytes);
  void release(size_t bytes);
  size_t used() const { return used_.load(std::memory_order_relaxed); }
  size_t peak() const { return peak_.load(std::memory_order_relaxed); }
  size_t limit() const { return limit_; }

 private:
  const size_t limit_;
  const std::string name_;
  Budget* const parent_;
  std::atomic<size_t> used_{0};
  std::atomic<size_t> peak_{0};
};

}  // namespace hearth
