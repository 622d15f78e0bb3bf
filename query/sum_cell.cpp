#include "query/sum_cell.h"

#include <cmath>
#include <cstdint>
#include <limits>

namespace hearth::promql {
namespace {

#define HEARTH_IN_PLACE __attribute__((always_inline)) inline

HEARTH_IN_PLACE bool is_finite(double value) {
  return std::fabs(value) <= std::numeric_limits<double>::max();
}

// Many steps without a branch, where all sums are finite; what is absent is not. What a sum loses
// is found as Knuth does, which gives the same as comparing first.
HEARTH_IN_PLACE void add_row_in(SumCell* cells, const double* row, size_t steps) {
  constexpr size_t kAtOnce = 32;
  size_t step = 0;
  for (; step + kAtOnce <= steps; step += kAtOnce) {
    SumCell* const at = cells + step;
    const double* const values = row + step;
    uint64_t odd = 0;
    for (size_t i = 0; i < kAtOnce; ++i) {
      odd |= (is_finite(at[i].sum.sum + values[i]) ? 0 : 1) & (is_absent(values[i]) ? 0 : 1);
    }
    if (odd != 0) {
      for (size_t i = 0; i < kAtOnce; ++i) {
        if (!is_absent(values[i])) at[i].add(values[i]);
      }
      continue;
    }
    for (size_t i = 0; i < kAtOnce; ++i) {
      const KahanSum before = at[i].sum;
      const double total = before.sum + values[i], added = total - before.sum;
      const double lost = before.lost + ((before.sum - (total - added)) + (values[i] - added));
      const bool there = is_finite(total);
      at[i].sum.sum = there ? total : before.sum;
      at[i].sum.lost = there ? lost : before.lost;
    }
  }
  for (; step < steps; ++step) {
    if (!is_absent(row[step])) cells[step].add(row[step]);
  }
}

#if defined(__x86_64__)
__attribute__((target("avx2"))) void add_row_avx2(SumCell* cells, const double* row, size_t steps) {
  add_row_in(cells, row, steps);
}
__attribute__((target("avx512f,avx512dq,avx512vl"))) void add_row_avx512(SumCell* cells,
                                                                         const double* row,
                                                                         size_t steps) {
  add_row_in(cells, row, steps);
}
#endif

}  // namespace

void add_row(SumCell* cells, const double* row, size_t steps) {
#if defined(__x86_64__)
  static const bool avx512 = __builtin_cpu_supports("avx512f") &&
                             __builtin_cpu_supports("avx512dq") &&
                             __builtin_cpu_supports("avx512vl");
  static const bool avx2 = __builtin_cpu_supports("avx2");
  if (avx512) return add_row_avx512(cells, row, steps);
  if (avx2) return add_row_avx2(cells, row, steps);
#endif
  add_row_in(cells, row, steps);
}

}  // namespace hearth::promql
