// The start timestamps of the samples of a chunk, one after each sample: nothing as long as they
// stay as they are, then differences (docs/formats/chunks.md).
#pragma once

#include <cstdint>

#include "core/clock.h"
#include "tsdb/chunk_bits.h"

namespace hearth::tsdb {

inline constexpr uint8_t kFirstStartKnown = 0x80;  // of the header byte; its other bits:
inline constexpr uint8_t kStartChangeMask = 0x7f;  // first sample with a difference, 0 = none

// What an encoder must know. One thread.
class StartTimeWriter {
 public:
  // After sample `index`, whose time is `t`, that of the sample before `previous_t`. `header` is
  // the position of the header byte.
  void write(BitBuffer& out, size_t header, size_t index, TimeMs t, TimeMs previous_t,
             TimeMs start) {
    if (index == 0) {
      if (start != 0) {
        out.write_varint(difference(t, start));
        out.set_byte(header, kFirstStartKnown);
      }
    } else if (changes_) {
      const int64_t now = difference(previous_t, start);
      write_varbit_int(out, difference(now, difference_));
      difference_ = now;
    } else if (start != start_ || index == kStartChangeMask) {
      // The header cannot say a later one: from here on each has its difference.
      changes_ = true;
      difference_ = difference(previous_t, start);
      out.set_byte(header, static_cast<uint8_t>(out.byte(header) | index));
      write_varbit_int(out, difference_);
    }
    start_ = start;
  }

 private:
  static int64_t difference(int64_t a, int64_t b) {  // wraps around
    return static_cast<int64_t>(static_cast<uint64_t>(a) - static_cast<uint64_t>(b));
  }
  TimeMs start_ = 0;
  int64_t difference_ = 0;  // of the sample before: the time before it, less its start
  bool changes_ = false;
};

// One thread.
class StartTimeReader {
 public:
  StartTimeReader() = default;
  explicit StartTimeReader(uint8_t header)
      : known_((header & kFirstStartKnown) != 0), change_at_(header & kStartChangeMask) {}

  bool any() const { return known_ || change_at_ != 0; }
  // What stands after sample `index`: its start, 0 where it has none.
  TimeMs read(BitReader& in, size_t index, uint64_t t, uint64_t previous_t) {
    if (index == 0) {
      if (known_) start_ = t - read_varint(in);
    } else if (change_at_ != 0 && index >= change_at_) {
      const uint64_t step = read_varbit_int(in);
      difference_ = index == change_at_ ? step : difference_ + step;
      start_ = previous_t - difference_;
    }
    return static_cast<TimeMs>(start_);
  }

 private:
  bool known_ = false;
  size_t change_at_ = 0;
  uint64_t start_ = 0;
  uint64_t difference_ = 0;
};

}  // namespace hearth::tsdb
