// The leaves: series that match, their newest sample at each step.
#pragma once

#include <atomic>
#include <map>
#include <memory>
#include <string>

#include "query/ast.h"
#include "query/operator.h"

namespace hearth::promql {

// The set of series that a selector found; equal selectors of a query share one. Filled by open().
class Selection {
 public:
  Selection(std::vector<Matcher> matchers, TimeRange range)
      : matchers_(std::move(matchers)), range_(range) {}
  void open(Context& context);
  bool is_open() const { return set_ != nullptr; }
  const SeriesSet& set() const { return *set_; }
  SeriesList series(const Context& context) const;
  // How many series there are; 0 before open(). Thread-safe.
  size_t found() const { return found_.load(std::memory_order_relaxed); }
  TimeRange range() const { return range_; }
  const std::vector<Matcher>& matchers() const { return matchers_; }
  // Another selector of the same series needs this range, too. Before open().
  void widen(TimeRange range);

 private:
  const std::vector<Matcher> matchers_;
  TimeRange range_;
  std::unique_ptr<SeriesSet> set_;
  std::atomic<size_t> found_{0};
};
using SelectionPtr = std::shared_ptr<Selection>;

// How many series are best read together: so many that their chunks can be decoded in step, so few
// that their samples stay in the cache.
size_t series_at_once(TimeRange range);

// Removes stale markers.
void drop_stale(Columns& columns);

// Which instants of the storage the steps of a selector look at.
struct Instants {
  Steps steps;         // of the expression
  TimeMs first = 0;    // looked at by the first step
  bool fixed = false;  // by @: all steps look at `first`
  TimeMs at(size_t step) const {
    return fixed ? first : first + static_cast<DurationMs>(step) * steps.step;
  }
  TimeMs last() const { return steps.count == 0 ? first : at(steps.count - 1); }
};

// How a selector differs from the plain one.
struct SelectorTraits {
  SelectorModifier modifier = SelectorModifier::kNone;
  bool find_resets = false;  // histograms without a hint get one, by the one before
  PosRange pos;
  Counted counted = Counted::kOnce;
  TimeRange within{kMinTime, kMaxTime};  // samples outside are not looked at
};

// Gives histograms that say nothing about counter resets the hint that follows from the one before.
void find_resets(Columns& columns);

// An instant vector selector. With `smoothed`, values are interpolated between samples.
class SelectOp final : public Operator {
 public:
  // kTimestamp: the samples' own times instead of their values, in seconds; kFloatTimestamp: so of
  // floats only; kStartTimestamp: those at which their counters began, 0 where that is unknown.
  enum class Give { kValue, kTimestamp, kFloatTimestamp, kStartTimestamp };
  SelectOp(Instants instants, SelectionPtr selection, Give give, SelectorTraits traits);
  void open(Context& context) override;
  void prepare(Context&) override {}
  void rows(Context& context, Range series, Rows& out) const override;
  bool silent() const override { return traits_.modifier == SelectorModifier::kNone; }

 private:
  double given(const Columns& columns, size_t i) const;
  double given_of_histogram(const Columns& columns, size_t i) const;
  void sweep(Context& context, const Columns& columns, Rows& out, size_t row) const;
  void count(Context& context, const Rows& rows) const;
  void smooth(Context& context, size_t series, Columns& columns, Rows& out, size_t row) const;

  const Instants instants_;
  const SelectionPtr selection_;
  const Give give_;
  const SelectorTraits traits_;
};

// Additions that end at the edges of time instead of overflowing.
TimeMs add_time(TimeMs t, DurationMs d);
TimeMs subtract_time(TimeMs t, DurationMs d);

}  // namespace hearth::promql
