// Runes: Unicode code points in UTF-8, decoded as Go decodes them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace hearth {

inline constexpr char32_t kMaxRune = 0x10ffff;
inline constexpr char32_t kRuneError = 0xfffd;

// An invalid sequence decodes as kRuneError of one byte, valid = false.
struct DecodedRune {
  char32_t rune;
  uint8_t size;
  bool valid;
};
// Requires: text is not empty.
DecodedRune decode_rune(std::string_view text);

// Surrogates and what is above kMaxRune are appended as kRuneError.
void append_rune(std::string& out, char32_t rune);

// unicode.IsPrint: letters, marks, numbers, punctuation, symbols and the ASCII space.
bool is_printable(char32_t rune);

}  // namespace hearth
