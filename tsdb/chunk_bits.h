// The numbers of histogram and XOR2 chunks, which take as many bits as they need
// (docs/formats/chunks.md).
#pragma once

#include <algorithm>
#include <bit>
#include <cstdint>
#include <string>
#include <string_view>

#include "core/bits.h"
#include "core/error.h"

namespace hearth::tsdb {

// Bytes that grow bit by bit. One thread.
class BitBuffer {
 public:
  // Leaves `header` bytes of zero.
  explicit BitBuffer(size_t header = 0) : bytes_(header + kSlack, '\0'), size_(header) {}

  // Requires: 1 <= count <= 64; bits of `value` above `count` are ignored.
  void write(uint64_t value, unsigned count) {
    if (bytes_.size() < size_ + kSlack) bytes_.resize(size_ + size_ / 4 + 2 * kSlack);
    auto* const start = reinterpret_cast<uint8_t*>(bytes_.data());
    BitWriter writer(start + size_, used_);
    writer.write(value, count);
    size_ = static_cast<size_t>(writer.position() - start);
    used_ = writer.used();
  }
  // As the bytes of a varint, plain or zig-zag, wherever the first one begins.
  void write_uvarint(uint64_t x) {
    for (; x >= 0x80; x >>= 7) write(x | 0x80, 8);
    write(x, 8);
  }
  void write_varint(int64_t value) {
    write_uvarint(static_cast<uint64_t>(value) << 1 ^ static_cast<uint64_t>(value >> 63));
  }

  uint8_t byte(size_t position) const { return static_cast<uint8_t>(bytes_[position]); }
  void set_byte(size_t position, uint8_t value) { bytes_[position] = static_cast<char>(value); }
  // All that was written, the last byte filled up with zeros.
  std::string_view bytes() const {
    return std::string_view(bytes_).substr(0, size_ + (used_ != 0 ? 1 : 0));
  }

 private:
  static constexpr size_t kSlack = 24;  // more than one write touches

  std::string bytes_;
  size_t size_;        // whole bytes
  unsigned used_ = 0;  // bits of the byte after them
};

// ---- varbit: a class in unary, then as many bits as it says
// --------------------------------------

inline constexpr uint8_t kVarbitBits[] = {0, 3, 6, 9, 12, 18, 25, 56, 64};
inline constexpr unsigned kLastVarbitClass = 8;  // has no 0 after its ones

inline void write_varbit_class(BitBuffer& out, unsigned width, uint64_t value) {
  const uint64_t ones = (uint64_t{1} << width) - 1;
  if (width == kLastVarbitClass) {
    out.write(ones, width);
    out.write(value, 64);
  } else {
    const unsigned bits = kVarbitBits[width];
    out.write(ones << (bits + 1) | (value & ((uint64_t{1} << bits) - 1)), width + 1 + bits);
  }
}

inline void write_varbit_int(BitBuffer& out, int64_t value) {
  unsigned width = value == 0 ? 0 : 1;
  for (; width != 0 && width < kLastVarbitClass; ++width) {
    const int64_t half = int64_t{1} << (kVarbitBits[width] - 1);
    if (-half < value && value <= half) break;
  }
  write_varbit_class(out, width, static_cast<uint64_t>(value));
}

inline void write_varbit_uint(BitBuffer& out, uint64_t value) {
  unsigned width = 0;
  while (width < kLastVarbitClass && value >> kVarbitBits[width] != 0) ++width;
  write_varbit_class(out, width, value);
}

// Reads the class and returns how many bits follow, of which at most 25 are ready.
inline unsigned read_varbit_class(BitReader& in) {
  in.refill();
  const auto width =
      std::min(static_cast<unsigned>(std::countl_one(in.window())), kLastVarbitClass);
  in.skip(std::min(width + 1, kLastVarbitClass));
  return kVarbitBits[width];
}

inline uint64_t read_varbit_uint(BitReader& in) {
  const unsigned bits = read_varbit_class(in);
  if (bits == 0) return 0;
  if (bits > 25) return in.read(bits);
  const uint64_t value = in.peek(bits);
  in.skip(bits);
  return value;
}

// Two's complement, the upper half taken for negative, the middle not.
inline uint64_t read_varbit_int(BitReader& in) {
  const unsigned bits = read_varbit_class(in);
  if (bits == 0) return 0;
  if (bits == 64) return in.read(64);
  uint64_t value;
  if (bits > 25) {
    value = in.read(bits);
  } else {
    value = in.peek(bits);
    in.skip(bits);
  }
  if (value > uint64_t{1} << (bits - 1)) value -= uint64_t{1} << bits;
  return value;
}

// The bytes of a varint, plain or zig-zag, wherever they begin.
inline uint64_t read_uvarint(BitReader& in) {
  uint64_t x = 0;
  for (unsigned shift = 0; shift < 64; shift += 7) {
    const uint64_t byte = in.read(8);
    x |= (byte & 0x7f) << shift;
    if (byte < 0x80) break;
  }
  return x;
}
inline uint64_t read_varint(BitReader& in) {
  const uint64_t x = read_uvarint(in);
  return x >> 1 ^ (0 - (x & 1));
}

// ---- the XOR of a double with the one before
// -----------------------------------------------------

// The bits that the last new window spared on both sides.
struct XorWindow {
  static constexpr uint8_t kNone = 0xff;
  uint8_t lead = kNone;
  uint8_t trail = 0;

  // Whether the difference fits into the window; moves it where not.
  bool reuse(uint64_t difference) {
    const auto new_lead = static_cast<uint8_t>(std::min(std::countl_zero(difference), 31));
    const auto new_trail = static_cast<uint8_t>(std::countr_zero(difference));
    if (lead != kNone && new_lead >= lead && new_trail >= trail) return true;
    lead = new_lead;
    trail = new_trail;
    return false;
  }
  unsigned significant() const { return 64u - lead - trail; }
};

// Requires: the difference fits into the window. 64 does not fit into six bits and stands as 0.
inline void write_in_window(BitBuffer& out, const XorWindow& window, uint64_t difference) {
  out.write(difference >> window.trail, window.significant());
}
inline void write_new_window(BitBuffer& out, const XorWindow& window, uint64_t difference) {
  out.write(uint64_t{window.lead} << 6 | (window.significant() & 63), 11);
  write_in_window(out, window, difference);
}

inline void write_xor(BitBuffer& out, XorWindow& window, double before, double value) {
  const uint64_t difference = std::bit_cast<uint64_t>(before) ^ std::bit_cast<uint64_t>(value);
  if (difference == 0) {
    out.write(0b0, 1);
  } else if (window.reuse(difference)) {
    out.write(0b10, 2);
    write_in_window(out, window, difference);
  } else {
    out.write(0b11, 2);
    write_new_window(out, window, difference);
  }
}

// A double that is read as differences.
struct XorValue {
  uint64_t bits = 0;
  uint8_t significant = 64;
  uint8_t trail = 0;

  double value() const { return std::bit_cast<double>(bits); }
  void read_in_window(BitReader& in) { bits ^= in.read(significant) << trail; }
  // Throws Error(kCorrupt).
  void read_new_window(BitReader& in) {
    const auto head = static_cast<unsigned>(in.read(11));
    const unsigned lead = head >> 6;
    unsigned count = head & 63;
    if (count == 0) count = 64;
    if (lead + count > 64)
      throw Error(ErrorKind::kCorrupt, "chunk has a value of more than 64 bits");
    significant = static_cast<uint8_t>(count);
    trail = static_cast<uint8_t>(64 - lead - count);
    read_in_window(in);
  }
  void read(BitReader& in) {
    in.refill();
    const uint64_t window = in.window();
    if (window >> 63 == 0) {
      in.skip(1);
      return;
    }
    in.skip(2);
    if (window >> 62 == 0b11) {
      read_new_window(in);
    } else {
      read_in_window(in);
    }
  }
};

}  // namespace hearth::tsdb
