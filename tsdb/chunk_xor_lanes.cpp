#include "tsdb/chunk_xor_lanes.h"

#if defined(__x86_64__)

#if !defined(__clang__)  // which takes gcc's own undefined values for a mistake of ours
#pragma GCC diagnostic ignored "-Wuninitialized"
#pragma GCC diagnostic ignored "-Wmaybe-uninitialized"
#endif
#include <immintrin.h>

#include <algorithm>
#include <cstring>

namespace hearth::tsdb {
namespace {

#define HEARTH_AVX512 __attribute__((target("avx512f,avx512bw,avx512dq,avx512vl")))
// What stands in the loop: a call would take the lanes out of their registers.
#define HEARTH_AVX512_INLINE HEARTH_AVX512 __attribute__((always_inline)) inline

using Vector = __m512i;
using Mask = __mmask8;

HEARTH_AVX512_INLINE Vector every(uint64_t x) { return _mm512_set1_epi64(static_cast<int64_t>(x)); }

constexpr size_t kGroup = 8;  // lanes of one vector

// What the lanes hold, member by member.
struct Lanes {
  Vector bytes, bit, last_bit, time, delta, value, significant, trail;
};

HEARTH_AVX512 Lanes load(std::span<const XorLane> lanes) {
  alignas(64) uint64_t rows[8][kGroup] = {};
  for (size_t i = 0; i < kGroup; ++i) {
    const XorLane& lane =
        lanes[std::min(i, lanes.size() - 1)];  // what is not used repeats the last
    rows[0][i] = reinterpret_cast<uint64_t>(lane.bytes);
    rows[1][i] = lane.bit;
    rows[2][i] = lane.last_bit();
    rows[3][i] = lane.time;
    rows[4][i] = lane.delta;
    rows[5][i] = lane.value;
    rows[6][i] = lane.significant;
    rows[7][i] = lane.trail;
  }
  const auto row = [&](size_t i) HEARTH_AVX512 { return _mm512_load_si512(rows[i]); };
  return {row(0), row(1), row(2), row(3), row(4), row(5), row(6), row(7)};
}

HEARTH_AVX512 void store(const Lanes& from, std::span<XorLane> lanes) {
  alignas(64) uint64_t rows[6][kGroup];
  _mm512_store_si512(rows[0], from.bit);
  _mm512_store_si512(rows[1], from.time);
  _mm512_store_si512(rows[2], from.delta);
  _mm512_store_si512(rows[3], from.value);
  _mm512_store_si512(rows[4], from.significant);
  _mm512_store_si512(rows[5], from.trail);
  for (size_t i = 0; i < lanes.size(); ++i) {
    lanes[i].bit = rows[0][i];
    lanes[i].time = rows[1][i];
    lanes[i].delta = rows[2][i];
    lanes[i].value = rows[3][i];
    lanes[i].significant = rows[4][i];
    lanes[i].trail = rows[5][i];
  }
}

// a where all bits of `which` are 1, b where they are 0.
HEARTH_AVX512_INLINE Vector choose(Vector which, Vector a, Vector b) {
  return _mm512_ternarylogic_epi64(which, a, b, 0xca);
}

// The 64 bits of each lane from its bit `at` on, of which 57 are true.
HEARTH_AVX512_INLINE Vector words(const Lanes& lanes, Vector at) {
  const Vector address = _mm512_add_epi64(lanes.bytes, _mm512_srli_epi64(at, 3));
  alignas(64) const uint8_t* p[8];
  _mm512_store_si512(p, address);
  const auto word = [&](int i) {
    int64_t bytes;
    std::memcpy(&bytes, p[i], sizeof bytes);
    return bytes;
  };
  const auto pair = [&](int i)
                        HEARTH_AVX512 { return _mm_set_epi64x(word(i + 1), word(i)); };
  const __m256i low = _mm256_inserti128_si256(_mm256_castsi128_si256(pair(0)), pair(2), 1);
  const __m256i high = _mm256_inserti128_si256(_mm256_castsi128_si256(pair(4)), pair(6), 1);
  const Vector raw = _mm512_inserti64x4(_mm512_castsi256_si512(low), high, 1);
  const Vector reversed = _mm512_set4_epi32(0x08090a0b, 0x0c0d0e0f, 0x00010203, 0x04050607);
  return _mm512_sllv_epi64(_mm512_shuffle_epi8(raw, reversed), _mm512_and_si512(at, every(7)));
}

// One sample of each lane. Returns the lanes for which it is not done here; if any, none has moved.
HEARTH_AVX512_INLINE Mask step(Lanes& lanes) {
  const Mask ended = _mm512_cmpge_epu64_mask(lanes.bit, lanes.last_bit);
  if (ended != 0) [[unlikely]]
    return ended;
  Vector bits = words(lanes, lanes.bit);
  Vector used = every(1);
  Vector delta = lanes.delta;
  if (const Mask paced = _mm512_movepi64_mask(bits); paced != 0) {
    const Mask unusual = paced & _mm512_movepi64_mask(_mm512_slli_epi64(bits, 1));
    if (unusual != 0) return unusual;
    const Vector raw = _mm512_srli_epi64(_mm512_slli_epi64(bits, 2), 50);
    const Mask negative = paced & _mm512_cmpgt_epu64_mask(raw, every(1 << 13));
    delta = _mm512_mask_add_epi64(delta, paced, delta, raw);
    delta = _mm512_mask_sub_epi64(delta, negative, delta, every(1 << 14));
    bits = _mm512_mask_slli_epi64(bits, paced, bits, 15);
    used = _mm512_mask_mov_epi64(used, paced, every(16));
  }
  bits = _mm512_slli_epi64(bits, 1);
  const Vector changed = _mm512_srai_epi64(bits, 63);
  const Vector anew = _mm512_and_si512(changed, _mm512_srai_epi64(_mm512_slli_epi64(bits, 1), 63));
  const Vector lead = _mm512_srli_epi64(_mm512_slli_epi64(bits, 2), 59);
  const Vector low = _mm512_srli_epi64(_mm512_slli_epi64(bits, 7), 58);  // 0 means 64
  const Vector counted =
      _mm512_add_epi64(_mm512_and_si512(_mm512_add_epi64(low, every(63)), every(63)), every(1));
  const Vector significant = choose(anew, counted, lanes.significant);
  const Vector trail =
      choose(anew, _mm512_sub_epi64(every(64), _mm512_add_epi64(lead, counted)), lanes.trail);
  const Vector count = _mm512_and_si512(changed, significant);
  const Mask unusual = _mm512_cmpgt_epu64_mask(trail, every(63)) |  // damaged
                       _mm512_cmpgt_epu64_mask(count, every(57));
  if (unusual != 0) [[unlikely]]
    return unusual;
  const Vector head = _mm512_add_epi64(_mm512_sub_epi64(every(1), changed),  // -1 for yes
                                       _mm512_and_si512(anew, every(11)));
  used = _mm512_add_epi64(used, head);
  const Vector next = _mm512_add_epi64(_mm512_add_epi64(lanes.bit, used), count);
  Vector value = _mm512_sllv_epi64(bits, head);
  if (_mm512_cmpgt_epu64_mask(_mm512_add_epi64(used, count), every(57)) != 0) {
    value = words(lanes, _mm512_add_epi64(lanes.bit, used));
  }
  value = _mm512_srlv_epi64(value, _mm512_sub_epi64(every(64), count));
  lanes.value = _mm512_xor_si512(lanes.value, _mm512_sllv_epi64(value, trail));
  lanes.bit = next;
  lanes.delta = delta;
  lanes.time = _mm512_add_epi64(lanes.time, delta);
  lanes.significant = significant;
  lanes.trail = trail;
  return 0;
}

// Eight samples of eight lanes: columns become rows.
HEARTH_AVX512_INLINE void transpose(Vector (&rows)[8]) {
  Vector pairs[8], fours[8];
  for (int i = 0; i < 8; i += 2) {
    pairs[i] = _mm512_unpacklo_epi64(rows[i], rows[i + 1]);
    pairs[i + 1] = _mm512_unpackhi_epi64(rows[i], rows[i + 1]);
  }
  for (int i = 0; i < 2; ++i) {
    for (int half = 0; half < 8; half += 4) {
      fours[half + i] = _mm512_shuffle_i64x2(pairs[half + i], pairs[half + i + 2], 0x88);
      fours[half + i + 2] = _mm512_shuffle_i64x2(pairs[half + i], pairs[half + i + 2], 0xdd);
    }
  }
  for (int i = 0; i < 4; ++i) {
    rows[i] = _mm512_shuffle_i64x2(fours[i], fours[i + 4], 0x88);
    rows[i + 4] = _mm512_shuffle_i64x2(fours[i], fours[i + 4], 0xdd);
  }
}

// The lanes of one vector, and the samples of theirs that are not yet where they belong.
struct Group {
  HEARTH_AVX512 explicit Group(std::span<XorLane> some) : lanes(some), now(load(some)) {}
  // Puts so many samples of each lane to their place.
  HEARTH_AVX512 void put(size_t done) {
    for (size_t i = done; i < kAtOnce; ++i) times[i] = values[i] = every(0);
    transpose(times);
    transpose(values);
    const auto mask = static_cast<Mask>((1u << done) - 1);
    for (size_t i = 0; i < lanes.size(); ++i) {
      _mm512_mask_storeu_epi64(lanes[i].t, mask, times[i]);
      _mm512_mask_storeu_epi64(lanes[i].v, mask, values[i]);
      lanes[i].t += done;
      lanes[i].v += done;
      lanes[i].left -= done;
    }
  }
  static constexpr size_t kAtOnce = 8;
  const std::span<XorLane> lanes;
  Lanes now;
  Vector times[kAtOnce], values[kAtOnce];
};

template <size_t kGroups>
HEARTH_AVX512 uint32_t step_groups(Group (&groups)[kGroups]) {
  uint64_t left = ~uint64_t{0};
  for (const Group& group : groups) {
    for (const XorLane& lane : group.lanes) left = std::min(left, lane.left);
  }
  uint32_t stopped = 0;
  while (stopped == 0 && left > 0) {
    const size_t wanted = std::min<uint64_t>(left, Group::kAtOnce);
    size_t done = 0, ahead = 0;  // groups that are one sample further
    while (stopped == 0 && done < wanted) {
      for (ahead = 0; ahead < kGroups; ++ahead) {
        Group& group = groups[ahead];
        if (const Mask mask = step(group.now); mask != 0) [[unlikely]] {
          stopped = uint32_t{mask} << (ahead * kGroup);
          break;
        }
        group.times[done] = group.now.time;
        group.values[done] = group.now.value;
      }
      if (stopped == 0) ++done;
    }
    for (size_t g = 0; g < kGroups; ++g) groups[g].put(stopped != 0 && g < ahead ? done + 1 : done);
    left -= done;
  }
  uint32_t ended = 0, all = 0;
  for (size_t g = 0; g < kGroups; ++g) {
    store(groups[g].now, groups[g].lanes);
    for (size_t i = 0; i < groups[g].lanes.size(); ++i) {
      all |= 1u << (g * kGroup + i);
      if (groups[g].lanes[i].left == 0) ended |= 1u << (g * kGroup + i);
    }
  }
  return (stopped | ended) & all;
}

}  // namespace

bool has_xor_lanes() {
  static const bool can = __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
                          __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl");
  return can;
}

uint32_t step_lanes(std::span<XorLane> lanes) {
  if (lanes.size() <= kGroup) {
    Group groups[] = {Group(lanes)};
    return step_groups(groups);
  }
  Group groups[] = {Group(lanes.first(kGroup)), Group(lanes.subspan(kGroup))};
  return step_groups(groups);
}

}  // namespace hearth::tsdb

#else

namespace hearth::tsdb {

bool has_xor_lanes() { return false; }
uint32_t step_lanes(std::span<XorLane>) { return ~uint32_t{0}; }

}  // namespace hearth::tsdb

#endif
