#include "query/interpolate.h"

#include <algorithm>

#include "core/histogram_math.h"
#include "query/histogram_notes.h"

namespace hearth::promql {
namespace {

// The samples of one window that count: from the last at or before the range, or the first inside,
// to the first at or after its end (smoothed), or the last inside.
struct Span {
  TimeMs range_start, range_end;
  size_t first, last;
  bool valid;
};

Span span_of(const Windows& w, size_t step, const TimeMs* t, size_t count) {
  Span span{subtract_time(w.instants.at(step), w.range), w.instants.at(step), 0, count - 1, false};
  const bool smoothed = w.modifier == SelectorModifier::kSmoothed;
  const auto inside = static_cast<size_t>(std::upper_bound(t, t + span.last, span.range_start) - t);
  span.first = inside == 0 ? 0 : inside - 1;
  if (smoothed) {
    span.last = static_cast<size_t>(std::lower_bound(t, t + span.last, span.range_end) - t);
  }
  span.valid = t[span.last] > span.range_start && !(smoothed && t[span.first] > span.range_end);
  return span;
}

std::optional<double> float_increase(const Windows& w, size_t step, bool counter) {
  const TimeMs* t = w.samples.t.data() + w.floats.begin[step];
  const double* v = w.samples.v.data() + w.floats.begin[step];
  const Span span = span_of(w, step, t, w.floats.size(step));
  if (!span.valid) return std::nullopt;
  const bool smoothed = w.modifier == SelectorModifier::kSmoothed;
  const size_t first = span.first, last = span.last;
  double left = v[first], right = v[last];
  if (smoothed && t[first] < span.range_start) {
    left = interpolate(t[first], v[first], t[first + 1], v[first + 1], span.range_start, counter);
  }
  if (smoothed && last > 0 && t[last] > span.range_end) {
    right = interpolate(t[last - 1], v[last - 1], t[last], v[last], span.range_end, counter);
  }
  double increase = right - left;
  if (!counter) return increase;
  double before = left;
  for (size_t i = first; i <= last; ++i) {
    if (t[i] <= span.range_start || t[i] >= span.range_end) continue;  // the ends stand for these
    if (v[i] < before) increase += before;
    before = v[i];
  }
  if (right < before) increase += before;
  return increase;
}

// One thread; of one window of histograms only.
class HistogramIncrease {
 public:
  HistogramIncrease(const Windows& w, size_t step, bool counter)
      : w_(w),
        counter_(counter),
        t_(w.samples.histogram_t.data() + w.histograms.begin[step]),
        h_(w.samples.histograms.data() + w.histograms.begin[step]),
        span_(span_of(w, step, t_, w.histograms.size(step))) {}

  // nullopt, and told, where histograms do not go together.
  std::optional<FloatHistogram> compute() {
    if (!span_.valid || !check()) return std::nullopt;
    const auto left = edge(true), right = edge(false);
    if (!left || !right) return std::nullopt;
    const auto is_gauge = [](const FloatHistogram& h) {
      return h.counter_reset_hint == CounterResetHint::kGauge;
    };
    if (!counter_ && !(is_gauge(*left) && is_gauge(*right))) {
      warn_not_gauge(w_.context, w_.labels.metric_name(), w_.pos);
    }
    FloatHistogram increase = *right;
    const auto merged = subtract(increase, *left);
    if (!merged) return mixed();
    if (merged->bounds_reconciled) inform_bounds_reconciled(w_.context, "subtraction", w_.pos);
    if (counter_ && !correct(*left, *right, increase)) return mixed();
    return increase;
  }

 private:
  bool smoothed() const { return w_.modifier == SelectorModifier::kSmoothed; }

  std::optional<FloatHistogram> mixed() {
    warn_mixed_schemas(w_.context, w_.labels.metric_name(), w_.pos);
    return std::nullopt;
  }

  bool check() {
    for (size_t i = span_.first; i <= span_.last; ++i) {
      if (uses_custom_buckets(h_[i]) != uses_custom_buckets(h_[span_.first])) {
        mixed();
        return false;
      }
      if (counter_ && h_[i].counter_reset_hint == CounterResetHint::kGauge) {
        warn_not_counter(w_.context, w_.labels.metric_name(), w_.pos);
      }
    }
    return true;
  }

  std::optional<FloatHistogram> edge(bool left) {
    const size_t at = left ? span_.first : span_.last;
    const TimeMs t = left ? span_.range_start : span_.range_end;
    const bool between = smoothed() && (left ? t_[at] < t : at > 0 && t_[at] > t);
    if (!between) return h_[at];
    const size_t older = left ? at : at - 1;
    auto found = interpolate(w_.context, w_.pos, t_[older], h_[older], t_[older + 1], h_[older + 1],
                             t, counter_);
    return found ? found : mixed();
  }

  // Adds what was lost at resets between the edges.
  bool correct(const FloatHistogram& left, const FloatHistogram& right, FloatHistogram& increase) {
    size_t next = span_.first + 1;
    const FloatHistogram* before = &left;
    if (smoothed() && t_[span_.first] < span_.range_start &&
        counter_was_reset(h_[span_.first + 1], h_[span_.first])) {
      before = &h_[next++];  // the left edge lies behind this reset already
    }
    if (next > span_.last) return true;
    const auto lost_before = [&](const FloatHistogram& current) {
      if (!counter_was_reset(current, *before)) return true;
      const auto merged = add(increase, *before);
      if (merged && merged->bounds_reconciled)
        inform_bounds_reconciled(w_.context, "addition", w_.pos);
      return merged.has_value();
    };
    for (; next < span_.last; ++next) {
      if (!lost_before(h_[next])) return false;
      before = &h_[next];
    }
    return lost_before(right);
  }

  const Windows& w_;
  const bool counter_;
  const TimeMs* const t_;
  const FloatHistogram* const h_;
  const Span span_;
};

}  // namespace

double interpolate(TimeMs t1, double v1, TimeMs t2, double v2, TimeMs t, bool counter) {
  if (counter && v2 < v1) v1 = 0;
  return v1 + (v2 - v1) * static_cast<double>(t - t1) / static_cast<double>(t2 - t1);
}

std::optional<FloatHistogram> interpolate(Context& context, PosRange pos, TimeMs t1,
                                          const FloatHistogram& h1, TimeMs t2,
                                          const FloatHistogram& h2, TimeMs t, bool counter) {
  if (t == t1) return h1;
  if (t == t2) return h2;
  const double fraction = static_cast<double>(t - t1) / static_cast<double>(t2 - t1);
  FloatHistogram result = h2;
  if (counter && counter_was_reset(h2, h1)) {
    multiply(result, fraction);
    return result;
  }
  const auto subtracted = subtract(result, h1);
  if (!subtracted) return std::nullopt;
  if (subtracted->bounds_reconciled) inform_bounds_reconciled(context, "subtraction", pos);
  multiply(result, fraction);
  const auto added = add(result, h1);
  if (!added) return std::nullopt;
  if (added->bounds_reconciled) inform_bounds_reconciled(context, "addition", pos);
  return result;
}

void extended_increase(const Windows& w, bool counter, bool per_second, Rows& out, size_t row) {
  const double range_seconds = static_cast<double>(w.range) / 1000;
  for (size_t i = 0; i < w.steps(); ++i) {
    if (w.mixed(i)) {
      w.warn_mixed();
    } else if (!w.floats.empty(i)) {
      const auto increase = float_increase(w, i, counter);
      if (increase) out[row][i] = per_second ? *increase / range_seconds : *increase;
    } else if (!w.histograms.empty(i)) {
      auto increase = HistogramIncrease(w, i, counter).compute();
      if (!increase) continue;
      if (per_second) divide(*increase, range_seconds);
      increase->counter_reset_hint = CounterResetHint::kGauge;
      compact(*increase);
      out.put(row, i, std::move(*increase));
    }
  }
}

// ---- instant selectors
// ---------------------------------------------------------------------------

// The value between the neighbours of an instant; without a later one, the earlier.
void SelectOp::smooth(Context& context, size_t series, Columns& columns, Rows& out,
                      size_t row) const {
  drop_stale(columns);
  const DurationMs lookback = context.lookback;
  WindowBounds floats, histograms;
  floats.slide(columns.t, instants_, lookback, lookback);
  histograms.slide(columns.histogram_t, instants_, lookback, lookback);
  const std::string_view metric = series_.labels[series].metric_name();
  // The neighbours of `at` in [begin, end): `next` is the first at or after it.
  const auto next_of = [](const std::vector<TimeMs>& t, uint32_t begin, uint32_t end, TimeMs at) {
    return static_cast<uint32_t>(std::lower_bound(t.begin() + begin, t.begin() + end, at) -
                                 t.begin());
  };
  for (size_t i = 0; i < steps_.count; ++i) {
    const TimeMs at = instants_.at(i);
    if (!floats.empty(i) && !histograms.empty(i)) {
      context.annotations.warn(mixed_floats_histograms_text(metric), traits_.pos);
    } else if (!floats.empty(i)) {
      const auto& t = columns.t;
      const auto& v = columns.v;
      const uint32_t next = next_of(t, floats.begin[i], floats.end[i], at);
      const bool has_next = next < floats.end[i];
      if (has_next && t[next] == at) {
        out[row][i] = v[next];
      } else if (next > floats.begin[i]) {
        out[row][i] = has_next ? interpolate(t[next - 1], v[next - 1], t[next], v[next], at, false)
                               : v[next - 1];
      }
    } else if (!histograms.empty(i)) {
      const auto& t = columns.histogram_t;
      const auto& h = columns.histograms;
      const uint32_t next = next_of(t, histograms.begin[i], histograms.end[i], at);
      const bool has_next = next < histograms.end[i];
      const bool exact = has_next && t[next] == at;
      if (!exact && next == histograms.begin[i]) continue;
      std::optional<FloatHistogram> found = exact ? h[next] : h[next - 1];
      if (has_next && !exact) {
        const bool counter = h[next].counter_reset_hint != CounterResetHint::kGauge;
        found.reset();
        if (uses_custom_buckets(h[next]) == uses_custom_buckets(h[next - 1])) {
          found = interpolate(context, traits_.pos, t[next - 1], h[next - 1], t[next], h[next], at,
                              counter);
        }
        if (!found) warn_mixed_schemas(context, metric, traits_.pos);
      }
      if (found) out.put(row, i, std::move(*found));
    }
  }
}

}  // namespace hearth::promql
