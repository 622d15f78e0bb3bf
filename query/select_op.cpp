#include "query/select_op.h"

#include <algorithm>

#include "core/histogram_math.h"

namespace hearth::promql {

TimeMs add_time(TimeMs t, DurationMs d) {
  TimeMs sum;
  if (!__builtin_add_overflow(t, d, &sum)) return sum;
  return d > 0 ? kMaxTime : kMinTime;
}

TimeMs subtract_time(TimeMs t, DurationMs d) {
  TimeMs difference;
  if (!__builtin_sub_overflow(t, d, &difference)) return difference;
  return d > 0 ? kMinTime : kMaxTime;
}

void Selection::open(Context& context) {
  if (set_ != nullptr) return;
  SelectHints hints;
  hints.range = range_;
  set_ = context.querier->select(matchers_, hints, context.budget);
}

void Selection::widen(TimeRange range) {
  range_.min = std::min(range_.min, range.min);
  range_.max = std::max(range_.max, range.max);
}

void drop_stale(Columns& columns) {
  const auto first = std::find_if(columns.v.begin(), columns.v.end(), is_stale);
  if (first != columns.v.end()) {
    size_t kept = static_cast<size_t>(first - columns.v.begin());
    for (size_t i = kept; i < columns.v.size(); ++i) {
      if (is_stale(columns.v[i])) continue;
      columns.t[kept] = columns.t[i];
      columns.v[kept++] = columns.v[i];
    }
    columns.t.resize(kept);
    columns.v.resize(kept);
  }
  size_t kept = 0;
  for (size_t i = 0; i < columns.histograms.size(); ++i) {
    if (is_stale(columns.histograms[i].sum)) continue;
    if (kept != i) {
      columns.histogram_t[kept] = columns.histogram_t[i];
      columns.histograms[kept] = std::move(columns.histograms[i]);
    }
    ++kept;
  }
  columns.histogram_t.resize(kept);
  columns.histograms.resize(kept);
}

void find_resets(Columns& columns) {
  for (size_t i = 1; i < columns.histograms.size(); ++i) {
    FloatHistogram& h = columns.histograms[i];
    if (h.counter_reset_hint != CounterResetHint::kUnknown || is_stale(h.sum)) continue;
    const bool reset = counter_was_reset(h, columns.histograms[i - 1]);
    h.counter_reset_hint = reset ? CounterResetHint::kReset : CounterResetHint::kNotReset;
  }
}

SelectOp::SelectOp(Instants instants, SelectionPtr selection, Give give, SelectorTraits traits)
    : Operator(instants.steps),
      instants_(instants),
      selection_(std::move(selection)),
      give_(give),
      traits_(traits) {}

void SelectOp::open(Context& context) {
  selection_->open(context);
  const SeriesSet& set = selection_->set();
  series_.labels.reserve(set.size());
  for (size_t i = 0; i < set.size(); ++i) series_.labels.push_back(set.labels(i));
}

void SelectOp::rows(Context& context, Range range, Rows& out) const {
  out.reset(range.size());
  if (steps_.count == 0) return;
  const SeriesSet& set = selection_->set();
  const DurationMs lookback = context.lookback;
  const bool smoothed = traits_.modifier == SelectorModifier::kSmoothed;
  const TimeRange wanted{add_time(subtract_time(instants_.first, lookback), 1),
                         smoothed ? add_time(instants_.last(), lookback) : instants_.last()};
  const bool single = (steps_.count == 1 || instants_.fixed) && !smoothed;
  static thread_local Columns columns;
  for (size_t i = 0; i < range.size(); ++i) {
    Sample newest;
    if (single && set.latest(range.begin + i, wanted.min, wanted.max, newest)) {
      if (newest.t < wanted.min || newest.t > wanted.max || is_stale(newest.v)) continue;
      const double value = give_ == Give::kValue ? newest.v : static_cast<double>(newest.t) / 1000;
      std::fill_n(out[i], steps_.count, value);
    } else {
      set.read(range.begin + i, wanted, columns);
      if (traits_.find_resets) find_resets(columns);
      if (smoothed) {
        smooth(context, range.begin + i, columns, out, i);
      } else {
        sweep(columns, lookback, out, i);
      }
    }
  }
  count(context, out);
}

void SelectOp::count(Context& context, const Rows& rows) const {
  int64_t all = 0;
  for (size_t row = 0; row < rows.count(); ++row) {
    const double* cells = rows[row];
    const HistogramPtr* h = rows.histograms(row);
    if (h == nullptr && !context.tracks_steps()) {
      all += std::count_if(cells, cells + steps_.count, [](double v) { return !is_absent(v); });
      continue;
    }
    for (size_t step = 0; step < steps_.count; ++step) {
      int64_t samples = is_absent(cells[step]) ? 0 : 1;
      if (h != nullptr && h[step] != nullptr) samples = histogram_samples(*h[step]);
      all += samples;
      if (context.tracks_steps()) context.count_samples_at(traits_.counted, step, samples);
    }
  }
  context.count_samples(traits_.counted, all);
}

void SelectOp::sweep(const Columns& columns, DurationMs lookback, Rows& out, size_t row) const {
  const auto& t = columns.t;
  double* cells = out[row];
  size_t next = 0;
  if (columns.histograms.empty()) {
    for (size_t step = 0; step < steps_.count; ++step) {
      const TimeMs at = instants_.at(step);
      while (next < t.size() && t[next] <= at) ++next;
      if (next == 0 || t[next - 1] <= subtract_time(at, lookback)) continue;
      const double value = columns.v[next - 1];
      if (is_stale(value)) continue;
      cells[step] = give_ == Give::kValue ? value : static_cast<double>(t[next - 1]) / 1000;
    }
    return;
  }
  const auto& ht = columns.histogram_t;
  std::vector<HistogramPtr> shared(ht.size());
  size_t next_histogram = 0;
  for (size_t step = 0; step < steps_.count; ++step) {
    const TimeMs at = instants_.at(step);
    while (next < t.size() && t[next] <= at) ++next;
    while (next_histogram < ht.size() && ht[next_histogram] <= at) ++next_histogram;
    const TimeMs float_t = next == 0 ? kMinTime : t[next - 1];
    const TimeMs histogram_t = next_histogram == 0 ? kMinTime : ht[next_histogram - 1];
    const TimeMs newest = std::max(float_t, histogram_t);
    if (newest <= subtract_time(at, lookback)) continue;
    if (histogram_t > float_t || next == 0) {
      const FloatHistogram& h = columns.histograms[next_histogram - 1];
      if (is_stale(h.sum)) continue;
      if (give_ == Give::kTimestamp) {
        cells[step] = static_cast<double>(newest) / 1000;
        continue;
      }
      HistogramPtr& p = shared[next_histogram - 1];
      if (p == nullptr) p = std::make_shared<const FloatHistogram>(h);
      out.make_histograms(row)[step] = p;
    } else if (!is_stale(columns.v[next - 1])) {
      cells[step] =
          give_ == Give::kValue ? columns.v[next - 1] : static_cast<double>(newest) / 1000;
    }
  }
}

}  // namespace hearth::promql
