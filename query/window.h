// Functions over time: the samples of a series are read once, windows slide over them.
#pragma once

#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include "query/label_sets.h"
#include "query/select_op.h"

namespace hearth::promql {

// Where samples of windows come from: a range selector, or a subquery.
class RangeSource {
 public:
  RangeSource(Instants instants, DurationMs range, SelectorTraits traits = {})
      : instants_(instants), range_(range), traits_(traits) {}
  virtual ~RangeSource() = default;
  virtual void open(Context& context) = 0;
  virtual void prepare(Context& context) = 0;
  // Replaces `out` by all samples that a window may hold, without stale markers.
  virtual void read(Context& context, size_t series, Columns& out) const = 0;
  // The same of the series first, first + 1, ...: one for each of `out`.
  virtual void read_many(Context& context, size_t first, std::span<Columns> out) const {
    for (size_t i = 0; i < out.size(); ++i) read(context, first + i, out[i]);
  }
  // How many series are best read together.
  virtual size_t at_once(const Context&) const { return 1; }

  virtual SeriesList series(const Context& context) const = 0;
  virtual LabelsView labels(size_t series) const = 0;
  const Instants& instants() const { return instants_; }
  DurationMs range() const { return range_; }
  // How far windows reach beyond the range: `anchored` ones back by the look-back, `smoothed` ones
  // to both sides.
  DurationMs reach_back(const Context& context) const {
    return traits_.modifier == SelectorModifier::kNone ? 0 : context.lookback;
  }
  DurationMs reach_ahead(const Context& context) const {
    return traits_.modifier == SelectorModifier::kSmoothed ? context.lookback : 0;
  }
  SelectorModifier modifier() const { return traits_.modifier; }
  Counted counted() const { return traits_.counted; }

 protected:
  const Instants instants_;
  const DurationMs range_;
  const SelectorTraits traits_;
};
using RangeSourcePtr = std::unique_ptr<RangeSource>;

// A range selector: windows are left-open, (instant - range, instant].
class MatrixSource final : public RangeSource {
 public:
  MatrixSource(Instants instants, DurationMs range, SelectorTraits traits, SelectionPtr selection)
      : RangeSource(instants, range, traits), selection_(std::move(selection)) {}
  void open(Context& context) override { selection_->open(context); }
  void prepare(Context&) override {}
  SeriesList series(const Context& context) const override { return selection_->series(context); }
  LabelsView labels(size_t series) const override { return selection_->set().labels(series); }
  void read(Context& context, size_t series, Columns& out) const override {
    read_many(context, series, {&out, 1});
  }
  void read_many(Context& context, size_t first, std::span<Columns> out) const override;
  size_t at_once(const Context& context) const override;

 private:
  TimeRange wanted(const Context& context) const;
  const SelectionPtr selection_;
};

// Indices [begin[i], end[i]) of the samples in the window of step i. Series that are scraped
// together have their samples at the same times, so one often has the bounds of the one before.
// One thread.
class WindowBounds {
 public:
  std::vector<uint32_t> begin, end;  // undefined where there is no sample at all
  bool none = true;
  size_t samples = 0;    // in all windows together
  size_t most = 0;       // in one window
  uint64_t version = 0;  // another number for other bounds or times, as far as this thread knows

  size_t size(size_t i) const { return none ? 0 : end[i] - begin[i]; }
  bool empty(size_t i) const { return none || begin[i] == end[i]; }
  // The windows are (instant - before, instant + after].
  void slide(const std::vector<TimeMs>& times, const Instants& instants, DurationMs before,
             DurationMs after);
  // Begins to be changed by somebody else.
  void change();

 private:
  struct Key {
    TimeMs first;
    DurationMs step, before, after;
    size_t steps;
    bool operator==(const Key&) const = default;
  };
  Key key_{};
  std::vector<TimeMs> times_;  // of which these are the bounds; empty: of none
};

// All windows of one series, as a function sees them.
struct Windows {
  Context& context;
  const Instants& instants;
  DurationMs range;
  SelectorModifier modifier;           // if any, windows hold more than the range
  PosRange pos;                        // of the range argument, for annotations
  std::vector<const double*> scalars;  // the other arguments, by step
  LabelsView labels;                   // of the series, with its name
  Columns samples;
  WindowBounds floats, histograms;
  mutable size_t looked_at = 0;
  Charge memory{context.budget};  // of the samples

  size_t steps() const { return instants.steps.count; }
  bool has_histograms() const { return !samples.histograms.empty(); }
  bool empty(size_t i) const { return floats.empty(i) && histograms.empty(i); }
  // Whether window i has both; most functions give nothing then and warn.
  bool mixed(size_t i) const { return !floats.empty(i) && !histograms.empty(i); }
  // For functions that look at every sample of window i: now and then asks whether the query shall
  // end.
  void look_through(size_t i) const {
    constexpr size_t kOften = 100'000, kHistogram = 100;
    looked_at += floats.size(i) + kHistogram * histograms.size(i);
    if (looked_at < kOften) return;
    looked_at = 0;
    context.check();
  }
  // Windows of anchored ranges begin with the last sample at or before the range, if one follows.
  void begin_at_anchors();
  void warn_mixed() const;
  void inform_histograms_ignored() const;
};

// Fills row `row` of `out`, which has no point yet.
using WindowKernel = void (*)(const Windows& windows, Rows& out, size_t row);

struct RangeFunction {
  std::string_view name;
  WindowKernel kernel;
  bool keeps_name = false;
  bool for_counters = false;  // an info tells when the name is not that of a counter
  bool from_anchor = false;   // see begin_at_anchors()
};
// Of rate.cpp or over_time.cpp; nullptr when it is none of theirs.
const RangeFunction* find_rate_function(std::string_view name);
const RangeFunction* find_over_time_function(std::string_view name);

class WindowOp final : public Operator {
 public:
  WindowOp(RangeSourcePtr source, const RangeFunction& function, std::vector<OperatorPtr> scalars,
           PosRange pos);
  void open(Context& context) override;
  void prepare(Context& context) override;
  void rows(Context& context, Range series, Rows& out) const override;

 private:
  void row(Windows& windows, size_t input, Rows& out, size_t row, std::string_view& told) const;
  void read_row(Windows& windows, size_t input, Rows& out, size_t row,
                std::string_view& told) const;
  void batches(Windows& windows, Range series, Rows& out) const;
  void count(const Windows& windows) const;
  static void hold_largest(const Windows& windows);

  const RangeSourcePtr source_;
  const RangeFunction& function_;
  const std::vector<OperatorPtr> scalars_;
  std::vector<std::unique_ptr<Rows>> scalar_rows_;
  const PosRange pos_;
  Merging merging_;
};

}  // namespace hearth::promql
