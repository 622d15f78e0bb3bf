#include "query/scan.h"

#include <algorithm>
#include <bit>

#include "core/sample.h"
#include "query/rows.h"

namespace hearth::promql {
namespace {

// What stands in functions that are compiled for several processors.
#define HEARTH_IN_PLACE __attribute__((always_inline)) inline

HEARTH_IN_PLACE bool is(double value, uint64_t bits) {
  return std::bit_cast<uint64_t>(value) == bits;
}

// One branch for so many values.
constexpr size_t kAtOnce = 32;

HEARTH_IN_PLACE size_t find_stale_in(const double* values, size_t count) {
  size_t i = 0;
  for (; i + kAtOnce <= count; i += kAtOnce) {
    uint64_t any = 0;
    for (size_t k = 0; k < kAtOnce; ++k) any |= is(values[i + k], kStaleBits) ? 1 : 0;
    if (any != 0) break;
  }
  while (i < count && !is(values[i], kStaleBits)) ++i;
  return i;
}

HEARTH_IN_PLACE size_t count_absent_in(const double* values, size_t count) {
  uint64_t found = 0;
  for (size_t i = 0; i < count; ++i) found += is(values[i], kStaleBits) ? 1 : 0;
  return found;
}

template <bool kUp>
HEARTH_IN_PLACE bool keeps_to(double value, double bar) {
  return kUp ? value <= bar : value >= bar;
}

template <bool kUp>
HEARTH_IN_PLACE size_t count_to_in(const double* values, const double* bars, size_t count) {
  if (count > 0 && !keeps_to<kUp>(values[0], bars[0])) return 0;
  size_t i = 0;
  for (; i + kAtOnce <= count; i += kAtOnce) {
    uint64_t beyond = 0;
    for (size_t k = 0; k < kAtOnce; ++k) {
      beyond |= keeps_to<kUp>(values[i + k], bars[i + k]) ? 0 : 1;
    }
    if (beyond != 0) break;
  }
  while (i < count && keeps_to<kUp>(values[i], bars[i])) ++i;
  return i;
}

HEARTH_IN_PLACE void find_falls_in(const double* values, size_t count, std::vector<uint32_t>& at) {
  for (size_t i = 1; i < count; i += kAtOnce) {
    const size_t end = std::min(count, i + kAtOnce);
    uint64_t any = 0;
    if (end == i + kAtOnce) {
      for (size_t k = 0; k < kAtOnce; ++k) any |= values[i + k] < values[i + k - 1] ? 1 : 0;
      if (any == 0) continue;
    }
    // Of gauges, half of them may: no branch foresees which.
    size_t found = at.size();
    at.resize(found + kAtOnce);
    for (size_t k = i; k < end; ++k) {
      at[found] = static_cast<uint32_t>(k);
      found += values[k] < values[k - 1] ? 1 : 0;
    }
    at.resize(found);
  }
}

#if defined(__x86_64__)
#define HEARTH_AVX2 __attribute__((target("avx2")))

HEARTH_AVX2 size_t find_stale_avx2(const double* values, size_t count) {
  return find_stale_in(values, count);
}
HEARTH_AVX2 size_t count_absent_avx2(const double* values, size_t count) {
  return count_absent_in(values, count);
}
HEARTH_AVX2 size_t count_up_to_avx2(const double* values, const double* bars, size_t count) {
  return count_to_in<true>(values, bars, count);
}
HEARTH_AVX2 size_t count_down_to_avx2(const double* values, const double* bars, size_t count) {
  return count_to_in<false>(values, bars, count);
}
HEARTH_AVX2 void find_falls_avx2(const double* values, size_t count, std::vector<uint32_t>& at) {
  find_falls_in(values, count, at);
}

bool has_avx2() {
  static const bool can = __builtin_cpu_supports("avx2");
  return can;
}
#endif

}  // namespace

size_t find_stale(const double* values, size_t count) {
#if defined(__x86_64__)
  if (has_avx2()) return find_stale_avx2(values, count);
#endif
  return find_stale_in(values, count);
}

size_t count_absent(const double* values, size_t count) {
#if defined(__x86_64__)
  if (has_avx2()) return count_absent_avx2(values, count);
#endif
  return count_absent_in(values, count);
}

size_t count_up_to(const double* values, const double* bars, size_t count) {
#if defined(__x86_64__)
  if (has_avx2()) return count_up_to_avx2(values, bars, count);
#endif
  return count_to_in<true>(values, bars, count);
}

size_t count_down_to(const double* values, const double* bars, size_t count) {
#if defined(__x86_64__)
  if (has_avx2()) return count_down_to_avx2(values, bars, count);
#endif
  return count_to_in<false>(values, bars, count);
}

void find_falls(const double* values, size_t count, std::vector<uint32_t>& at) {
#if defined(__x86_64__)
  if (has_avx2()) return find_falls_avx2(values, count, at);
#endif
  find_falls_in(values, count, at);
}

}  // namespace hearth::promql
