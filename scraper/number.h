// Numbers as almost all lines have them, read fast.
#pragma once

#include <bit>
#include <charconv>
#include <cmath>
#include <cstdint>
#include <cstring>

#include "core/clock.h"

namespace hearth {

// The decimal digits at `p`, as many as there are below eight. No branches: how many there are differs from
// line to line, which no processor guesses. Requires: eight bytes may be read.
struct Digits {
  uint32_t number;
  uint32_t count;  // 8: there may be more, and `number` is nothing
};
inline Digits read_digits(const char* p) {
  uint64_t x;
  std::memcpy(&x, p, sizeof x);
  if constexpr (std::endian::native == std::endian::big) x = __builtin_bswap64(x);
  x ^= 0x3030303030303030;
  const uint64_t others = (((x & 0x7f7f7f7f7f7f7f7f) + 0x7676767676767676) | x) & 0x8080808080808080;
  const auto count = static_cast<uint32_t>(std::countr_zero(others)) / 8;  // 64 bits / 8 where all are digits
  x = x << 8 << ((56 - 8 * count) & 63);                                   // zeros in front of them
  x = x * 10 + (x >> 8);
  constexpr uint64_t kPairs = 0x000000ff000000ff;
  x = (x & kPairs) * (100 + (uint64_t{1'000'000} << 32)) + (x >> 16 & kPairs) * (1 + (uint64_t{10'000} << 32));
  return {static_cast<uint32_t>(x >> 32), count};
}

// Reads a decimal number that is followed by a newline or a space and returns where it ends; nullptr for
// everything else, which may be a number all the same (NaN, +1). Requires: a byte that is part of no
// number follows within the body.
__attribute__((always_inline)) inline const char* read_plain_number(const char* p, const char* end, double& value) {
  static constexpr double kPowers[] = {1e0, 1e1, 1e2,  1e3,  1e4,  1e5,  1e6,  1e7,  1e8,
                                       1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15};
  const auto digit = [](char c) { return static_cast<unsigned>(c) - '0' < 10; };
  const bool negative = *p == '-';
  const char* q = p + negative;
  if (const Digits whole = read_digits(q); whole.count - 1 < 7) {
    const char* const after = q + whole.count;
    if (*after == '\n' || *after == ' ') {
      value = std::copysign(static_cast<double>(whole.number), negative ? -1.0 : 1.0);
      return after;
    }
    const Digits fraction = read_digits(after + 1);
    const char* const behind = after + 1 + fraction.count;
    if (*after == '.' && fraction.count - 1 < 7 && (*behind == '\n' || *behind == ' ')) {
      const double power = kPowers[fraction.count];
      const double all = (static_cast<double>(whole.number) * power + fraction.number) / power;
      value = std::copysign(all, negative ? -1.0 : 1.0);
      return behind;
    }
  }
  const char* const digits = q;
  uint64_t mantissa = 0;
  while (digit(*q)) mantissa = mantissa * 10 + (static_cast<uint64_t>(*q++) - '0');
  if (q == digits) return nullptr;
  // Up to 15 digits the mantissa and the power are exact, so one division rounds correctly.
  if ((*q == '\n' || *q == ' ') && q - digits <= 18) {
    value = negative ? -static_cast<double>(mantissa) : static_cast<double>(mantissa);
    return q;
  }
  if (*q == '.') {
    const char* const fraction = ++q;
    while (digit(*q)) mantissa = mantissa * 10 + (static_cast<uint64_t>(*q++) - '0');
    if ((*q == '\n' || *q == ' ') && q - digits <= 16) {
      value = static_cast<double>(mantissa) / kPowers[q - fraction];
      if (negative) value = -value;
      return q;
    }
  }
  const auto [after, error] = std::from_chars(p, end, value);
  return error == std::errc() && (*after == '\n' || *after == ' ') ? after : nullptr;
}

// Reads milliseconds that are followed by a newline; nullptr for everything else.
inline const char* read_plain_time(const char* p, TimeMs& time) {
  const char* const digits = p;
  time = 0;
  while (static_cast<unsigned>(*p) - '0' < 10 && p - digits < 18) time = time * 10 + (*p++ - '0');
  return p > digits && *p == '\n' ? p : nullptr;
}

}  // namespace hearth
