// Work done once for several equal parts of a query: what it tells and counts, it tells and counts
// for each of them.
#pragma once

#include <cstdint>
#include <vector>

namespace hearth::promql {

// As long as this lives the calling thread works for a part of the text, and for more that stand so
// much further on; inside of another one, for each of that one's parts.
class Repeats {
 public:
  explicit Repeats(const std::vector<int64_t>& shifts);
  ~Repeats() { current_ = before_; }
  Repeats(const Repeats&) = delete;
  Repeats& operator=(const Repeats&) = delete;

  // Of the calling thread.
  static const std::vector<int64_t>& current();
  static const Repeats* innermost() { return current_; }  // nullptr: none

  // Makes those of another thread the calling one's.
  class Scope {
   public:
    explicit Scope(const Repeats* repeats) : before_(current_) { current_ = repeats; }
    ~Scope() { current_ = before_; }
    Scope(const Scope&) = delete;
    Scope& operator=(const Scope&) = delete;

   private:
    const Repeats* const before_;
  };

 private:
  std::vector<int64_t> all_;
  const Repeats* const before_;
  static thread_local const Repeats* current_;
};

}  // namespace hearth::promql
