// The values that operators pass on: a matrix of doubles, one row per series, one column per step.
// A missing point is the ABSENT bit pattern, the stale marker: selection removes markers, and no
// arithmetic makes one. It is tested by integer compare, so that kernels can stay branch-free;
// copying keeps it, arithmetic does not, therefore every kernel selects on its input's absence.
// Native histograms hang in a second, nullable row.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "core/budget.h"
#include "core/histogram.h"
#include "core/sample.h"

namespace hearth::promql {

class Context;

inline double absent() { return stale_marker(); }
inline bool is_absent(double value) { return std::bit_cast<uint64_t>(value) == kStaleBits; }

// [begin, end) of series.
struct Range {
  size_t begin = 0;
  size_t end = 0;
  size_t size() const { return end - begin; }
};

// Histograms are shared, never changed: an operator that changes one makes another.
using HistogramPtr = std::shared_ptr<const FloatHistogram>;

// One thread. Its memory is charged to the query as long as it lives.
class Rows {
 public:
  Rows(Context& context, size_t steps);
  ~Rows();
  Rows(const Rows&) = delete;
  Rows& operator=(const Rows&) = delete;

  // Makes it `count` rows without any point.
  void reset(size_t count);
  // Whoever first puts points into rows, or keeps them, calls it when they are there: they count as
  // samples that the query holds, until the next reset().
  void hold_points();
  void let_go();  // they count elsewhere now

  size_t count() const { return count_; }
  size_t steps() const { return steps_; }
  double* operator[](size_t row) { return cells_.data() + row * steps_; }
  const double* operator[](size_t row) const { return cells_.data() + row * steps_; }

  // One per step, null where there is none; nullptr for a row without histograms. A point is a
  // float or a histogram, never both.
  const HistogramPtr* histograms(size_t row) const {
    return row < histograms_.size() && !histograms_[row].empty() ? histograms_[row].data()
                                                                 : nullptr;
  }
  HistogramPtr* histograms(size_t row) {
    return const_cast<HistogramPtr*>(static_cast<const Rows*>(this)->histograms(row));
  }
  HistogramPtr* make_histograms(size_t row);
  void put(size_t row, size_t step, FloatHistogram histogram);
  void drop_histograms(size_t row) {
    if (row < histograms_.size()) histograms_[row].clear();
  }
  bool has_point(size_t row, size_t step) const {
    if (!is_absent((*this)[row][step])) return true;
    const HistogramPtr* h = histograms(row);
    return h != nullptr && h[step] != nullptr;
  }

  // Replaces row `to` by row `row` of another matrix with as many steps.
  void copy_row(size_t to, const Rows& from, size_t row);

 private:
  Context& context_;
  const size_t steps_;
  size_t count_ = 0;
  size_t held_ = 0;
  size_t histogram_rows_ = 0;  // of all that were made since reset()
  Charge charge_;
  std::vector<double> cells_;
  std::vector<std::vector<HistogramPtr>> histograms_;
};

}  // namespace hearth::promql
