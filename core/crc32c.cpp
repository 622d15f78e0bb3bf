#include "core/crc32c.h"

#include <array>
#include <cstring>

#if defined(__x86_64__)
#include <immintrin.h>
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

// Chunks of a block are some hundreds of bytes: of these, products of polynomials take in 256 at
// once.
constexpr size_t kWideBytes = 256;

// x^n modulo the polynomial, as what carry-less products of mirrored numbers are made with.
constexpr uint64_t power(uint64_t n) {
  uint32_t crc = 0x80000000;
  for (; n > 0; --n) crc = (crc >> 1) ^ ((crc & 1) != 0 ? 0x82f63b78u : 0);
  return uint64_t{crc} << 32;
}

#define HEARTH_WIDE __attribute__((target("avx512f,vpclmulqdq,sse4.2")))

// What 64 bytes become `kBits` further on, with those that stand there.
template <uint64_t kBits>
HEARTH_WIDE __attribute__((always_inline)) inline __m512i fold(__m512i before, __m512i there) {
  constexpr auto kFirst = static_cast<int64_t>(power(kBits + 63));
  constexpr auto kSecond = static_cast<int64_t>(power(kBits - 1));
  const __m512i by = _mm512_set4_epi64(kSecond, kFirst, kSecond, kFirst);
  const __m512i first = _mm512_clmulepi64_epi128(before, by, 0x00);
  const __m512i second = _mm512_clmulepi64_epi128(before, by, 0x11);
  return _mm512_ternarylogic_epi64(first, second, there, 0x96);  // exclusive or
}

// Takes in as many bytes as are a multiple of 64, at least kWideBytes.
HEARTH_WIDE uint32_t crc_wide(std::string_view& bytes, uint32_t crc) {
  const char* p = bytes.data();
  const char* const end = p + bytes.size() / 64 * 64;
  __m512i sums[4];
  for (size_t i = 0; i < 4; ++i) sums[i] = _mm512_loadu_si512(p + 64 * i);
  sums[0] =
      _mm512_xor_si512(sums[0], _mm512_zextsi128_si512(_mm_cvtsi32_si128(static_cast<int>(crc))));
  for (p += kWideBytes; end - p >= static_cast<std::ptrdiff_t>(kWideBytes); p += kWideBytes) {
    for (size_t i = 0; i < 4; ++i) {
      sums[i] = fold<8 * kWideBytes>(sums[i], _mm512_loadu_si512(p + 64 * i));
    }
  }
  __m512i sum = sums[0];
  for (size_t i = 1; i < 4; ++i) sum = fold<512>(sum, sums[i]);
  for (; p != end; p += 64) sum = fold<512>(sum, _mm512_loadu_si512(p));
  bytes.remove_prefix(static_cast<size_t>(end - bytes.data()));
  uint64_t words[8], state = 0;
  _mm512_storeu_si512(words, sum);
  for (const uint64_t word : words) state = _mm_crc32_u64(state, word);
  return static_cast<uint32_t>(state);
}

bool has_wide() {
  static const bool can = __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("vpclmulqdq");
  return can;
}

__attribute__((target("sse4.2"))) uint32_t crc_hardware(std::string_view bytes, uint32_t crc) {
  if (bytes.size() >= kWideBytes && has_wide()) crc = crc_wide(bytes, crc);
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
