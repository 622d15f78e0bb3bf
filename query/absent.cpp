// absent and absent_over_time.
#include <map>

#include "query/functions.h"

namespace hearth::promql {
namespace {

class AbsentOp final : public UnaryOperator {
 public:
  AbsentOp(OperatorPtr child, Labels labels)
      : UnaryOperator(std::move(child)), labels_(std::move(labels)) {
    child_->will_ask_once();
  }

  void open(Context& context) override {
    child_->open(context);
    series_.labels.push_back(labels_);
  }

  void prepare(Context& context) override {
    child_->prepare(context);
    present_.assign(steps_.count, 0);
    fold_in_order(context, *child_, [&](size_t, const Rows& rows) {
      for (size_t row = 0; row < rows.count(); ++row) {
        for (size_t i = 0; i < steps_.count; ++i) {
          if (rows.has_point(row, i)) present_[i] = 1;
        }
      }
    });
  }

  void rows(Context&, Range range, Rows& out) const override {
    out.reset(range.size());
    if (range.size() == 0) return;
    for (size_t i = 0; i < steps_.count; ++i) {
      if (present_[i] == 0) out[0][i] = 1;
    }
  }

 private:
  const Labels labels_;
  std::vector<uint8_t> present_;
};

// The labels that equality alone fixes. One that is matched twice is left out.
Labels fixed_labels(const std::vector<Matcher>& matchers) {
  LabelsBuilder labels;
  std::map<std::string, int> seen;
  for (const Matcher& matcher : matchers) {
    if (matcher.name() == kMetricName) continue;
    if (matcher.type() == MatchType::kEqual && seen[matcher.name()]++ == 0) {
      labels.set(matcher.name(), matcher.value());
    } else {
      labels.erase(matcher.name());
    }
  }
  return labels.build();
}

}  // namespace

OperatorPtr make_absent(OperatorPtr child, const std::vector<Matcher>& matchers) {
  return std::make_unique<AbsentOp>(std::move(child), fixed_labels(matchers));
}

}  // namespace hearth::promql
