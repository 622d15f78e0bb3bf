// quantile and count_values.
#include <algorithm>
#include <cmath>
#include <map>

#include "core/error.h"
#include "core/go_text.h"
#include "query/histogram_text.h"
#include "query/quantile.h"
#include "query/topk.h"

namespace hearth::promql {
namespace {

class QuantileAggregate final : public Operator {
 public:
  explicit QuantileAggregate(ParamAggregate parts)
      : Operator(parts.child->steps()), parts_(std::move(parts)) {
    parts_.child->will_ask_once();
  }

  void open(Context& context) override {
    parts_.child->open(context);
    parts_.param->open(context);
    parts_.grouping.open(context, parts_.child->series(), series_);
    values_ = context.reserve(parts_.child->series().size(), steps_.count, 2 * sizeof(double));
    tables_ = context.reserve(series_.size(), steps_.count, sizeof(std::vector<double>));
  }

  void prepare(Context& context) override {
    parts_.child->prepare(context);
    parts_.param->prepare(context);
    Rows param(context, steps_.count);
    const double* q = scalar_row(context, *parts_.param, param);
    warn_of(context, q);
    std::vector<std::vector<double>> values(parts_.grouping.size() * steps_.count);
    fold_in_order(context, *parts_.child, [&](size_t first, const Rows& rows) {
      for (size_t i = 0; i < rows.count(); ++i) {
        std::vector<double>* group = values.data() + parts_.grouping[first + i] * steps_.count;
        for (size_t step = 0; step < steps_.count; ++step) {
          if (!is_absent(rows[i][step])) group[step].push_back(rows[i][step]);
        }
        const HistogramPtr* h = rows.histograms(i);
        if (h != nullptr &&
            std::any_of(h, h + steps_.count, [](const auto& p) { return p != nullptr; })) {
          context.annotations.info(histogram_ignored_in_aggregation_text("quantile"),
                                   parts_.child_pos);
        }
      }
    });
    result_ = std::make_unique<Rows>(context, steps_.count);
    result_->reset(series_.size());
    context.parallel(series_.size(), [&](size_t group) {
      for (size_t step = 0; step < steps_.count; ++step) {
        std::vector<double>& of_step = values[group * steps_.count + step];
        if (!of_step.empty()) (*result_)[group][step] = quantile(q[step], of_step);
      }
    });
    result_->hold_points();
    values_.release();
    tables_.release();
  }

  void rows(Context&, Range range, Rows& out) const override {
    out.reset(range.size());
    for (size_t i = 0; i < range.size(); ++i) out.copy_row(i, *result_, range.begin + i);
  }

 private:
  void warn_of(Context& context, const double* q) const {
    if (steps_.count == 0) return;
    double min = q[0], max = q[0];
    bool nan = false;
    for (size_t i = 0; i < steps_.count; ++i) {
      nan = nan || std::isnan(q[i]);
      min = std::min(min, q[i]);
      max = std::max(max, q[i]);
    }
    Annotations& annotations = context.annotations;
    if (nan) annotations.warn(invalid_quantile_text(std::nan("")), parts_.param_pos);
    if (max > 1) annotations.warn(invalid_quantile_text(max), parts_.param_pos);
    if (min < 0) annotations.warn(invalid_quantile_text(min), parts_.param_pos);
  }

  ParamAggregate parts_;
  Reservation values_, tables_;
  std::unique_ptr<Rows> result_;
};

// The one operator whose series depend on values: it prepares its child while it opens.
class CountValues final : public UnaryOperator {
 public:
  CountValues(OperatorPtr child, std::string label, LabelNames names)
      : UnaryOperator(std::move(child)), label_(std::move(label)), names_(std::move(names)) {
    child_->will_ask_once();
  }

  void open(Context& context) override {
    child_->open(context);
    child_->prepare(context);
    Numbering numbers(context.budget);
    std::vector<std::vector<uint32_t>> counts;
    std::vector<Reservation> reserved;
    const SeriesList& in = child_->series();
    fold_in_order(context, *child_, [&](size_t first, const Rows& rows) {
      for (size_t i = 0; i < rows.count(); ++i) {
        // Most points of a row have the same few values: labels are made once for each.
        std::map<std::string, uint32_t> of_value;
        const HistogramPtr* h = rows.histograms(i);
        for (size_t step = 0; step < steps_.count; ++step) {
          if (!rows.has_point(i, step)) continue;
          std::string value =
              is_absent(rows[i][step]) ? histogram_text(*h[step]) : float_f(rows[i][step]);
          auto known = of_value.find(value);
          if (known == of_value.end()) {
            const uint32_t group = number(context, in.labels[first + i], value, numbers);
            if (group == counts.size()) {
              reserved.push_back(context.reserve(1, steps_.count, sizeof(uint32_t)));
              counts.emplace_back(steps_.count);
            }
            known = of_value.emplace(std::move(value), group).first;
          }
          ++counts[known->second][step];
        }
      }
    });
    result_ = std::make_unique<Rows>(context, steps_.count);
    result_->reset(counts.size());
    for (size_t group = 0; group < counts.size(); ++group) {
      for (size_t step = 0; step < steps_.count; ++step) {
        if (counts[group][step] != 0) (*result_)[group][step] = counts[group][step];
      }
    }
    result_->hold_points();
  }

  void prepare(Context&) override {}

  void rows(Context&, Range range, Rows& out) const override {
    out.reset(range.size());
    for (size_t i = 0; i < range.size(); ++i) out.copy_row(i, *result_, range.begin + i);
  }

 private:
  uint32_t number(Context& context, LabelsView labels, const std::string& value,
                  Numbering& numbers) {
    LabelsBuilder with_value(labels);
    with_value.set(label_, value);
    const Labels all = with_value.build();
    std::string flat;
    names_.choose(all, flat);
    const auto [group, is_new] = numbers.number(flat);
    if (is_new) series_.labels.push_back(context.keep_labels(flat));
    return group;
  }

  const std::string label_;
  const LabelNames names_;
  std::unique_ptr<Rows> result_;
};

}  // namespace

OperatorPtr make_quantile(ParamAggregate parts) {
  return std::make_unique<QuantileAggregate>(std::move(parts));
}

void check_count_values_label(const std::string& label) {
  if (label.empty() || !valid_utf8(label)) {
    throw Error(ErrorKind::kExecution, "invalid label name " + go_quote(label));
  }
}

OperatorPtr make_count_values(OperatorPtr child, const std::string& label,
                              std::vector<std::string> grouping, bool without) {
  grouping.push_back(without ? std::string(kMetricName) : label);
  return std::make_unique<CountValues>(std::move(child), label,
                                       LabelNames(std::move(grouping), !without));
}

}  // namespace hearth::promql
