// What can be done with one kind of samples of Columns: floats or histograms, with their start
// times.
#pragma once

#include <utility>
#include <vector>

#include "core/storage.h"

namespace hearth::tsdb {

// Lives as long as the Columns that it is of.
template <class Value>
struct Column {
  std::vector<TimeMs>& t;
  std::vector<Value>& v;
  std::vector<TimeMs>& start;  // empty or as long as `t`

  size_t size() const { return t.size(); }
  void swap(Column other) {
    t.swap(other.t);
    v.swap(other.v);
    start.swap(other.start);
  }
};

inline Column<double> floats_of(Columns& c) { return {c.t, c.v, c.start_t}; }
inline Column<FloatHistogram> histograms_of(Columns& c) {
  return {c.histogram_t, c.histograms, c.histogram_start_t};
}

// For a sample that has got another one before it: whether a counter was reset between the two is
// not known any more.
inline void forget_reset_hint(double&) {}
inline void forget_reset_hint(FloatHistogram& h) {
  if (h.counter_reset_hint != CounterResetHint::kGauge)
    h.counter_reset_hint = CounterResetHint::kUnknown;
}

// Takes away what stands behind the first `size` samples.
template <class Value>
void cut_to(Column<Value> column, size_t size) {
  column.t.resize(size);
  column.v.resize(size);
  if (!column.start.empty()) column.start.resize(size);
}

// Leaves the samples whose times keep(t) takes; asks for each, in order.
template <class Value, class Keep>
void keep_if(Column<Value> column, Keep keep) {
  size_t kept = 0;
  bool gap = false;
  for (size_t i = 0; i < column.size(); ++i) {
    if (!keep(column.t[i])) {
      gap = true;
      continue;
    }
    if (kept != i) {
      column.t[kept] = column.t[i];
      column.v[kept] = std::move(column.v[i]);
      if (!column.start.empty()) column.start[kept] = column.start[i];
    }
    if (gap) forget_reset_hint(column.v[kept]);
    gap = false;
    ++kept;
  }
  cut_to(column, kept);
}

}  // namespace hearth::tsdb
