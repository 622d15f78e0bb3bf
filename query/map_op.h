// Operators that make one row of each row, perhaps with other labels: functions of one vector,
// vector with scalar, label changes.
#pragma once

#include <vector>

#include "query/label_sets.h"
#include "query/operator.h"

namespace hearth::promql {

class MapOperator : public UnaryOperator {
 public:
  // `scalars` are the other arguments: each one row, with a value at every step.
  MapOperator(OperatorPtr child, std::vector<OperatorPtr> scalars);

  void will_ask_once() override { child_->will_ask_once(); }
  void open(Context& context) override;
  void prepare(Context& context) override;
  void rows(Context& context, Range series, Rows& out) const override;
  const std::vector<uint32_t>* order() const override {
    return merging_.is_identity() ? child_->order() : nullptr;
  }

 protected:
  // The new labels of a row, and whether its name is dropped at the end.
  struct Named {
    LabelsView labels;
    bool drop_name;
  };
  virtual Named rename(Context& context, LabelsView labels, bool drop_name);

  // Changes row `row` of `rows` in place; `input` is the child's series.
  virtual void map(Context& context, size_t input, Rows& rows, size_t row) const = 0;

  // The i-th scalar, after prepare().
  const double* scalar(size_t i) const { return (*scalar_rows_[i])[0]; }
  const Rows& scalar_rows(size_t i) const { return *scalar_rows_[i]; }
  size_t scalars() const { return scalars_.size(); }

 private:
  std::vector<OperatorPtr> scalars_;
  std::vector<std::unique_ptr<Rows>> scalar_rows_;
  Merging merging_;
};

// What most functions do with the name: it goes, at once or at the end.
template <class Named>
Named drop_metric_name(Context& context, LabelsView labels) {
  if (context.options.delayed_name_removal) return Named{labels, true};
  return Named{without_metadata(context, labels), false};
}

}  // namespace hearth::promql
