// Memory that is freed all at once: what a query or a parse makes.
#pragma once

#include <cstddef>
#include <cstring>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include "core/budget.h"

namespace hearth {

// Hands out pieces of large blocks; nothing is destroyed, so only trivial types. One thread.
class Arena {
 public:
  // Blocks are charged to `budget` where there is one.
  explicit Arena(Budget* budget = nullptr) : budget_(budget) {}
  ~Arena() {
    if (budget_ != nullptr) budget_->release(charged_);
  }
  Arena(const Arena&) = delete;
  Arena& operator=(const Arena&) = delete;

  void* allocate(size_t bytes, size_t alignment = alignof(std::max_align_t)) {
    size_t start = (used_ + alignment - 1) & ~(alignment - 1);
    if (blocks_.empty() || start + bytes > block_size_) {
      grow(bytes);
      start = 0;
    }
    used_ = start + bytes;
    return blocks_.back().get() + start;
  }
  // Uninitialised.
  template <class T>
  std::span<T> array(size_t count) {
    static_assert(std::is_trivially_destructible_v<T>);
    return {static_cast<T*>(allocate(count * sizeof(T), alignof(T))), count};
  }
  std::string_view copy(std::string_view text) {
    if (text.empty()) return {};
    char* p = static_cast<char*>(allocate(text.size(), 1));
    std::memcpy(p, text.data(), text.size());
    return {p, text.size()};
  }
  size_t bytes() const { return charged_; }

 private:
  void grow(size_t bytes) {
    const size_t next = std::max<size_t>(bytes, blocks_.empty() ? 4096 : 65536);
    if (budget_ != nullptr) budget_->charge(next);
    charged_ += next;
    blocks_.push_back(std::make_unique_for_overwrite<char[]>(next));
    block_size_ = next;
    used_ = 0;
  }
  Budget* budget_;
  std::vector<std::unique_ptr<char[]>> blocks_;
  size_t block_size_ = 0;
  size_t used_ = 0;
  size_t charged_ = 0;
};

}  // namespace hearth
