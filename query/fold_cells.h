// What sum, avg, min, max, count, group, stddev and stdvar keep per group and step: empty until the
// first add(). sum's: sum_cell.h.
#pragma once

#include <cmath>
#include <vector>

#include "query/aggregate_histograms.h"
#include "query/ast.h"
#include "query/kahan.h"
#include "query/operator.h"
#include "query/sum_cell.h"

namespace hearth::promql {

struct MeanCell {
  KahanMean mean{0};
  bool seen = false;
  void add(double value) {
    if (seen) {
      mean.add(value);
    } else {
      mean = KahanMean(value);
      seen = true;
    }
  }
  void merge(const MeanCell& other) {
    if (!other.seen) return;
    if (seen) {
      mean.merge(other.mean);
    } else {
      *this = other;
    }
  }
  double result() const { return seen ? mean.mean() : absent(); }
};

template <bool kMax>
struct ExtremeCell {
  double value = absent();
  void add(double v) {
    if (is_absent(value) || std::isnan(value) || (kMax ? value < v : value > v)) value = v;
  }
  void merge(const ExtremeCell& other) {
    if (!is_absent(other.value)) add(other.value);
  }
  double result() const { return value; }
};

struct CountCell {
  double count = 0;
  void add(double) { ++count; }
  void merge(const CountCell& other) { count += other.count; }
  double result() const { return count == 0 ? absent() : count; }
};

struct GroupCell {
  bool seen = false;
  void add(double) { seen = true; }
  void merge(const GroupCell& other) { seen = seen || other.seen; }
  double result() const { return seen ? 1 : absent(); }
};

// Welford's running variance; parts are merged as Chan does.
template <bool kRoot>
struct VarianceCell {
  double count = 0, mean = 0, squares = 0;
  void add(double value) {
    if (++count == 1) {
      mean = value;
      squares = std::isfinite(value) ? 0 : std::nan("");
      return;
    }
    const double delta = value - mean;
    mean += delta / count;
    squares += delta * (value - mean);
  }
  void merge(const VarianceCell& other) {
    if (other.count == 0) return;
    if (count == 0) {
      *this = other;
      return;
    }
    const double all = count + other.count;
    const double delta = other.mean - mean;
    squares += other.squares + delta * delta * (count / all) * other.count;
    mean += delta * (other.count / all);
    count = all;
  }
  double result() const {
    if (count == 0) return absent();
    return kRoot ? std::sqrt(squares / count) : squares / count;
  }
};

// ---- one series of a group

// Adds each value of a row to the cell of its step.
template <class Cell>
void add_row(Cell* cells, const double* row, size_t steps) {
  for (size_t step = 0; step < steps; ++step) {
    if (!is_absent(row[step])) cells[step].add(row[step]);
  }
}

template <class Cell>
void put_results(const Cell* cells, double* results, size_t steps) {
  for (size_t step = 0; step < steps; ++step) results[step] = cells[step].result();
}

// The result of a group that has only this value.
template <class Cell>
double alone(double value) {
  Cell cell;
  cell.add(value);
  return cell.result();
}

// Where the rows of a group go.
template <class Cell>
struct GroupRow {
  Cell* cells;      // nullptr where the group has one series only:
  double* results;  // then its row becomes the result at once
  size_t steps;

  void add(const double* row) const {
    if (cells != nullptr) return add_row(cells, row, steps);
    for (size_t step = 0; step < steps; ++step) {
      results[step] = is_absent(row[step]) ? absent() : alone<Cell>(row[step]);
    }
  }

  // After the floats of the same series; `histograms` gets those that are to be added up.
  void add_histograms(Context& context, AggregateOp op, PosRange pos, const HistogramPtr* row,
                      uint64_t group, uint32_t series,
                      std::vector<GroupedHistogram>& histograms) const {
    for (size_t step = 0; step < steps; ++step) {
      if (row[step] == nullptr) continue;
      switch (op) {
        case AggregateOp::kCount:
        case AggregateOp::kGroup:
          if (cells != nullptr) {
            cells[step].add(1);
          } else {
            results[step] = alone<Cell>(1);
          }
          break;
        case AggregateOp::kSum:
        case AggregateOp::kAvg:
          histograms.push_back({group * steps + step, series, row[step],
                                cells != nullptr && !is_absent(cells[step].result())});
          break;
        default:
          context.annotations.info(histogram_ignored_in_aggregation_text(aggregate_name(op)), pos);
      }
    }
  }
};

}  // namespace hearth::promql
