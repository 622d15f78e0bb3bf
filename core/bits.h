// Single bits in and out of byte buffers, highest bit first, as Gorilla's compression needs them.
#pragma once

#include <cstdint>
#include <cstring>
#include <string_view>

#include "core/bytes.h"

namespace hearth {

// Reads through a 64-bit window. Past the end it gives zeros and overran() becomes true; no byte
// outside of the buffer is ever touched. The buffer must outlive it. One thread.
class BitReader {
 public:
  explicit BitReader(std::string_view bytes)
      : next_(reinterpret_cast<const uint8_t*>(bytes.data())), end_(next_ + bytes.size()) {}

  // Makes at least 56 bits ready for peek() and skip().
  void refill() {
    if (end_ - next_ >= 8) [[likely]] {
      // The bits of a byte that is only partly taken are or-ed again by the next refill: same bits.
      window_ |= load_be64(next_) >> ready_;
      next_ += (63 - ready_) >> 3;
      ready_ |= 56;
    } else {
      refill_slowly();
    }
  }
  // The next 64 bits, of which the first ready ones are true.
  uint64_t window() const { return window_; }
  // Requires: 1 <= count <= 63 and so many bits are ready.
  uint64_t peek(unsigned count) const { return window_ >> (64 - count); }
  void skip(unsigned count) {
    window_ <<= count;
    ready_ -= count;
  }
  // Requires: 1 <= count <= 64.
  uint64_t read(unsigned count) {
    refill();
    if (count <= 56) return take(count);
    const uint64_t high = take(32);
    refill();
    return high << (count - 32) | take(count - 32);
  }
  bool overran() const { return uint64_t{8} * padding_ > ready_; }
  // Bits of the buffer that were not taken. Requires: it did not overrun.
  uint64_t left() const {
    return uint64_t{8} * static_cast<uint64_t>(end_ - next_) + ready_ - uint64_t{8} * padding_;
  }

 private:
  uint64_t take(unsigned count) {
    const uint64_t bits = peek(count);
    skip(count);
    return bits;
  }
  void refill_slowly() {
    while (ready_ <= 55) {
      if (next_ < end_) {
        window_ |= uint64_t{*next_++} << (56 - ready_);
      } else {
        ++padding_;
      }
      ready_ += 8;
    }
  }

  const uint8_t* next_;
  const uint8_t* end_;
  uint64_t window_ = 0;
  unsigned ready_ = 0;
  uint64_t padding_ = 0;  // zero bytes invented after the end
};

// Writes into a buffer that the caller owns, which has 8 bytes more than what is written. One
// thread.
class BitWriter {
 public:
  // Goes on inside out[0], of which the `used` high bits are taken (at most 7).
  BitWriter(uint8_t* out, unsigned used)
      : out_(out),
        used_(used),
        pending_(used == 0 ? 0 : uint64_t{*out} >> (8 - used) << (64 - used)) {}

  // Requires: 1 <= count <= 64; bits of `value` above `count` are ignored.
  void write(uint64_t value, unsigned count) {
    if (count > 56) {
      put(value >> 32, count - 32);
      count = 32;
    }
    put(value, count);
  }
  // The byte that the next bit goes into, and how many of its bits are taken.
  uint8_t* position() const { return out_; }
  unsigned used() const { return used_; }

 private:
  void put(uint64_t value, unsigned count) {
    pending_ |= value << (64 - count) >> used_;
    const uint64_t swapped = __builtin_bswap64(pending_);
    std::memcpy(out_, &swapped, sizeof swapped);
    used_ += count;
    const unsigned whole = used_ / 8;
    out_ += whole;
    used_ %= 8;
    pending_ <<= whole * 8;
  }

  uint8_t* out_;
  unsigned used_;
  uint64_t pending_;  // the bits of *out_ that are taken, at the top
};

}  // namespace hearth
