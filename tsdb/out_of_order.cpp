#include "tsdb/out_of_order.h"

#include <algorithm>
#include <functional>
#include <numeric>

#include "tsdb/columns.h"

namespace hearth::tsdb {
namespace {

bool before(const OutOfOrderSamples::Late& sample, TimeMs t) { return sample.t < t; }

void push(Columns& columns, const OutOfOrderSamples::Late& sample) {
  if (sample.histogram == nullptr) {
    columns.t.push_back(sample.t);
    columns.v.push_back(sample.v);
  } else {
    columns.histogram_t.push_back(sample.t);
    columns.histograms.push_back(*sample.histogram);
  }
}

template <class Value>
void sort_column(Column<Value> column) {
  const std::vector<TimeMs>& t = column.t;
  // Strictly ascending: no two are equal.
  if (std::is_sorted(t.begin(), t.end(), std::less_equal<>())) return;
  std::vector<uint32_t> order(t.size());
  std::iota(order.begin(), order.end(), 0);
  std::stable_sort(order.begin(), order.end(), [&](uint32_t a, uint32_t b) { return t[a] < t[b]; });
  order.erase(std::unique(order.begin(), order.end(),
                          [&](uint32_t a, uint32_t b) { return t[a] == t[b]; }),
              order.end());
  std::vector<TimeMs> sorted_t, sorted_start;
  std::vector<Value> sorted_v;
  sorted_t.reserve(order.size());
  sorted_v.reserve(order.size());
  for (const uint32_t i : order) {
    sorted_t.push_back(t[i]);
    sorted_v.push_back(std::move(column.v[i]));
    forget_reset_hint(sorted_v.back());
    if (!column.start.empty()) sorted_start.push_back(column.start[i]);
  }
  column.swap({sorted_t, sorted_v, sorted_start});
}

}  // namespace

bool OutOfOrderSamples::insert(TimeMs t, double v, const FloatHistogram* histogram) {
  const auto at = run.empty() || run.back().t < t
                      ? run.end()
                      : std::lower_bound(run.begin(), run.end(), t, before);
  if (at != run.end() && at->t == t) return false;
  run.insert(at, {t, v,
                  histogram == nullptr ? nullptr : std::make_unique<FloatHistogram>(*histogram)});
  return true;
}

void OutOfOrderSamples::copy_run(TimeRange range, Columns& out) const {
  for (auto at = std::lower_bound(run.begin(), run.end(), range.min, before);
       at != run.end() && at->t <= range.max; ++at) {
    push(out, *at);
  }
}

TimeRange OutOfOrderSamples::times() const {
  TimeRange times{kMaxTime, kMinTime};
  const auto include = [&](TimeMs min, TimeMs max) {
    times = {std::min(times.min, min), std::max(times.max, max)};
  };
  if (!run.empty()) include(run.front().t, run.back().t);
  for (const SealedChunk& chunk : chunks) include(chunk.min_time(), chunk.max_time());
  return times;
}

std::vector<Columns> split_run(std::span<const OutOfOrderSamples::Late> run) {
  std::vector<Columns> pieces;
  for (size_t start = 0; start < run.size();) {
    const bool floats = run[start].histogram == nullptr;
    Columns& piece = pieces.emplace_back();
    size_t end = start;
    while (end < run.size() && (run[end].histogram == nullptr) == floats &&
           SealedChunk::fits(run[start].t, run[end].t)) {
      push(piece, run[end++]);
    }
    start = end;
  }
  return pieces;
}

void sort_columns(Columns& columns) {
  sort_column(floats_of(columns));
  sort_column(histograms_of(columns));
}

}  // namespace hearth::tsdb
