// Where a byte stands among the next ones: all places at once, as bits, without a branch.
#pragma once

#include <bit>
#include <cstdint>
#include <cstring>

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

namespace hearth {

// Bit i is set where p[i] is `c`, of 8 bytes: where the processor has nothing wider.
inline uint64_t byte_mask8(const char* p, char c) {
  constexpr uint64_t kEach = 0x0101010101010101, kLower = 0x7f * kEach;
  uint64_t x;
  std::memcpy(&x, p, sizeof x);
  if constexpr (std::endian::native == std::endian::big) x = __builtin_bswap64(x);
  x ^= kEach * static_cast<unsigned char>(c);
  const uint64_t upper = ~(((x & kLower) + kLower) | x | kLower);  // the upper bit of each byte that is `c`
  return (upper >> 7) * 0x0102040810204080 >> 56;
}

inline uint64_t byte_mask16(const char* p, char c) {
#if defined(__SSE2__)
  __m128i bytes;
  std::memcpy(&bytes, p, sizeof bytes);
  return static_cast<uint64_t>(_mm_movemask_epi8(_mm_cmpeq_epi8(bytes, _mm_set1_epi8(c))));
#else
  return byte_mask8(p, c) | byte_mask8(p + 8, c) << 8;
#endif
}

inline uint64_t byte_mask64(const char* p, char c) {
  return byte_mask16(p, c) | byte_mask16(p + 16, c) << 16 | byte_mask16(p + 32, c) << 32 |
         byte_mask16(p + 48, c) << 48;
}

}  // namespace hearth
