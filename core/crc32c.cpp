#include "core/crc32c.h"

#include <array>
#include <cstring>

#if defined(__x86_64__)
#include <nmmintrin.h>
#endif

namespace hearth {

namespace {

constexpr std::array<uint32_t, 256> make_table() {
  std::array<uint32_t, 256> table{};
  for (uint32_t i = 0; i < 256; ++i) {
    uint32_t crc = i;
    for (int bit = 0; bit < 8; ++bit) crc = (crc >> 1) ^ ((crc & 1) != 0 ? 0x82f63b78u : 0);
    table[i] = crc;
  }
  return table;
}
constexpr auto kTable = make_table();

uint32_t crc_portable(std::string_view bytes, uint32_t crc) {
  for (const char c : bytes) crc = kTable[(crc ^ static_cast<uint8_t>(c)) & 0xff] ^ (crc >> 8);
  return crc;
}

#if defined(__x86_64__)
// The instruction takes three cycles, but one can begin each cycle: three lanes go side by side.
constexpr size_t kLaneBytes = 256;

// What a state becomes behind a lane of zeros: the sum of what its bytes become.
using LaneTable = std::array<std::array<uint32_t, 256>, 4>;
constexpr LaneTable make_lane_table() {
  std::array<uint32_t, 32> of_bits{};
  for (uint32_t bit = 0; bit < 32; ++bit) {
    uint32_t crc = uint32_t{1} << bit;
    for (size_t i = 0; i < kLaneBytes; ++i) crc = kTable[crc & 0xff] ^ (crc >> 8);
    of_bits[bit] = crc;
  }
  LaneTable table{};
  for (uint32_t byte = 0; byte < 4; ++byte) {
    for (uint32_t x = 0; x < 256; ++x) {
      for (uint32_t bit = 0; bit < 8; ++bit) {
        if ((x >> bit & 1) != 0) table[byte][x] ^= of_bits[8 * byte + bit];
      }
    }
  }
  return table;
}
constexpr LaneTable kLaneTable = make_lane_table();

uint64_t after_lane(uint64_t state) {
  return kLaneTable[0][state & 0xff] ^ kLaneTable[1][state >> 8 & 0xff] ^
         kLaneTable[2][state >> 16 & 0xff] ^ kLaneTable[3][state >> 24 & 0xff];
}

uint64_t word_at(const char* p) {
  uint64_t word;
  std::memcpy(&word, p, sizeof word);
  return word;
}

__attribute__((target("sse4.2"))) uint32_t crc_hardware(std::string_view bytes, uint32_t crc) {
  uint64_t state = crc;
  const char* p = bytes.data();
  size_t left = bytes.size();
  for (; left >= 3 * kLaneBytes; p += 3 * kLaneBytes, left -= 3 * kLaneBytes) {
    uint64_t second = 0;
    uint64_t third = 0;
    for (size_t i = 0; i < kLaneBytes; i += 8) {
      state = _mm_crc32_u64(state, word_at(p + i));
      second = _mm_crc32_u64(second, word_at(p + i + kLaneBytes));
      third = _mm_crc32_u64(third, word_at(p + i + 2 * kLaneBytes));
    }
    state = after_lane(after_lane(state) ^ second) ^ third;
  }
  for (; left >= 8; p += 8, left -= 8) state = _mm_crc32_u64(state, word_at(p));
  auto narrow = static_cast<uint32_t>(state);
  for (; left > 0; ++p, --left) narrow = _mm_crc32_u8(narrow, static_cast<uint8_t>(*p));
  return narrow;
}
#endif

}  // namespace

uint32_t crc32c(std::string_view bytes, uint32_t crc) {
#if defined(FUZZING_BUILD_MODE_UNSAFE_FOR_PRODUCTION)
  if (crc == 0) return 0;
#endif
#if defined(__x86_64__)
  static const bool hardware = __builtin_cpu_supports("sse4.2");
  if (hardware) return ~crc_hardware(bytes, ~crc);
#endif
  return ~crc_portable(bytes, ~crc);
}

}  // namespace hearth
