// Numbers as almost all lines have them, read fast.
#pragma once

#include <charconv>
#include <cstdint>

#include "core/clock.h"

namespace hearth {

// Reads a decimal number that is followed by a newline or a space and returns where it ends; nullptr for
// everything else, which may be a number all the same (NaN, +1). Requires: a byte that is part of no
// number follows within the body.
inline const char* read_plain_number(const char* p, const char* end, double& value) {
  static constexpr double kPowers[] = {1e0, 1e1, 1e2,  1e3,  1e4,  1e5,  1e6,  1e7,  1e8,
                                       1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15};
  const auto digit = [](char c) { return static_cast<unsigned>(c) - '0' < 10; };
  const bool negative = *p == '-';
  const char* q = p + negative;
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
