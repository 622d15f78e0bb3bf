#include "query/window.h"

#include <algorithm>
#include <utility>

#include "core/go_text.h"
#include "query/map_op.h"

namespace hearth::promql {

TimeRange MatrixSource::wanted(const Context& context) const {
  const TimeMs before = subtract_time(instants_.first, range_ + reach_back(context));
  return {add_time(before, 1), add_time(instants_.last(), reach_ahead(context))};
}

size_t MatrixSource::at_once(const Context& context) const {
  return series_at_once(wanted(context));
}

void MatrixSource::read_many(Context& context, size_t first, std::span<Columns> out) const {
  selection_->set().read_many(first, wanted(context), out);
  for (Columns& columns : out) {
    if (!context.options.use_start_timestamps) {
      columns.start_t.clear();
      columns.histogram_start_t.clear();
    }
    if (traits_.find_resets) find_resets(columns);
    drop_stale(columns);
  }
}

namespace {

// One end of windows that slide. Mostly it passes as many samples at each step as at the last.
class Border {
 public:
  // The first sample in [from, end) after `time`.
  uint32_t advance(const TimeMs* t, uint32_t from, uint32_t end, TimeMs time) {
    const uint32_t guess = from + stride_;
    if (guess < end && t[guess] > time && (stride_ == 0 || t[guess - 1] <= time)) return guess;
    uint32_t next = from;
    while (next < end && t[next] <= time) ++next;
    stride_ = next - from;
    return next;
  }

 private:
  uint32_t stride_ = 0;
};

}  // namespace

namespace {

uint64_t next_version() {
  static thread_local uint64_t last = 0;
  return ++last;
}

}  // namespace

void WindowBounds::change() {
  times_.clear();
  version = next_version();
}

void WindowBounds::slide(const std::vector<TimeMs>& times, const Instants& instants,
                         DurationMs before, DurationMs after) {
  none = times.empty();
  if (none) {
    samples = most = 0;
    change();
    return;
  }
  const Key key{instants.first, instants.fixed ? 0 : instants.steps.step, before, after,
                instants.steps.count};
  if (key == key_ && times == times_) return;
  key_ = key;
  times_ = times;
  version = next_version();
  samples = most = 0;
  const size_t steps = instants.steps.count;
  begin.resize(steps);
  end.resize(steps);
  const TimeMs* t = times.data();
  const auto count = static_cast<uint32_t>(times.size());
  uint32_t first = 0, last = 0;
  // All windows lie between these; only when they are cut off must each one be looked at.
  constexpr TimeMs kFar = kMaxTime / 4;
  const bool far =
      instants.first < -kFar || instants.last() > kFar || before > kFar || after > kFar;
  Border first_border, last_border;
  for (size_t i = 0; i < steps; ++i) {
    const TimeMs at = instants.at(i);
    last = last_border.advance(t, last, count, far ? add_time(at, after) : at + after);
    first = first_border.advance(t, first, last, far ? subtract_time(at, before) : at - before);
    begin[i] = first;
    end[i] = last;
    samples += last - first;
    most = std::max<size_t>(most, last - first);
  }
}

void Windows::begin_at_anchors() {
  floats.change();
  histograms.change();
  if (floats.none) floats.begin.assign(steps(), 0), floats.end.assign(steps(), 0);
  if (histograms.none) histograms.begin.assign(steps(), 0), histograms.end.assign(steps(), 0);
  const auto first_after = [](const std::vector<TimeMs>& t, uint32_t begin, uint32_t end,
                              TimeMs edge) {
    return static_cast<uint32_t>(std::upper_bound(t.begin() + begin, t.begin() + end, edge) -
                                 t.begin());
  };
  for (size_t i = 0; i < steps(); ++i) {
    const TimeMs edge = subtract_time(instants.at(i), range);
    uint32_t& f = floats.begin[i];
    uint32_t& h = histograms.begin[i];
    const uint32_t f_after = first_after(samples.t, f, floats.end[i], edge);
    const uint32_t h_after = first_after(samples.histogram_t, h, histograms.end[i], edge);
    const bool f_before = f_after > f, h_before = h_after > h;
    f = f_after;
    h = h_after;
    if (empty(i)) continue;
    const bool float_is_anchor =
        f_before && (!h_before || samples.t[f_after - 1] >= samples.histogram_t[h_after - 1]);
    if (float_is_anchor) {
      --f;
    } else if (h_before) {
      --h;
    }
  }
}

void Windows::warn_mixed() const {
  context.annotations.warn(mixed_floats_histograms_text(labels.metric_name()), pos);
}

void Windows::inform_histograms_ignored() const {
  context.annotations.info(
      "ignored histograms in a range containing both floats and histograms for metric name " +
          go_quote(labels.metric_name()),
      pos);
}

WindowOp::WindowOp(RangeSourcePtr source, const RangeFunction& function,
                   std::vector<OperatorPtr> scalars, PosRange pos)
    : Operator(source->instants().steps),
      source_(std::move(source)),
      function_(function),
      scalars_(std::move(scalars)),
      pos_(pos) {}

void WindowOp::open(Context& context) {
  source_->open(context);
  for (const OperatorPtr& scalar : scalars_) scalar->open(context);
  series_ = source_->series(context);
  SameLoss loss;
  if (!function_.keeps_name) {
    if (context.options.delayed_name_removal) {
      series_.drop_name.assign(series_.size(), 1);
    } else {
      for (size_t i = 0; i < series_.size(); ++i) {
        if (i % 1024 == 0) context.check();
        const LabelsView before =
            std::exchange(series_.labels[i], without_metadata(context, series_.labels[i]));
        loss.add(before, series_.labels[i]);
      }
    }
  }
  if (!loss.for_all()) merging_.set(context, series_);
}

void WindowOp::prepare(Context& context) {
  source_->prepare(context);
  for (const OperatorPtr& scalar : scalars_) {
    scalar->prepare(context);
    scalar_rows_.push_back(std::make_unique<Rows>(context, steps_.count));
    scalar_row(context, *scalar, *scalar_rows_.back());
  }
}

void WindowOp::rows(Context& context, Range range, Rows& out) const {
  out.reset(range.size());
  if (steps_.count == 0) return;
  Windows windows{
      context, source_->instants(), source_->range(), source_->modifier(), pos_, {}, {}, {}, {},
      {}};
  for (const auto& rows : scalar_rows_) windows.scalars.push_back((*rows)[0]);
  if (merging_.is_identity()) {
    batches(windows, range, out);
    out.hold_points();
    return;
  }
  std::string_view told;
  ScratchRows one(context, steps_.count);
  for (size_t i = 0; i < range.size(); ++i) {
    for (const uint32_t member : merging_.members(range.begin + i)) {
      one->reset(1);
      read_row(windows, member, *one, 0, told);
      merge_row(out, i, *one, 0);
    }
  }
  out.hold_points();
}

namespace {

// What a thread keeps from one slice of series to the next. Nodes below may take it for themselves.
struct Kept {
  std::vector<Columns> batch;
  WindowBounds floats, histograms;
};
thread_local Kept kept;

}  // namespace

// Rows of their own, read many at a time.
void WindowOp::batches(Windows& windows, Range range, Rows& out) const {
  Kept mine = std::exchange(kept, {});
  windows.floats = std::move(mine.floats);
  windows.histograms = std::move(mine.histograms);
  const size_t at_once = std::min(range.size(), source_->at_once(windows.context));
  std::string_view told;
  for (size_t first = 0; first < range.size(); first += at_once) {
    const size_t count = std::min(at_once, range.size() - first);
    if (mine.batch.size() < count) mine.batch.resize(count);
    const std::span<Columns> batch(mine.batch.data(), count);
    source_->read_many(windows.context, range.begin + first, batch);
    size_t bytes = 0;
    for (const Columns& columns : mine.batch) bytes += columns_bytes(columns);
    windows.memory.grow_to(bytes);
    for (size_t i = 0; i < count; ++i) {
      std::swap(windows.samples, batch[i]);
      row(windows, range.begin + first + i, out, first + i, told);
      std::swap(windows.samples, batch[i]);
    }
  }
  constexpr size_t kMuch = 1 << 20;
  if (windows.memory.bytes() > kMuch) return;  // the next query may need none
  mine.floats = std::move(windows.floats);
  mine.histograms = std::move(windows.histograms);
  kept = std::move(mine);
}

void WindowOp::count(const Windows& windows) const {
  Context& context = windows.context;
  const Counted counted = source_->counted();
  if (windows.histograms.none && !context.tracks_steps()) {
    context.count_samples(counted, static_cast<int64_t>(windows.floats.samples));
    return;
  }
  int64_t all = 0;
  for (size_t i = 0; i < windows.steps(); ++i) {
    auto samples = static_cast<int64_t>(windows.floats.size(i));
    for (size_t k = 0; k < windows.histograms.size(i); ++k) {
      samples += histogram_samples(windows.samples.histograms[windows.histograms.begin[i] + k]);
    }
    all += samples;
    if (context.tracks_steps()) context.count_samples_at(counted, i, samples);
  }
  context.count_samples(counted, all);
}

// As Prometheus, which has the samples of one window in memory at a time.
void WindowOp::hold_largest(const Windows& windows) {
  const auto& histograms = windows.samples.histograms;
  if (histograms.empty()) return windows.context.pass(windows.floats.most);
  size_t largest = 0;
  const auto weight = static_cast<size_t>(histogram_samples(histograms.front()));
  for (size_t i = 0; i < windows.steps(); ++i) {
    largest = std::max(largest, windows.floats.size(i) + weight * windows.histograms.size(i));
  }
  windows.context.pass(largest);
}

void WindowOp::read_row(Windows& windows, size_t input, Rows& out, size_t to,
                        std::string_view& told) const {
  source_->read(windows.context, input, windows.samples);
  windows.memory.grow_to(columns_bytes(windows.samples));
  row(windows, input, out, to, told);
}

void WindowOp::row(Windows& windows, size_t input, Rows& out, size_t row,
                   std::string_view& told) const {
  Context& context = windows.context;
  if (windows.samples.t.empty() && windows.samples.histograms.empty()) return;
  windows.labels = source_->labels(input);
  const DurationMs before = windows.range + source_->reach_back(context);
  const DurationMs after = source_->reach_ahead(context);
  windows.floats.slide(windows.samples.t, windows.instants, before, after);
  windows.histograms.slide(windows.samples.histogram_t, windows.instants, before, after);
  if (function_.from_anchor && windows.modifier != SelectorModifier::kNone)
    windows.begin_at_anchors();
  hold_largest(windows);
  function_.kernel(windows, out, row);

  count(windows);

  if (!function_.for_counters) return;
  const std::string_view name = windows.labels.metric_name();
  if (name.empty() || name == told || name.ends_with("_total") || name.ends_with("_sum") ||
      name.ends_with("_count") || name.ends_with("_bucket")) {
    return;
  }
  const double* cells = out[row];
  if (std::all_of(cells, cells + out.steps(), is_absent)) return;
  context.annotations.info(
      "metric might not be a counter, name does not end in _total/_sum/_count/_bucket: " +
          go_quote(name),
      pos_);
  told = name;
}

}  // namespace hearth::promql
