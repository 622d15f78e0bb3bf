#include "query/functions.h"

#include <algorithm>
#include <cmath>
#include <numbers>

#include "query/go_math.h"
#include "query/histogram_ops.h"

namespace hearth::promql {
namespace {

struct NamedFunction {
  std::string_view name;
  FloatFunction function;
};

constexpr NamedFunction kFloatFunctions[] = {
    {"abs", [](double v) { return std::fabs(v); }},
    {"acos", [](double v) { return std::acos(v); }},
    {"acosh", [](double v) { return std::acosh(v); }},
    {"asin", [](double v) { return std::asin(v); }},
    {"asinh", [](double v) { return std::asinh(v); }},
    {"atan", [](double v) { return std::atan(v); }},
    {"atanh", [](double v) { return std::atanh(v); }},
    {"ceil", [](double v) { return std::ceil(v); }},
    {"cos", [](double v) { return std::cos(v); }},
    {"cosh", [](double v) { return std::cosh(v); }},
    {"deg", [](double v) { return v * 180 / std::numbers::pi; }},
    {"exp", [](double v) { return std::exp(v); }},
    {"floor", [](double v) { return std::floor(v); }},
    {"ln", [](double v) { return go_log(v); }},
    {"log10", [](double v) { return go_log10(v); }},
    {"log2", [](double v) { return go_log2(v); }},
    {"rad", [](double v) { return v * std::numbers::pi / 180; }},
    {"sgn", [](double v) { return v < 0   ? -1.0
                                  : v > 0 ? 1.0
                                          : v; }},
    {"sin", [](double v) { return std::sin(v); }},
    {"sinh", [](double v) { return std::sinh(v); }},
    {"sqrt", [](double v) { return std::sqrt(v); }},
    {"tan", [](double v) { return std::tan(v); }},
    {"tanh", [](double v) { return std::tanh(v); }},
};

class FloatOp final : public MapOperator {
 public:
  FloatOp(FloatFunction function, OperatorPtr child)
      : MapOperator(std::move(child), {}), function_(function) {}
  void map(Context&, size_t, Rows& rows, size_t row) const override {
    rows.drop_histograms(row);
    double* v = rows[row];
    for (size_t i = 0; i < steps_.count; ++i) {
      if (!is_absent(v[i])) v[i] = function_(v[i]);
    }
  }

 private:
  const FloatFunction function_;
};

class BoundingOp final : public MapOperator {
 public:
  enum class Kind { kClamp, kMin, kMax, kRound };
  BoundingOp(Kind kind, OperatorPtr child, std::vector<OperatorPtr> scalars)
      : MapOperator(std::move(child), std::move(scalars)), kind_(kind) {}
  void map(Context&, size_t, Rows& rows, size_t row) const override {
    rows.drop_histograms(row);
    double* v = rows[row];
    for (size_t i = 0; i < steps_.count; ++i) {
      if (!is_absent(v[i])) v[i] = bounded(v[i], i);
    }
  }

 private:
  double bounded(double v, size_t i) const {
    if (kind_ == Kind::kRound) {
      const double inverse = 1 / (scalars() == 0 ? 1.0 : scalar(0)[i]);
      return std::floor(v * inverse + 0.5) / inverse;
    }
    const double low = kind_ == Kind::kMax ? -INFINITY : scalar(0)[i];
    const double high = kind_ == Kind::kMin ? INFINITY : scalar(kind_ == Kind::kMax ? 0 : 1)[i];
    if (high < low) return absent();
    return go_max(low, go_min(high, v));
  }
  const Kind kind_;
};

class NegationOp final : public MapOperator {
 public:
  explicit NegationOp(OperatorPtr child) : MapOperator(std::move(child), {}) {}
  void map(Context& context, size_t, Rows& rows, size_t row) const override {
    double* v = rows[row];
    for (size_t i = 0; i < steps_.count; ++i) v[i] = is_absent(v[i]) ? absent() : -v[i];
    if (HistogramPtr* h = rows.histograms(row)) {
      for (size_t i = 0; i < steps_.count; ++i) {
        if (h[i] != nullptr) h[i] = scaled(context, *h[i], -1);
      }
    }
  }
};

class TimestampOp final : public MapOperator {
 public:
  explicit TimestampOp(OperatorPtr child) : MapOperator(std::move(child), {}) {}
  void map(Context&, size_t, Rows& rows, size_t row) const override {
    for (size_t i = 0; i < steps_.count; ++i) {
      if (rows.has_point(row, i)) rows[row][i] = static_cast<double>(steps_.at(i)) / 1000;
    }
    rows.drop_histograms(row);
  }
};

class ExtremeOfOp final : public MapOperator {
 public:
  ExtremeOfOp(bool max, OperatorPtr left, std::vector<OperatorPtr> right)
      : MapOperator(std::move(left), std::move(right)), max_(max) {}
  void map(Context&, size_t, Rows& rows, size_t row) const override {
    double* v = rows[row];
    for (size_t i = 0; i < steps_.count; ++i) {
      v[i] = max_ ? go_max(v[i], scalar(0)[i]) : go_min(v[i], scalar(0)[i]);
    }
  }

 private:
  const bool max_;
};

class NamelessOp final : public MapOperator {
 public:
  NamelessOp(OperatorPtr child, bool flagged_only)
      : MapOperator(std::move(child), {}), flagged_only_(flagged_only) {}
  Named rename(Context& context, LabelsView labels, bool drop_name) override {
    if (!flagged_only_) return drop_metric_name<Named>(context, labels);
    return {drop_name ? without_metadata(context, labels) : labels, false};
  }
  void map(Context&, size_t, Rows&, size_t) const override {}

 private:
  const bool flagged_only_;
};

class NothingOp final : public Operator {
 public:
  using Operator::Operator;
  void open(Context&) override {}
  void prepare(Context&) override {}
  void rows(Context&, Range, Rows& out) const override { out.reset(0); }
};

class PerStepOp final : public Operator {
 public:
  PerStepOp(Steps steps, std::function<double(TimeMs)> value)
      : Operator(steps), value_(std::move(value)) {}
  void open(Context&) override { series_.labels.emplace_back(); }
  void prepare(Context&) override {}
  void rows(Context&, Range range, Rows& out) const override {
    out.reset(range.size());
    if (range.size() == 0) return;
    for (size_t i = 0; i < steps_.count; ++i) out[0][i] = value_(steps_.at(i));
    out.hold_points();
  }

 private:
  const std::function<double(TimeMs)> value_;
};

class ScalarOp final : public UnaryOperator {
 public:
  explicit ScalarOp(OperatorPtr child) : UnaryOperator(std::move(child)) {}
  void open(Context& context) override {
    child_->open(context);
    series_.labels.emplace_back();
  }
  void prepare(Context& context) override {
    child_->prepare(context);
    value_.assign(steps_.count, std::nan(""));
    std::vector<uint8_t> found(steps_.count);
    fold_in_order(context, *child_, [&](size_t, const Rows& rows) {
      for (size_t row = 0; row < rows.count(); ++row) {
        for (size_t i = 0; i < steps_.count; ++i) {
          if (is_absent(rows[row][i])) continue;
          value_[i] = found[i] != 0 ? std::nan("") : rows[row][i];
          found[i] = 1;
        }
      }
    });
  }
  void rows(Context&, Range range, Rows& out) const override {
    out.reset(range.size());
    if (range.size() != 0) std::copy(value_.begin(), value_.end(), out[0]);
    out.hold_points();
  }

 private:
  std::vector<double> value_;
};

class StepInvariantOp final : public UnaryOperator {
 public:
  StepInvariantOp(Steps steps, OperatorPtr child) : UnaryOperator(steps, std::move(child)) {}
  void open(Context& context) override {
    child_->open(context);
    return_series_of(*child_);
    reserved_ = context.reserve(series().size(), 1, sizeof(double));
  }
  void prepare(Context& context) override {
    child_->prepare(context);
    values_ = std::make_unique<Rows>(context, 1);
    reserved_.release();
    if (steps_.count != 0) materialise(context, *child_, *values_);
    values_->let_go();  // they count in what is made of them
  }
  void rows(Context&, Range range, Rows& out) const override {
    out.reset(range.size());
    if (steps_.count == 0) return;
    for (size_t i = 0; i < range.size(); ++i) {
      std::fill_n(out[i], steps_.count, (*values_)[range.begin + i][0]);
      if (const HistogramPtr* h = values_->histograms(range.begin + i)) {
        std::fill_n(out.make_histograms(i), steps_.count, h[0]);
      }
    }
    out.hold_points();
  }
  const std::vector<uint32_t>* order() const override { return child_->order(); }

 private:
  Reservation reserved_;
  std::unique_ptr<Rows> values_;
};

}  // namespace

FloatFunction find_float_function(std::string_view name) {
  for (const NamedFunction& known : kFloatFunctions) {
    if (known.name == name) return known.function;
  }
  return nullptr;
}

OperatorPtr make_float_function(FloatFunction function, OperatorPtr child) {
  return std::make_unique<FloatOp>(function, std::move(child));
}

bool is_bounding_function(std::string_view name) {
  return name == "clamp" || name == "clamp_min" || name == "clamp_max" || name == "round";
}

OperatorPtr make_bounding_function(std::string_view name, OperatorPtr child,
                                   std::vector<OperatorPtr> scalars) {
  const auto kind = name == "clamp"       ? BoundingOp::Kind::kClamp
                    : name == "clamp_min" ? BoundingOp::Kind::kMin
                    : name == "clamp_max" ? BoundingOp::Kind::kMax
                                          : BoundingOp::Kind::kRound;
  return std::make_unique<BoundingOp>(kind, std::move(child), std::move(scalars));
}

OperatorPtr make_negation(OperatorPtr child) {
  return std::make_unique<NegationOp>(std::move(child));
}

OperatorPtr make_timestamp(OperatorPtr child) {
  return std::make_unique<TimestampOp>(std::move(child));
}

OperatorPtr make_extreme_of(bool max, OperatorPtr left, OperatorPtr right) {
  std::vector<OperatorPtr> scalars;
  scalars.push_back(std::move(right));
  return std::make_unique<ExtremeOfOp>(max, std::move(left), std::move(scalars));
}

OperatorPtr make_nameless(OperatorPtr child, bool flagged_only) {
  return std::make_unique<NamelessOp>(std::move(child), flagged_only);
}

OperatorPtr make_nothing(Steps steps) { return std::make_unique<NothingOp>(steps); }

OperatorPtr make_per_step(Steps steps, std::function<double(TimeMs)> value) {
  return std::make_unique<PerStepOp>(steps, std::move(value));
}

OperatorPtr make_constant(Steps steps, double value) {
  return make_per_step(steps, [value](TimeMs) { return value; });
}

OperatorPtr make_scalar(OperatorPtr child) { return std::make_unique<ScalarOp>(std::move(child)); }

OperatorPtr make_step_invariant(Steps steps, OperatorPtr child) {
  return std::make_unique<StepInvariantOp>(steps, std::move(child));
}

}  // namespace hearth::promql
