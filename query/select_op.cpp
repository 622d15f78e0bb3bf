#include "query/select_op.h"

#include <algorithm>
#include <utility>

#include "core/histogram_math.h"
#include "query/scan.h"

namespace hearth::promql {
namespace {

double in_seconds(TimeMs t) { return static_cast<double>(t) / 1000; }

}  // namespace

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
  found_.store(set_->size(), std::memory_order_relaxed);
}

SeriesList Selection::series(const Context& context) const {
  SeriesList list;
  list.labels.reserve(set_->size());
  for (size_t i = 0; i < set_->size(); ++i) {
    if (i % 4096 == 0) context.check();
    list.labels.push_back(set_->labels(i));
  }
  return list;
}

size_t series_at_once(TimeRange range) {
  constexpr size_t kChunks = 48, kMostSeries = 16;
  // Of merged blocks, 480 samples, one in 15 s; those of the last hours are shorter.
  constexpr uint64_t kChunkTime = 120 * 60'000, kShortChunks = 3;
  if (range.min > range.max) return 1;
  const uint64_t span = static_cast<uint64_t>(range.max) - static_cast<uint64_t>(range.min);
  return std::clamp<size_t>(kChunks / (span / kChunkTime + kShortChunks), 1, kMostSeries);
}

void Selection::widen(TimeRange range) {
  range_.min = std::min(range_.min, range.min);
  range_.max = std::max(range_.max, range.max);
}

void drop_stale(Columns& columns) {
  const size_t first = find_stale(columns.v.data(), columns.v.size());
  if (first < columns.v.size()) {
    size_t kept = first;
    for (size_t i = kept; i < columns.v.size(); ++i) {
      if (is_stale(columns.v[i])) continue;
      columns.t[kept] = columns.t[i];
      if (!columns.start_t.empty()) columns.start_t[kept] = columns.start_t[i];
      columns.v[kept++] = columns.v[i];
    }
    columns.t.resize(kept);
    columns.v.resize(kept);
    if (!columns.start_t.empty()) columns.start_t.resize(kept);
  }
  size_t kept = 0;
  for (size_t i = 0; i < columns.histograms.size(); ++i) {
    if (is_stale(columns.histograms[i].sum)) continue;
    if (kept != i) {
      columns.histogram_t[kept] = columns.histogram_t[i];
      columns.histograms[kept] = std::move(columns.histograms[i]);
      if (!columns.histogram_start_t.empty())
        columns.histogram_start_t[kept] = columns.histogram_start_t[i];
    }
    ++kept;
  }
  columns.histogram_t.resize(kept);
  columns.histograms.resize(kept);
  if (!columns.histogram_start_t.empty()) columns.histogram_start_t.resize(kept);
}

void find_resets(Columns& columns) {
  const FloatHistogram* before = nullptr;
  for (FloatHistogram& h : columns.histograms) {
    if (is_stale(h.sum)) continue;
    if (before != nullptr && h.counter_reset_hint == CounterResetHint::kUnknown) {
      const bool reset = counter_was_reset(h, *before);
      h.counter_reset_hint = reset ? CounterResetHint::kReset : CounterResetHint::kNotReset;
    }
    before = &h;
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
  series_ = selection_->series(context);
}

void SelectOp::rows(Context& context, Range range, Rows& out) const {
  out.reset(range.size());
  if (steps_.count == 0) return;
  const SeriesSet& set = selection_->set();
  const DurationMs lookback = context.lookback;
  const bool smoothed = traits_.modifier == SelectorModifier::kSmoothed;
  const TimeMs last = smoothed ? add_time(instants_.last(), lookback) : instants_.last();
  const TimeRange wanted{
      std::max(add_time(subtract_time(instants_.first, lookback), 1), traits_.within.min),
      std::min(last, traits_.within.max)};
  if (wanted.min > wanted.max) return;
  const bool single =
      (steps_.count == 1 || instants_.fixed) && !smoothed && give_ != Give::kStartTimestamp;
  static thread_local std::vector<Columns> batch;
  Charge memory(context.budget);
  // Reads `count` series before the one at `end`.
  const auto read = [&](size_t end, size_t count) {
    const size_t first = end - count;
    batch.resize(count);
    set.read_many(range.begin + first, wanted, batch);
    size_t bytes = 0;
    for (const Columns& columns : batch) bytes += columns_bytes(columns);
    memory.grow_to(bytes);
    for (size_t i = 0; i < count; ++i) {
      if (traits_.find_resets) find_resets(batch[i]);
      if (smoothed) {
        smooth(context, range.begin + first + i, batch[i], out, first + i);
      } else {
        sweep(context, batch[i], out, first + i);
      }
    }
  };
  const size_t at_once = series_at_once(wanted);
  size_t unread = 0;  // series before i that are not yet read
  for (size_t i = 0; i < range.size(); ++i) {
    Sample newest;
    if (single && set.latest(range.begin + i, wanted.min, wanted.max, newest)) {
      if (unread > 0) read(i, std::exchange(unread, 0));
      if (newest.t < wanted.min || newest.t > wanted.max || is_stale(newest.v)) continue;
      const double value = give_ == Give::kValue ? newest.v : static_cast<double>(newest.t) / 1000;
      std::fill_n(out[i], steps_.count, value);
    } else if (++unread == at_once) {
      read(i + 1, std::exchange(unread, 0));
    }
  }
  if (unread > 0) read(range.size(), unread);
  constexpr size_t kMuch = 1 << 20;
  if (memory.bytes() > kMuch) batch = {};  // the next query may need none
  count(context, out);
  out.hold_points();
}

void SelectOp::count(Context& context, const Rows& rows) const {
  int64_t all = 0;
  for (size_t row = 0; row < rows.count(); ++row) {
    const double* cells = rows[row];
    const HistogramPtr* h = rows.histograms(row);
    if (h == nullptr && !context.tracks_steps()) {
      all += static_cast<int64_t>(steps_.count - count_absent(cells, steps_.count));
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

// What the selector gives of float i.
double SelectOp::given(const Columns& columns, size_t i) const {
  if (give_ == Give::kValue) return columns.v[i];
  if (give_ != Give::kStartTimestamp) return in_seconds(columns.t[i]);
  return columns.start_t.empty() ? 0 : in_seconds(columns.start_t[i]);
}

// Requires: it gives times.
double SelectOp::given_of_histogram(const Columns& columns, size_t i) const {
  if (give_ == Give::kTimestamp) return in_seconds(columns.histogram_t[i]);
  return columns.histogram_start_t.empty() ? 0 : in_seconds(columns.histogram_start_t[i]);
}

void SelectOp::sweep(Context& context, const Columns& columns, Rows& out, size_t row) const {
  const DurationMs lookback = context.lookback;
  const auto& t = columns.t;
  double* cells = out[row];
  size_t next = 0;
  if (columns.histograms.empty()) {
    for (size_t step = 0; step < steps_.count; ++step) {
      const TimeMs at = instants_.at(step);
      while (next < t.size() && t[next] <= at) ++next;
      if (next == 0 || t[next - 1] <= subtract_time(at, lookback)) continue;
      if (!is_stale(columns.v[next - 1])) cells[step] = given(columns, next - 1);
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
      if (give_ == Give::kTimestamp || give_ == Give::kStartTimestamp) {
        cells[step] = given_of_histogram(columns, next_histogram - 1);
        continue;
      }
      HistogramPtr& p = shared[next_histogram - 1];
      if (p == nullptr) p = context.keep(h);
      out.make_histograms(row)[step] = p;
    } else if (!is_stale(columns.v[next - 1])) {
      cells[step] = given(columns, next - 1);
    }
  }
}

}  // namespace hearth::promql
