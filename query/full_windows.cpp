#include "query/full_windows.h"

#include <algorithm>

#include "query/scan.h"

namespace hearth::promql {
namespace {

// What stands in functions that are compiled for several processors.
#define HEARTH_IN_PLACE __attribute__((always_inline)) inline

constexpr size_t kAtOnce = 32;  // windows

// As correct() of each of `count` windows, where falls are many.
HEARTH_IN_PLACE void add_lost(const uint32_t* begin, const uint32_t* end, size_t count,
                              const Falls& falls, double* increase) {
  const uint32_t* const counts = falls.counts();
  const double* const lost = falls.lost();
  uint32_t from[kAtOnce], of[kAtOnce], most = 0;
  for (size_t k = 0; k < count; ++k) {
    from[k] = counts[begin[k]];
    of[k] = counts[end[k] - 1] - from[k];
    most = std::max(most, of[k]);
  }
  for (uint32_t i = 0; i < most; ++i) {
    for (size_t k = 0; k < count; ++k) {
      const double more = increase[k] + lost[size_t{from[k]} + i];
      increase[k] = i < of[k] ? more : increase[k];
    }
  }
}

template <bool kCounter>
HEARTH_IN_PLACE void extrapolate_in(const FullWindows& w, Falls* falls) {
  const bool many = kCounter && falls->counts() != nullptr;
  const double* const v = w.v;
  for (size_t i = w.first, left = w.count, count; left > 0; i += count, left -= count) {
    count = std::min(left, kAtOnce);
    const uint32_t* const begin = w.begin + i;
    const uint32_t* const end = w.end + i;
    double first[kAtOnce], increase[kAtOnce];
    for (size_t k = 0; k < count; ++k) {
      first[k] = v[begin[k]];
      increase[k] = v[end[k] - size_t{1}] - first[k];
    }
    if (many) {
      add_lost(begin, end, count, *falls, increase);
    } else if (kCounter && falls->any(begin[0], end[count - 1])) {
      for (size_t k = 0; k < count; ++k)
        increase[k] = falls->correct(increase[k], begin[k], end[k]);
    }
    uint64_t near = 0;  // zero
    for (size_t k = 0; kCounter && k < count; ++k) {
      near |=
          (increase[k] > 0 ? 1 : 0) & (first[k] >= 0 ? 1 : 0) & (first[k] < increase[k] ? 1 : 0);
    }
    double* const cells = w.cells + i;
    if (near == 0) {
      const double* const plain = w.reaches.plain.data() + i;
      for (size_t k = 0; k < count; ++k) cells[k] = increase[k] * plain[k];
      continue;
    }
    const double* const sampled = w.reaches.sampled.data() + i;
    const double* const to_start = w.reaches.to_start.data() + i;
    const double* const to_end = w.reaches.to_end.data() + i;
    for (size_t k = 0; k < count; ++k) {
      const double to_zero = sampled[k] * (first[k] / increase[k]);
      const double closer = to_zero < to_start[k] ? to_zero : to_start[k];
      const double counted = first[k] >= 0 ? closer : to_start[k];
      const double start = increase[k] > 0 ? counted : to_start[k];
      const double stretched = (sampled[k] + start + to_end[k]) / sampled[k];
      cells[k] = increase[k] * ((sampled[k] == 0 ? 1 : stretched) / w.per_seconds);
    }
  }
}

#if defined(__x86_64__)
#define HEARTH_AVX2 __attribute__((target("avx2")))
#define HEARTH_AVX512 __attribute__((target("avx512f,avx512dq,avx512vl")))
HEARTH_AVX2 void counter_avx2(const FullWindows& w, Falls& falls) {
  extrapolate_in<true>(w, &falls);
}
HEARTH_AVX2 void gauge_avx2(const FullWindows& w) { extrapolate_in<false>(w, nullptr); }
HEARTH_AVX512 void counter_avx512(const FullWindows& w, Falls& falls) {
  extrapolate_in<true>(w, &falls);
}
HEARTH_AVX512 void gauge_avx512(const FullWindows& w) { extrapolate_in<false>(w, nullptr); }

bool has_avx2() {
  static const bool can = __builtin_cpu_supports("avx2");
  return can;
}
bool has_avx512() {
  static const bool can = __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512dq") &&
                          __builtin_cpu_supports("avx512vl");
  return can;
}
#endif

}  // namespace

Falls::Falls(const std::vector<double>& values, std::vector<uint32_t> at)
    : v_(values.data()), samples_(values.size()), at_(std::move(at)) {}

Falls::Falls(const std::vector<double>& values) : v_(values.data()), samples_(values.size()) {
  find_falls(v_, samples_, at_);
}

void Falls::count_if_many() {
  constexpr size_t kMany = 16;  // one of so many samples
  if (at_.size() < samples_ / kMany + 2) return;
  counts_.resize(samples_);
  lost_.resize(2 * at_.size() + 1);
  uint32_t count = 0;
  for (size_t i = 1; i < samples_; ++i) {
    lost_[count] = v_[i - 1];
    count += v_[i] < v_[i - 1] ? 1 : 0;
    counts_[i] = count;
  }
}

void extrapolate_counter(const FullWindows& windows, Falls& falls) {
#if defined(__x86_64__)
  if (has_avx512()) return counter_avx512(windows, falls);
  if (has_avx2()) return counter_avx2(windows, falls);
#endif
  extrapolate_in<true>(windows, &falls);
}

void extrapolate_gauge(const FullWindows& windows) {
#if defined(__x86_64__)
  if (has_avx512()) return gauge_avx512(windows);
  if (has_avx2()) return gauge_avx2(windows);
#endif
  extrapolate_in<false>(windows, nullptr);
}

}  // namespace hearth::promql
