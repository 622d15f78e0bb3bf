#include "query/range_histograms.h"

#include <algorithm>

#include "core/histogram_math.h"
#include "query/extrapolate.h"
#include "query/histogram_notes.h"
#include "query/histogram_totals.h"
#include "query/start_times.h"

namespace hearth::promql {
namespace {

bool is_gauge(const FloatHistogram& h) { return h.counter_reset_hint == CounterResetHint::kGauge; }

void put(FloatHistogram histogram, Rows& out, size_t row, size_t step) {
  out.put(row, step, std::move(histogram));
}

// The increase from the first to the last of the histograms [begin, end), with what was lost at
// resets. nullopt, and told, where they do not go together.
std::optional<FloatHistogram> increase_of(const Windows& w, size_t begin, size_t end,
                                          bool counter) {
  const auto points = std::span(w.samples.histograms).subspan(begin, end - begin);
  const StartTimes starts = histogram_starts(w.samples);
  const auto is_reset = [&](size_t i, const FloatHistogram& before) {
    return (starts.any() && starts.reset_before(begin + i)) || counter_was_reset(points[i], before);
  };
  const std::string_view metric = w.labels.metric_name();
  const FloatHistogram& last = points.back();
  const FloatHistogram* previous = &points.front();
  if (counter && (is_gauge(*previous) || is_gauge(last)))
    warn_not_counter(w.context, metric, w.pos);

  // Of a first sample before a reset nothing counts, so its layout does not matter.
  FloatHistogram nothing;
  if (counter && is_reset(1, *previous)) {
    nothing.schema = points[1].schema;
    nothing.custom_values = points[1].custom_values;
    previous = &nothing;
  }
  const bool custom = uses_custom_buckets(*previous);
  bool mixed = uses_custom_buckets(last) != custom;
  int32_t schema = std::min(last.schema, previous->schema);
  if (counter) {
    for (const FloatHistogram& point : points.subspan(1, points.size() - 2)) {
      if (mixed) break;
      if (is_gauge(point)) warn_not_counter(w.context, metric, w.pos);
      schema = std::min(schema, point.schema);
      mixed = uses_custom_buckets(point) != custom;
    }
  }
  if (mixed) {
    warn_mixed_schemas(w.context, metric, w.pos);
    return std::nullopt;
  }
  FloatHistogram increase = last;
  if (!custom) reduce_resolution(increase, schema);
  const auto merged = subtract(increase, *previous);
  if (!merged) return std::nullopt;
  if (merged->bounds_reconciled) inform_bounds_reconciled(w.context, "subtraction", w.pos);
  if (counter) {
    if (starts.any()) warn_overlap(w, starts, begin, end);
    for (size_t i = 1; i < points.size(); ++i) {
      if (is_reset(i, *previous)) {
        const auto added = add(increase, *previous);
        if (added && added->bounds_reconciled)
          inform_bounds_reconciled(w.context, "addition", w.pos);
      }
      previous = &points[i];
    }
  } else if (!is_gauge(points.front()) || !is_gauge(last)) {
    warn_not_gauge(w.context, metric, w.pos);
  }
  increase.counter_reset_hint = CounterResetHint::kGauge;
  compact(increase);
  return increase;
}

// Adds what the counter had counted at its first sample. false, and told, where that cannot be.
bool add_first(const Windows& w, const FloatHistogram& first, FloatHistogram& increase) {
  const auto added = add(increase, first);
  if (!added) {
    warn_mixed_schemas(w.context, w.labels.metric_name(), w.pos);
    return false;
  }
  if (added->bounds_reconciled) inform_bounds_reconciled(w.context, "addition", w.pos);
  return true;
}

void fold_window(const Windows& w, size_t step, bool mean, Rows& out, size_t row) {
  HistogramTotal total(mean);
  for (uint32_t i = w.histograms.begin[step]; i < w.histograms.end[step]; ++i) {
    if (total.add(w.samples.histograms[i])) continue;
    warn_mixed_schemas(w.context, w.labels.metric_name(), w.pos);
    return;
  }
  total.tell(w.context, w.pos);
  put(total.total(), out, row, step);
}

}  // namespace

void histogram_rate(const Windows& w, size_t step, bool counter, bool per_second, Rows& out,
                    size_t row) {
  w.look_through(step);
  const uint32_t begin = w.histograms.begin[step], end = w.histograms.end[step];
  const auto& h = w.samples.histograms;
  const double per_seconds = per_second ? static_cast<double>(w.range) / 1000 : 0;
  const StartTimes starts = histogram_starts(w.samples);
  const bool from_start = counter && starts.any() && begins_inside(w, step, starts, begin);
  if (end - begin < (from_start ? 1 : 2)) return;
  std::optional<FloatHistogram> increase =
      end - begin < 2 ? std::nullopt : increase_of(w, begin, end, counter);
  if (from_start) {
    if (end - begin < 2) {
      increase = h[begin];
    } else if (!increase || !add_first(w, h[begin], *increase)) {
      return;
    }
    multiply(*increase, factor_from_start(w, step, starts, begin, end, per_seconds));
    put(std::move(*increase), out, row, step);
    return;
  }
  if (!increase) return;
  const auto& t = w.samples.histogram_t;
  const double factor =
      extrapolation_factor(w, step, t[begin], t[end - 1], end - begin,
                           counter ? h[begin].count : -1, increase->count, per_seconds);
  multiply(*increase, factor);
  put(std::move(*increase), out, row, step);
}

void histogram_last_two(const Windows& w, size_t step, bool per_second, Rows& out, size_t row) {
  struct Point {
    TimeMs t;
    const FloatHistogram* histogram;
    size_t at;  // in the samples of its kind
  };
  // The last two of each kind, by time.
  std::vector<Point> points;
  for (size_t i = 1; i <= std::min<size_t>(2, w.floats.size(step)); ++i) {
    const size_t at = w.floats.end[step] - i;
    points.push_back({w.samples.t[at], nullptr, at});
  }
  for (size_t i = 1; i <= std::min<size_t>(2, w.histograms.size(step)); ++i) {
    const size_t at = w.histograms.end[step] - i;
    points.push_back({w.samples.histogram_t[at], &w.samples.histograms[at], at});
  }
  std::stable_sort(points.begin(), points.end(),
                   [](const Point& a, const Point& b) { return a.t > b.t; });
  if (points.size() < 2) return;
  const Point newer = points[0], older = points[1];
  const auto interval = static_cast<double>(newer.t - older.t) / 1000;
  if (interval == 0) return;
  if ((newer.histogram == nullptr) != (older.histogram == nullptr)) {
    w.warn_mixed();
    return;
  }
  if (newer.histogram == nullptr) {
    const double* v = w.samples.v.data() + w.floats.end[step];
    const StartTimes starts = float_starts(w.samples);
    const bool reset = v[-1] < v[-2] || (starts.any() && starts.reset_before(newer.at));
    double change = v[-1];
    if (!per_second || !reset) change -= v[-2];
    out[row][step] = per_second ? change / interval : change;
    return;
  }
  const std::string_view metric = w.labels.metric_name();
  const bool gauges = is_gauge(*newer.histogram) && is_gauge(*older.histogram);
  const bool any_gauge = is_gauge(*newer.histogram) || is_gauge(*older.histogram);
  if (per_second && any_gauge) warn_not_counter(w.context, metric, w.pos);
  if (!per_second && !gauges) warn_not_gauge(w.context, metric, w.pos);
  FloatHistogram change = *newer.histogram;
  const StartTimes starts = histogram_starts(w.samples);
  const bool reset = (starts.any() && starts.reset_before(newer.at)) ||
                     counter_was_reset(*newer.histogram, *older.histogram);
  if (!per_second || !reset) {
    const auto merged = subtract(change, *older.histogram);
    if (!merged) {
      warn_mixed_schemas(w.context, metric, w.pos);
      return;
    }
    if (merged->bounds_reconciled) inform_bounds_reconciled(w.context, "subtraction", w.pos);
  }
  change.counter_reset_hint = CounterResetHint::kGauge;
  compact(change);
  if (per_second) divide(change, interval);
  put(std::move(change), out, row, step);
}

bool histograms_changed(const FloatHistogram& older, const FloatHistogram& newer) {
  return !same_histogram(older, newer);
}

bool histograms_reset(const FloatHistogram& older, const FloatHistogram& newer) {
  return counter_was_reset(newer, older);
}

void histogram_sum_over_time(const Windows& w, size_t step, Rows& out, size_t row) {
  w.look_through(step);
  fold_window(w, step, false, out, row);
}

void histogram_avg_over_time(const Windows& w, size_t step, Rows& out, size_t row) {
  w.look_through(step);
  fold_window(w, step, true, out, row);
}

}  // namespace hearth::promql
