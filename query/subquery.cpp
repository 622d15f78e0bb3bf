#include "query/subquery.h"

namespace hearth::promql {
namespace {

class SubquerySource final : public RangeSource {
 public:
  SubquerySource(Instants instants, DurationMs range, OperatorPtr child, Counted counted)
      : RangeSource(instants, range, {SelectorModifier::kNone, false, {}, counted}),
        child_(std::move(child)) {}

  void open(Context& context) override { child_->open(context); }
  void prepare(Context& context) override { child_->prepare(context); }
  SeriesList series(const Context&) const override { return child_->series(); }
  LabelsView labels(size_t series) const override { return child_->series().labels[series]; }

  void read(Context& context, size_t series, Columns& out) const override {
    out.clear();
    const Steps& steps = child_->steps();
    if (steps.count == 0) return;
    ScratchRows row(context, steps.count);
    child_->rows(context, {series, series + 1}, *row);
    const double* v = (*row)[0];
    const HistogramPtr* h = row->histograms(0);
    for (size_t i = 0; i < steps.count; ++i) {
      if (!is_absent(v[i])) {
        out.t.push_back(steps.at(i));
        out.v.push_back(v[i]);
      } else if (h != nullptr && h[i] != nullptr) {
        out.histogram_t.push_back(steps.at(i));
        out.histograms.push_back(*h[i]);
        // What the samples between the steps knew of resets is not known here.
        CounterResetHint& hint = out.histograms.back().counter_reset_hint;
        if (hint != CounterResetHint::kGauge) hint = CounterResetHint::kUnknown;
      }
    }
  }

 private:
  const OperatorPtr child_;
};

}  // namespace

Steps subquery_steps(const Instants& instants, DurationMs range, DurationMs step) {
  const TimeMs before = subtract_time(instants.first, range);
  TimeMs start = before / step * step;
  if (start <= before) start = add_time(start, step);
  const TimeMs end = instants.last();
  if (instants.steps.count == 0 || start > end) return {start, step, 0};
  return {start, step,
          static_cast<size_t>((static_cast<uint64_t>(end) - static_cast<uint64_t>(start)) /
                              static_cast<uint64_t>(step)) +
              1};
}

RangeSourcePtr make_subquery(Instants instants, DurationMs range, OperatorPtr child,
                             Counted counted) {
  return std::make_unique<SubquerySource>(instants, range, std::move(child), counted);
}

}  // namespace hearth::promql
