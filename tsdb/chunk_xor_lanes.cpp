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
#define HEARTH_AVX512_QUICK \
  __attribute__((target("avx512f,avx512bw,avx512dq,avx512vl,avx512vbmi2")))

using Vector = __m512i;
using Mask = __mmask8;

HEARTH_AVX512_INLINE Vector every(uint64_t x) { return _mm512_set1_epi64(static_cast<int64_t>(x)); }

constexpr size_t kGroup = 8;  // lanes of one vector

// What the lanes hold, member by member.
struct Lanes {
  Vector bytes, bit, last_bit, free_bit, time, delta, value, significant, trail;
};

HEARTH_AVX512 Lanes load(std::span<const XorLane> lanes) {
  alignas(64) uint64_t rows[9][kGroup] = {};
  for (size_t i = 0; i < kGroup; ++i) {
    const XorLane& lane =
        lanes[std::min(i, lanes.size() - 1)];  // what is not used repeats the last
    rows[0][i] = reinterpret_cast<uint64_t>(lane.bytes);
    rows[1][i] = lane.bit;
    rows[2][i] = lane.last_bit();
    rows[3][i] = lane.free_bit();
    rows[4][i] = lane.time;
    rows[5][i] = lane.delta;
    rows[6][i] = lane.value;
    rows[7][i] = lane.significant;
    rows[8][i] = lane.trail;
  }
  const auto row = [&](size_t i) HEARTH_AVX512 { return _mm512_load_si512(rows[i]); };
  return {row(0), row(1), row(2), row(3), row(4), row(5), row(6), row(7), row(8)};
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

// 128 bits of each lane: the first 64, and those behind them.
struct Words {
  Vector high, low;
  // The 64 bits from bit n < 64 on.
  HEARTH_AVX512_INLINE Vector from(Vector n) const {
    return _mm512_or_si512(_mm512_sllv_epi64(high, n),
                           _mm512_srlv_epi64(low, _mm512_sub_epi64(every(64), n)));
  }
};

// From the byte of that bit on.
HEARTH_AVX512_INLINE Words words(Vector bytes, Vector bit) {
  alignas(64) const __m128i_u* p[kGroup];
  _mm512_store_si512(p, _mm512_add_epi64(bytes, _mm512_srli_epi64(bit, 3)));
  __asm__("" : "+m"(p));  // through memory: taking a vector apart takes longer
  const auto four = [&](size_t i) HEARTH_AVX512 {
    const __m256i low = _mm256_inserti128_si256(_mm256_castsi128_si256(_mm_loadu_si128(p[i])),
                                                _mm_loadu_si128(p[i + 2]), 1);
    const __m256i high = _mm256_inserti128_si256(_mm256_castsi128_si256(_mm_loadu_si128(p[i + 4])),
                                                 _mm_loadu_si128(p[i + 6]), 1);
    return _mm512_inserti64x4(_mm512_castsi256_si512(low), high, 1);
  };
  const Vector even = four(0), odd = four(1);
  const Vector reversed = _mm512_set4_epi32(0x08090a0b, 0x0c0d0e0f, 0x00010203, 0x04050607);
  return {_mm512_shuffle_epi8(_mm512_unpacklo_epi64(even, odd), reversed),
          _mm512_shuffle_epi8(_mm512_unpackhi_epi64(even, odd), reversed)};
}

// One sample of each lane; kSecond: the second one. Adds to `paced` the lanes whose samples do not
// follow at the pace of before. Returns the lanes for which it is not done here; if any, none has
// moved.
template <bool kSecond>
HEARTH_AVX512_INLINE Mask step(Lanes& lanes, Mask& paced) {
  const Mask ended = _mm512_cmpge_epu64_mask(lanes.bit, lanes.last_bit);
  if (ended != 0) [[unlikely]]
    return ended;
  const Words bytes = words(lanes.bytes, lanes.bit);
  const Vector begin = _mm512_and_si512(lanes.bit, every(7));
  Vector bits = bytes.from(begin);
  Vector used = every(kSecond ? 0 : 1);
  Vector delta = lanes.delta;
  if (!kSecond) {
    if (const Mask other = _mm512_movepi64_mask(bits); other != 0) {
      const Mask unusual = other & _mm512_movepi64_mask(_mm512_slli_epi64(bits, 1));
      if (unusual != 0) return unusual;
      paced |= other;
      const Vector raw = _mm512_srli_epi64(_mm512_slli_epi64(bits, 2), 50);
      const Mask negative = other & _mm512_cmpgt_epu64_mask(raw, every(1 << 13));
      delta = _mm512_mask_add_epi64(delta, other, delta, raw);
      delta = _mm512_mask_sub_epi64(delta, negative, delta, every(1 << 14));
      bits = _mm512_mask_slli_epi64(bits, other, bits, 15);
      used = _mm512_mask_mov_epi64(used, other, every(16));
    }
    bits = _mm512_slli_epi64(bits, 1);
  }
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
  const Mask damaged = _mm512_cmpgt_epu64_mask(trail, every(63));
  if (damaged != 0) [[unlikely]]
    return damaged;
  const Vector head = _mm512_add_epi64(_mm512_sub_epi64(every(1), changed),  // -1 for yes
                                       _mm512_and_si512(anew, every(11)));
  used = _mm512_add_epi64(used, head);
  const Vector value = _mm512_srlv_epi64(bytes.from(_mm512_add_epi64(begin, used)),
                                         _mm512_sub_epi64(every(64), count));
  lanes.value = _mm512_xor_si512(lanes.value, _mm512_sllv_epi64(value, trail));
  lanes.bit = _mm512_add_epi64(_mm512_add_epi64(lanes.bit, used), count);
  if (!kSecond) lanes.time = _mm512_add_epi64(lanes.time, delta);
  lanes.delta = delta;
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

// n times at one pace, of which the last is given.
HEARTH_AVX512 void put_times(TimeMs* t, size_t n, uint64_t last, uint64_t delta) {
  const Vector place = _mm512_set_epi64(7, 6, 5, 4, 3, 2, 1, 0);
  Vector times =
      _mm512_add_epi64(every(last - delta * (n - 1)), _mm512_mullo_epi64(place, every(delta)));
  for (; n > kGroup; n -= kGroup, t += kGroup) {
    _mm512_storeu_si512(t, times);
    times = _mm512_add_epi64(times, every(kGroup * delta));
  }
  _mm512_mask_storeu_epi64(t, static_cast<Mask>((1u << n) - 1), times);
}

// The lanes of one vector, and where their samples go. Times are put there late: mostly all of a
// chunk follow at one pace.
struct Group {
  HEARTH_AVX512 explicit Group(std::span<XorLane> some) : lanes(some), now(load(some)) {
    for (size_t i = 0; i < lanes.size(); ++i) {
      t[i] = lanes[i].t;
      v[i] = lanes[i].v;
    }
  }
  // Before the next samples, at most kAtOnce.
  HEARTH_AVX512_INLINE void begin() {
    time_before = now.time;
    delta_before = now.delta;
    paced = 0;
  }
  HEARTH_AVX512_INLINE void take(size_t i) {
    times[i] = now.time;
    values[i] = now.value;
  }
  // Puts the values of `count` samples of each lane to their place, and their times unless those
  // may wait.
  HEARTH_AVX512 void put(size_t count) {
    put_columns(values, v, count);
    if (paced == 0) {
      waiting += count;
    } else {
      put_waiting(time_before, delta_before);
      put_columns(times, t, count);
    }
    done += count;
  }
  template <class T>
  HEARTH_AVX512_INLINE void put_columns(const Vector (&columns)[8], T* const (&to)[kGroup],
                                        size_t count) const {
    const auto mask = static_cast<Mask>((1u << count) - 1);
    Vector rows[8];
    for (size_t i = 0; i < 8; ++i) rows[i] = i < count ? columns[i] : every(0);
    transpose(rows);
    if (lanes.size() == kGroup) {
      for (size_t i = 0; i < kGroup; ++i) _mm512_mask_storeu_epi64(to[i] + done, mask, rows[i]);
    } else {
      for (size_t i = 0; i < lanes.size(); ++i) {
        _mm512_mask_storeu_epi64(to[i] + done, mask, rows[i]);
      }
    }
  }
  // The times that wait, of samples up to that of `last`.
  HEARTH_AVX512 void put_waiting(Vector last, Vector delta) {
    if (waiting == 0) return;
    alignas(64) uint64_t lasts[kGroup], deltas[kGroup];
    _mm512_store_si512(lasts, last);
    _mm512_store_si512(deltas, delta);
    for (size_t i = 0; i < lanes.size(); ++i) {
      put_times(t[i] + done - waiting, waiting, lasts[i], deltas[i]);
    }
    waiting = 0;
  }
  HEARTH_AVX512 void end() {
    put_waiting(now.time, now.delta);
    store(now, lanes);
    for (XorLane& lane : lanes) {
      lane.t += done;
      lane.v += done;
      lane.left -= done;
      if (done > 0) lane.second = false;
    }
  }

  static constexpr size_t kAtOnce = 8;
  const std::span<XorLane> lanes;
  Lanes now;
  TimeMs* t[kGroup];
  double* v[kGroup];
  size_t done = 0, waiting = 0;
  Vector time_before, delta_before;
  Mask paced = 0;
  Vector times[kAtOnce], values[kAtOnce];
};

// The second samples. Returns the lanes that stopped.
template <size_t kGroups>
HEARTH_AVX512 uint32_t step_second(Group (&groups)[kGroups]) {
  uint32_t stopped = 0;
  for (size_t g = 0; g < kGroups; ++g) {
    Group& group = groups[g];
    group.begin();
    if (const Mask mask = step<true>(group.now, group.paced); mask != 0) {
      stopped |= uint32_t{mask} << (g * kGroup);
      continue;
    }
    group.take(0);
    group.paced = 1;  // its time is not that of before and a delta
    group.put(1);
  }
  return stopped;
}

// One sample of each lane at the pace of before, of whose bits `next` has enough. Returns how many
// bits it took. Nothing is looked at on the way: where it was another kind of sample, or a damaged
// one, the highest bit of `odd` is set afterwards.
__attribute__((always_inline)) HEARTH_AVX512_QUICK inline Vector take_quickly(
    const Words& next, Vector& value, Vector& narrow, Vector& trail, Vector& odd) {
  const Vector bits = next.high;
  const Mask changed = _mm512_test_epi64_mask(bits, every(uint64_t{1} << 62));
  const Mask anew = _mm512_mask_test_epi64_mask(changed, bits, every(uint64_t{1} << 61));
  const Vector lead = _mm512_srli_epi64(_mm512_slli_epi64(bits, 3), 59);
  const Vector low = _mm512_srli_epi64(_mm512_slli_epi64(bits, 8), 58);
  narrow = _mm512_mask_and_epi64(narrow, anew, _mm512_sub_epi64(every(0), low), every(63));
  trail = _mm512_mask_sub_epi64(trail, anew, narrow, lead);
  odd = _mm512_ternarylogic_epi64(odd, bits, trail, 0xfe);  // or
  // Of shifts only the low six bits count; the 64 is for the subtraction.
  const Vector head = _mm512_mask_mov_epi64(every(64 + 3), anew, every(64 + 14));
  const Vector found = _mm512_srlv_epi64(_mm512_shldv_epi64(next.high, next.low, head), narrow);
  value = _mm512_mask_xor_epi64(value, changed, value, _mm512_sllv_epi64(found, trail));
  return _mm512_mask_sub_epi64(every(2), changed, head, narrow);
}

enum class Quick { kDone, kTooWide, kOdd };

// `count` samples of each lane, at most kAtOnce, that follow at the pace of before; kEach of them
// are taken of each word, as long as they are not too wide. Other than kDone: nothing has moved.
template <size_t kEach, size_t kGroups>
HEARTH_AVX512_QUICK Quick step_quickly(Group (&groups)[kGroups], size_t count) {
  Vector bit[kGroups], value[kGroups], narrow[kGroups], trail[kGroups];
#pragma GCC unroll 2
  for (size_t g = 0; g < kGroups; ++g) {
    const Lanes& now = groups[g].now;
    if (_mm512_cmpge_epu64_mask(now.bit, now.free_bit) != 0) return Quick::kOdd;
    bit[g] = now.bit;
    value[g] = now.value;
    narrow[g] = _mm512_sub_epi64(every(64), now.significant);
    trail[g] = now.trail;
  }
  // One that another follows may take 63 bits, the shift's most, all of a word 127.
  Vector odd = every(0), most = every(0);
  for (size_t i = 0; i < count; i += kEach) {
#pragma GCC unroll 2
    for (size_t g = 0; g < kGroups; ++g) {
      Words next = words(groups[g].now.bytes, bit[g]);
      const Vector begin = _mm512_and_si512(bit[g], every(7));
      Vector used = begin, all = begin;
#pragma GCC unroll 4
      for (size_t k = 0; k < kEach; ++k) {
        next.high = _mm512_shldv_epi64(next.high, next.low, used);
        next.low = _mm512_sllv_epi64(next.low, used);
        used = take_quickly(next, value[g], narrow[g], trail[g], odd);
        groups[g].values[i + k] = value[g];
        all = _mm512_add_epi64(all, used);
        if (k + 1 < kEach) most = _mm512_max_epu64(most, used);
      }
      bit[g] = _mm512_add_epi64(bit[g], _mm512_sub_epi64(all, begin));
      if (kEach > 1) most = _mm512_max_epu64(most, _mm512_srli_epi64(all, 1));
    }
  }
  if (_mm512_movepi64_mask(odd) != 0) return Quick::kOdd;
  if (_mm512_cmpgt_epu64_mask(most, every(63)) != 0) return Quick::kTooWide;
#pragma GCC unroll 2
  for (size_t g = 0; g < kGroups; ++g) {
    Group& group = groups[g];
    group.now.bit = bit[g];
    group.now.value = value[g];
    group.now.significant = _mm512_sub_epi64(every(64), narrow[g]);
    group.now.trail = trail[g];
    group.now.time =
        _mm512_add_epi64(group.now.time, _mm512_mullo_epi64(group.now.delta, every(count)));
    group.put(count);
  }
  return Quick::kDone;
}

bool has_quick_steps() {
  static const bool can = __builtin_cpu_supports("avx512vbmi2");
  return can;
}

// Takes samples quickly as long as that is worth trying. One thread.
class Quickly {
 public:
  // How many of `left` samples were taken; the groups have begun.
  template <size_t kGroups>
  size_t step(Group (&groups)[kGroups], uint64_t left) {
    if (tries_ == 0) return 0;
    size_t count = std::min<uint64_t>(left, Group::kAtOnce);
    if (two_ && count >= 2) {
      count -= count % 2;
      const Quick quick = step_quickly<2>(groups, count);
      if (quick == Quick::kDone) return count;
      if (quick == Quick::kTooWide) two_ = false;
    }
    if (!two_ || count == 1) {
      if (step_quickly<1>(groups, count) == Quick::kDone) return count;
    }
    --tries_;
    return 0;
  }

 private:
  size_t tries_ = has_quick_steps() ? 3 : 0;
  bool two_ = true;
};

template <size_t kGroups>
HEARTH_AVX512 uint32_t step_groups(Group (&groups)[kGroups]) {
  uint64_t left = ~uint64_t{0};
  for (const Group& group : groups) {
    for (const XorLane& lane : group.lanes) left = std::min(left, lane.left);
  }
  uint32_t stopped = 0;
  if (groups[0].lanes[0].second) {
    stopped = step_second(groups);
    --left;
  }
  Quickly quickly;
  while (stopped == 0 && left > 0) {
    const size_t wanted = std::min<uint64_t>(left, Group::kAtOnce);
    size_t done = 0, ahead = 0;  // groups that are one sample further
    for (Group& group : groups) group.begin();
    if (const size_t taken = quickly.step(groups, left); taken > 0) {
      left -= taken;
      continue;
    }
    while (stopped == 0 && done < wanted) {
      for (ahead = 0; ahead < kGroups; ++ahead) {
        Group& group = groups[ahead];
        if (const Mask mask = step<false>(group.now, group.paced); mask != 0) [[unlikely]] {
          stopped = uint32_t{mask} << (ahead * kGroup);
          break;
        }
        group.take(done);
      }
      if (stopped == 0) ++done;
    }
    for (size_t g = 0; g < kGroups; ++g) groups[g].put(stopped != 0 && g < ahead ? done + 1 : done);
    left -= done;
  }
  uint32_t ended = 0, all = 0;
  for (size_t g = 0; g < kGroups; ++g) {
    groups[g].end();
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
