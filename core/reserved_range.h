// A range of addresses that becomes memory from its beginning on: what lies in it never moves.
#pragma once

#include <cstddef>

namespace hearth {

// Only pages that were touched are resident, and discard() gives them back. One thread; what is
// usable may be read and written by any.
class ReservedRange {
 public:
  // Reserves `most` bytes of addresses, or half as many, and so on, down to `least`. Throws
  // std::bad_alloc.
  ReservedRange(size_t most, size_t least);
  ~ReservedRange();
  ReservedRange(const ReservedRange&) = delete;
  ReservedRange& operator=(const ReservedRange&) = delete;

  char* data() const { return data_; }
  size_t size() const { return size_; }
  // So that the bytes before `end` can be used; those that are new are 0. Throws std::bad_alloc.
  // Requires: end <= size().
  void make_usable(size_t end);
  // They are 0 again. Requires: whole pages, usable. Any thread.
  void discard(size_t begin, size_t bytes) const;

 private:
  char* data_ = nullptr;
  size_t size_ = 0;
  size_t usable_ = 0;
};

}  // namespace hearth
