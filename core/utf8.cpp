#include "core/utf8.h"

namespace hearth {

DecodedRune decode_rune(std::string_view text) {
  const auto at = [&](size_t i) { return static_cast<uint8_t>(text[i]); };
  const uint8_t first = at(0);
  if (first < 0x80) return {first, 1, true};
  constexpr DecodedRune kInvalid{kRuneError, 1, false};
  const uint8_t size = first < 0xc2   ? 0
                       : first < 0xe0 ? 2
                       : first < 0xf0 ? 3
                       : first < 0xf5 ? 4
                                      : 0;
  if (size == 0 || text.size() < size) return kInvalid;
  // The second byte's range excludes overlong forms, surrogates and what is above kMaxRune.
  const uint8_t low = first == 0xe0 ? 0xa0 : first == 0xf0 ? 0x90 : 0x80;
  const uint8_t high = first == 0xed ? 0x9f : first == 0xf4 ? 0x8f : 0xbf;
  if (at(1) < low || at(1) > high) return kInvalid;
  char32_t rune = first & (0x7fu >> size);
  rune = rune << 6 | (at(1) & 0x3fu);
  for (size_t i = 2; i < size; ++i) {
    if ((at(i) & 0xc0u) != 0x80) return kInvalid;
    rune = rune << 6 | (at(i) & 0x3fu);
  }
  return {rune, size, true};
}

void append_rune(std::string& out, char32_t rune) {
  if (rune > kMaxRune || (rune >= 0xd800 && rune <= 0xdfff)) rune = kRuneError;
  const auto tail = [&](int shift) { out += static_cast<char>(0x80 | (rune >> shift & 0x3f)); };
  if (rune < 0x80) {
    out += static_cast<char>(rune);
  } else if (rune < 0x800) {
    out += static_cast<char>(0xc0 | rune >> 6);
    tail(0);
  } else if (rune < 0x10000) {
    out += static_cast<char>(0xe0 | rune >> 12);
    tail(6);
    tail(0);
  } else {
    out += static_cast<char>(0xf0 | rune >> 18);
    tail(12);
    tail(6);
    tail(0);
  }
}

}  // namespace hearth
