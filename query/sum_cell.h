// What sum() keeps per group and step.
#pragma once

#include <cstddef>

#include "query/kahan.h"
#include "query/rows.h"

namespace hearth::promql {

// Absent until the first value.
struct SumCell {
  KahanSum sum{absent(), 0};

  void add(double value) {
    if (is_absent(sum.sum)) {
      sum.sum = value;
    } else {
      sum.add(value);
    }
  }
  void merge(const SumCell& other) {
    if (is_absent(other.sum.sum)) return;
    if (is_absent(sum.sum)) {
      sum = other.sum;
    } else {
      sum.merge(other.sum);
    }
  }
  // absent() by name: a compiler may add before it selects, and adding changes the pattern.
  double result() const { return is_absent(sum.sum) ? absent() : sum.sum + sum.lost; }
};

// Adds each value that is there to the cell of its step, as wide as the processor can.
void add_row(SumCell* cells, const double* row, size_t steps);

}  // namespace hearth::promql
