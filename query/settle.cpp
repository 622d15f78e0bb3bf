#include "query/settle.h"

#include <optional>

namespace hearth::promql {
namespace {

class SettlingOp final : public Operator {
 public:
  explicit SettlingOp(OperatorPtr child) : Operator(child->steps()), child_(std::move(child)) {}

  void will_ask_once() override { child_->will_ask_once(); }

  void open(Context& context) override {
    child_->open(context);
    series_ = child_->series();  // those that show them look here still when it is gone
    reserved_ = context.reserve(series_.size(), 1, sizeof(LabelsView));
  }

  void prepare(Context& context) override {
    const int64_t before = context.held();
    child_->prepare(context);
    const int64_t more = context.held() - before;
    const double much =
        static_cast<double>(context.options.max_samples) * context.options.settled_share;
    const auto most = static_cast<int64_t>(series_.size() * steps_.count);
    if (static_cast<double>(more) <= much || most >= more) return;
    settled_ = std::make_unique<Rows>(context, steps_.count);
    materialise(context, *child_, *settled_);
    if (const std::vector<uint32_t>* order = child_->order()) order_ = *order;
    child_.reset();
  }

  void rows(Context& context, Range range, Rows& out) const override {
    if (settled_ == nullptr) return child_->rows(context, range, out);
    out.reset(range.size());
    for (size_t i = 0; i < range.size(); ++i) out.copy_row(i, *settled_, range.begin + i);
  }

  const std::vector<uint32_t>* order() const override {
    if (settled_ == nullptr) return child_->order();
    return order_.has_value() ? &*order_ : nullptr;
  }
  bool silent() const override { return settled_ != nullptr || child_->silent(); }

 private:
  OperatorPtr child_;  // null when it is settled
  Reservation reserved_;
  std::unique_ptr<Rows> settled_;
  std::optional<std::vector<uint32_t>> order_;
};

}  // namespace

OperatorPtr make_settling(OperatorPtr child) {
  return std::make_unique<SettlingOp>(std::move(child));
}

}  // namespace hearth::promql
