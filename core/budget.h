// Bytes that a query may use: reserved before they are used, given back when the owner ends.
#pragma once

#include <atomic>
#include <cstddef>
#include <functional>
#include <string>

#include "core/error.h"

namespace hearth {

// Charges go to this budget and all its parents. Thread-safe.
class Budget {
 public:
  // limit_bytes 0 = no limit. `name` goes into the error text. `check` throws when the owner shall
  // end: long work that asks for memory now and then notices it there.
  explicit Budget(size_t limit_bytes, std::string name = "query", Budget* parent = nullptr,
                  std::function<void()> check = {})
      : limit_(limit_bytes), name_(std::move(name)), parent_(parent), check_(std::move(check)) {}
  ~Budget();
  Budget(const Budget&) = delete;
  Budget& operator=(const Budget&) = delete;

  // Throws OverBudget when a limit would be exceeded, or what check() throws; then nothing is
  // charged.
  void charge(size_t bytes);
  void release(size_t bytes);
  // For long work that asks for no memory.
  void check() const {
    if (check_) check_();
  }
  size_t used() const { return used_.load(std::memory_order_relaxed); }
  size_t peak() const { return peak_.load(std::memory_order_relaxed); }
  size_t limit() const { return limit_; }
  const std::string& name() const { return name_; }

 private:
  const size_t limit_;
  const std::string name_;
  Budget* const parent_;
  const std::function<void()> check_;
  std::atomic<size_t> used_{0};
  std::atomic<size_t> peak_{0};
};

// Which budget has no room. Its kind is kExecution.
class OverBudget : public Error {
 public:
  explicit OverBudget(const Budget& budget);
  const Budget& budget() const { return *budget_; }

 private:
  const Budget* budget_;  // lives longer than its charges
};

// Bytes charged as long as this object lives. One thread.
class Charge {
 public:
  explicit Charge(Budget& budget) : budget_(budget) {}
  ~Charge() { budget_.release(bytes_); }
  Charge(const Charge&) = delete;
  Charge& operator=(const Charge&) = delete;

  // Makes the charge at least `bytes`; throws as Budget::charge does.
  void grow_to(size_t bytes) {
    if (bytes <= bytes_) return;
    budget_.charge(bytes - bytes_);
    bytes_ = bytes;
  }
  size_t bytes() const { return bytes_; }

 private:
  Budget& budget_;
  size_t bytes_ = 0;
};

}  // namespace hearth
