#include "tsdb/ulid.h"

#include <random>

namespace hearth::tsdb {
namespace {

constexpr std::string_view kAlphabet = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
constexpr size_t kTextLength = 26;  // 130 bits, of which the first two are 0

}  // namespace

TimeMs Ulid::time() const {
  TimeMs t = 0;
  for (size_t i = 0; i < 6; ++i) t = t << 8 | bytes[i];
  return t;
}

std::string Ulid::text() const {
  std::string out(kTextLength, '0');
  for (size_t i = 0; i < kTextLength; ++i) {
    unsigned digit = 0;
    for (size_t bit = 5 * i; bit < 5 * i + 5; ++bit) {
      const bool set = bit >= 2 && (bytes[(bit - 2) / 8] >> (7 - (bit - 2) % 8) & 1) != 0;
      digit = digit << 1 | (set ? 1u : 0u);
    }
    out[i] = kAlphabet[digit];
  }
  return out;
}

std::optional<Ulid> parse_ulid(std::string_view text) {
  if (text.size() != kTextLength || text[0] > '7') return std::nullopt;
  Ulid ulid;
  for (size_t i = 0; i < kTextLength; ++i) {
    const char upper = text[i] >= 'a' && text[i] <= 'z' ? static_cast<char>(text[i] - 32) : text[i];
    const size_t digit = kAlphabet.find(upper);
    if (digit == std::string_view::npos) return std::nullopt;
    for (size_t bit = 5 * i; bit < 5 * i + 5; ++bit) {
      if (bit < 2 || (digit >> (4 - (bit - 5 * i)) & 1) == 0) continue;
      ulid.bytes[(bit - 2) / 8] |= static_cast<uint8_t>(1u << (7 - (bit - 2) % 8));
    }
  }
  return ulid;
}

Ulid make_ulid(TimeMs now) {
  Ulid ulid;
  for (size_t i = 0; i < 6; ++i) ulid.bytes[i] = static_cast<uint8_t>(now >> (40 - 8 * i));
  std::random_device random;
  for (size_t i = 6; i < 16; ++i) ulid.bytes[i] = static_cast<uint8_t>(random());
  return ulid;
}

}  // namespace hearth::tsdb
