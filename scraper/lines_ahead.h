// The next lines of a body whose lines have no order, 64 of them at once, one step after another for all:
// where they end, what they begin with, which entry that is, what number they have. What differs from line to
// line is mostly computed, not branched on, as no processor guesses it.
#pragma once

#include <array>
#include <bit>
#include <cmath>
#include <cstdint>
#include <cstring>

#include "scraper/byte_mask.h"
#include "scraper/line_cache.h"
#include "scraper/number.h"

namespace hearth {

// The last space of [begin, end), mostly within the last 16 bytes; nullptr: there is none.
inline const char* last_space(const char* begin, const char* end) {
  const char* rest = end;
  if (end - begin >= 16) {
    rest -= 16;
    const uint64_t spaces = byte_mask16(rest, ' ');
    if (spaces != 0) return rest + 63 - std::countl_zero(spaces);
  }
  return static_cast<const char*>(memrchr(begin, ' ', static_cast<size_t>(rest - begin)));
}

// One body. One thread.
class LinesAhead {
 public:
  struct Line {
    const char* begin;
    const char* newline;
    size_t length;   // of what is looked up: a comment, or all before the last space, or before the one in
                     // front of it where a timestamp follows
    uint32_t place;  // of its entry, or LineIndex::kFree
    bool plain;      // a space, `value` and the newline follow
    double value;
    bool comment() const { return begin + length == newline; }
    const char* end() const { return begin + length; }
  };

  // The line at `p`; nullptr: it does not end before `end`, which is that of the body.
  // Requires: walk.unordered().
  const Line* at(const char* p, const char* end, const LineWalk& walk) {
    while (next_ < count_ && lines_[next_].begin < p) ++next_;
    if (next_ == count_ || lines_[next_].begin != p) look(p, end, walk);
    return next_ < count_ ? &lines_[next_] : nullptr;
  }

 private:
  static constexpr size_t kLines = 64, kBlock = 64;
  static constexpr size_t kPrefetched = 80 * kLines;  // about what is looked at next time

  void look(const char* p, const char* end, const LineWalk& walk) {
    next_ = 0;
    find_newlines(p, end);
    for (size_t i = 0; i < count_; ++i) {
      Line& line = lines_[i];
      line.begin = p;
      set_end(line, *p == '#' ? line.newline : last_space(p, line.newline));
      prints_[i] = walk.print({p, line.length});
      walk.prefetch_slot(prints_[i]);
      p = line.newline + 1;
    }
    for (size_t i = 0; i < count_; ++i) walk.prefetch_entry(prints_[i]);
    read_numbers(end);
    for (size_t i = 0; i < count_; ++i) {
      Line& line = lines_[i];
      line.place = walk.place(prints_[i]);
      if (line.place == LineIndex::kFree && !line.comment()) look_before_number(line, walk);
    }
  }
  static void set_end(Line& line, const char* end) {
    line.length = end == nullptr ? 0 : static_cast<size_t>(end - line.begin);
  }
  static void look_before_number(Line& line, const LineWalk& walk) {
    set_end(line, last_space(line.begin, line.end()));
    line.place = walk.place(walk.print({line.begin, line.length}));
    line.plain = false;
  }

  // They are found by the block, and two of each are written down whether they are there or not.
  void find_newlines(const char* p, const char* end) {
    count_ = 0;
    for (; p < end && count_ < kLines; p += kBlock) {
      __builtin_prefetch(p + kPrefetched);
      uint64_t newlines = byte_mask64(p, '\n');
      do {
        for (int i = 0; i < 2; ++i) {
          lines_[count_].newline = p + std::countr_zero(newlines);
          count_ += newlines != 0;
          newlines &= newlines - 1;
        }
      } while (newlines != 0);
    }
    if (count_ > kLines) count_ = kLines;
    while (count_ > 0 && lines_[count_ - 1].newline >= end) --count_;
  }

  // First as if all were whole and short, then those again that are not.
  void read_numbers(const char* end) {
    uint64_t others = 0;
    for (size_t i = 0; i < count_; ++i) {
      Line& line = lines_[i];
      const char* p = line.end() + 1;
      const bool negative = *p == '-';
      p += negative;
      const Digits digits = read_digits(p);
      line.value = std::copysign(static_cast<double>(digits.number), negative ? -1.0 : 1.0);
      line.plain = (digits.count != 0) & (p + digits.count == line.newline);
      others |= uint64_t{!line.plain} << i;
    }
    for (; others != 0; others &= others - 1) {
      Line& line = lines_[static_cast<size_t>(std::countr_zero(others))];
      line.plain = !line.comment() && read_plain_number(line.end() + 1, end, line.value) == line.newline;
    }
  }

  size_t next_ = 0, count_ = 0;
  std::array<Line, kLines + kBlock + 1> lines_;  // count_ of them
  std::array<uint64_t, kLines> prints_;          // of what is looked up
};

}  // namespace hearth
