// Numbers as almost all lines have them, read fast.
#pragma once

#include <bit>
#include <charconv>
#include <cstddef>
#include <cstdint>
#include <cstring>

#include "core/clock.h"

namespace hearth {

// The decimal digits at `p`, up to eight. No branches: how many there are differs from line to line, which
// no processor guesses. Requires: eight bytes may be read.
struct Digits {
  uint64_t number;
  uint32_t count;  // 8: there may be more
};
inline Digits read_digits(const char* p) {
  uint64_t x;
  std::memcpy(&x, p, sizeof x);
  if constexpr (std::endian::native == std::endian::big) x = __builtin_bswap64(x);
  x ^= 0x3030303030303030;
  const uint64_t others = (((x & 0x7f7f7f7f7f7f7f7f) + 0x7676767676767676) | x) & 0x8080808080808080;
  const auto count = static_cast<uint32_t>(std::countr_zero(others)) / 8;  // 64 bits / 8 where all are digits
  const uint32_t half = 32 - 4 * count;
  x = x << half << half;  // zeros in front of them
  x = x * 10 + (x >> 8);
  constexpr uint64_t kPairs = 0x000000ff000000ff;
  x = (x & kPairs) * (100 + (uint64_t{1'000'000} << 32)) + (x >> 16 & kPairs) * (1 + (uint64_t{10'000} << 32));
  return {x >> 32, count};
}

inline bool ends_number(char c) { return c == '\n' || c == ' '; }

// Reads digits [. digits] [e [+-] digits] and returns where they end; nullptr where that is no end, or where
// mantissa and power are not both exact, so that one operation rounds correctly.
inline const char* read_decimal(const char* p, double& value) {
  static constexpr uint64_t kShifts[] = {1, 10, 100, 1'000, 10'000, 100'000, 1'000'000, 10'000'000, 100'000'000};
  static constexpr double kPowers[] = {1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,  1e8,  1e9,  1e10, 1e11,
                                       1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};
  uint64_t mantissa = 0;
  const auto digits = [&] {
    const char* const begin = p;
    for (;;) {
      const Digits some = read_digits(p);
      mantissa = mantissa * kShifts[some.count] + some.number;
      p += some.count;
      if (some.count < 8) return p - begin;
    }
  };
  const ptrdiff_t whole = digits();
  ptrdiff_t fraction = 0;
  if (*p == '.') {
    ++p;
    fraction = digits();
  }
  ptrdiff_t exponent = 0;
  if ((*p | 0x20) == 'e') {
    ++p;
    const bool negative = *p == '-';
    if (negative || *p == '+') ++p;
    const Digits power = read_digits(p);
    if (power.count == 0) return nullptr;
    p += power.count;
    exponent = static_cast<ptrdiff_t>(power.number);
    if (negative) exponent = -exponent;
  }
  exponent -= fraction;
  const bool exact = whole > 0 && whole + fraction <= 19 && mantissa >> 53 == 0 && exponent >= -22 && exponent <= 22;
  if (!exact || !ends_number(*p)) return nullptr;
  value = static_cast<double>(mantissa);
  if (exponent < 0) {
    value /= kPowers[-exponent];
  } else {
    value *= kPowers[exponent];
  }
  return p;
}

// Reads a decimal number that is followed by a newline or a space and returns where it ends; nullptr for
// everything else, which may be a number all the same (NaN, +1). Requires: a byte that is part of no
// number follows within the body.
__attribute__((always_inline)) inline const char* read_plain_number(const char* p, const char* end, double& value) {
  const bool negative = *p == '-';
  const char* const begin = p + negative;
  const Digits whole = read_digits(begin);
  const char* after = begin + whole.count;
  if (whole.count != 0 && ends_number(*after)) {
    value = static_cast<double>(whole.number);
  } else {
    if (whole.count == 0) return nullptr;
    after = read_decimal(begin, value);
  }
  if (after != nullptr) {
    if (negative) value = -value;
    return after;
  }
  const auto [behind, error] = std::from_chars(p, end, value);
  return error == std::errc() && ends_number(*behind) ? behind : nullptr;
}

// Reads milliseconds that are followed by a newline; nullptr for everything else.
inline const char* read_plain_time(const char* p, TimeMs& time) {
  const char* const digits = p;
  time = 0;
  while (static_cast<unsigned>(*p) - '0' < 10 && p - digits < 18) time = time * 10 + (*p++ - '0');
  return p > digits && *p == '\n' ? p : nullptr;
}

}  // namespace hearth
