// Where lines without an order will be looked up, some lines ahead: the index is fetched while
// others are read.
#pragma once

#include <array>
#include <bit>
#include <cstdint>
#include <cstring>

#include "scraper/line_cache.h"

namespace hearth {

// The last space of [begin, end), mostly within the last 16 bytes; nullptr: there is none.
inline const char* last_space(const char* begin, const char* end) {
  if (end - begin < 16) {
    return static_cast<const char*>(memrchr(begin, ' ', static_cast<size_t>(end - begin)));
  }
  const auto spaces = [](const char* from) {  // the upper bit of each byte that is one
    constexpr uint64_t kLower = 0x7f7f7f7f7f7f7f7f;
    uint64_t x;
    std::memcpy(&x, from, sizeof x);
    if constexpr (std::endian::native == std::endian::big) x = __builtin_bswap64(x);
    x ^= 0x2020202020202020;
    return ~(((x & kLower) + kLower) | x | kLower);
  };
  const uint64_t last = spaces(end - 8), before = spaces(end - 16);
  const uint64_t found = last != 0 ? last : before;
  if (found == 0) {
    return static_cast<const char*>(memrchr(begin, ' ', static_cast<size_t>(end - 16 - begin)));
  }
  return end - (last != 0 ? 8 : 16) + (63 - std::countl_zero(found)) / 8;
}

// One thread.
class LinesAhead {
 public:
  struct Line {
    const char* begin = nullptr;
    const char* end = nullptr;  // of what is looked up: a comment, or all before the last space;
                                // nullptr: nothing is
    uint64_t print = 0;
  };

  // The line at `p`. Requires: p < end.
  const Line& at(const char* p, const char* end, LineWalk& walk) {
    ++next_;
    if (next_ >= count_ || lines_[next_].begin != p) look(p, end, walk);
    return lines_[next_];
  }

 private:
  void look(const char* p, const char* end, LineWalk& walk) {
    next_ = 0;
    for (count_ = 0; count_ < lines_.size() && p < end; ++count_) {
      Line& line = lines_[count_];
      const auto* newline =
          static_cast<const char*>(std::memchr(p, '\n', static_cast<size_t>(end - p)));
      line = {p, newline, 0};
      if (newline != nullptr && *p != '#') line.end = last_space(p, newline);
      if (line.end != nullptr) line.print = walk.print({p, static_cast<size_t>(line.end - p)});
      p = newline == nullptr ? end : newline + 1;
    }
    for (size_t i = 0; i < count_; ++i) walk.prefetch_slot(lines_[i].print);
    for (size_t i = 0; i < count_; ++i) walk.prefetch_entry(lines_[i].print);
  }

  std::array<Line, 16> lines_;
  size_t next_ = 0, count_ = 0;
};

}  // namespace hearth
