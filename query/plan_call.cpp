// Function calls -> operators.
#include <fmt/format.h>

#include <numbers>

#include "core/error.h"
#include "query/functions.h"
#include "query/histogram_functions.h"
#include "query/info.h"
#include "query/plan.h"
#include "query/settle.h"
#include "query/subquery.h"

namespace hearth::promql {
namespace {

const std::vector<Matcher> kNoMatchers;

const std::vector<Matcher>& matchers_of(const Expr& expr) {
  const Expr* inner = &unwrap(expr);
  if (const auto* matrix = as<MatrixSelector>(inner)) inner = matrix->vector.get();
  const auto* selector = as<VectorSelector>(inner);
  return selector == nullptr ? kNoMatchers : selector->matchers;
}

// In the order of the text; nullptr where there is none.
const VectorSelector* first_selector(const Expr& expr) {
  switch (expr.kind) {
    case ExprKind::kVectorSelector:
      return as<VectorSelector>(&expr);
    case ExprKind::kMatrixSelector:
      return first_selector(*as<MatrixSelector>(&expr)->vector);
    case ExprKind::kSubquery:
      return first_selector(*as<SubqueryExpr>(&expr)->expr);
    case ExprKind::kParen:
      return first_selector(*as<ParenExpr>(&expr)->expr);
    case ExprKind::kUnary:
      return first_selector(*as<UnaryExpr>(&expr)->expr);
    case ExprKind::kBinary: {
      const auto& binary = *as<BinaryExpr>(&expr);
      const VectorSelector* left = first_selector(*binary.left);
      return left != nullptr ? left : first_selector(*binary.right);
    }
    case ExprKind::kAggregate: {
      const auto& aggregate = *as<AggregateExpr>(&expr);
      const VectorSelector* found = first_selector(*aggregate.expr);
      if (found != nullptr || aggregate.param == nullptr) return found;
      return first_selector(*aggregate.param);
    }
    case ExprKind::kCall:
      for (const ExprPtr& arg : as<Call>(&expr)->args) {
        if (const VectorSelector* found = first_selector(*arg)) return found;
      }
      return nullptr;
    default:
      return nullptr;
  }
}

// Windows with other edges hold samples outside of the range: most functions cannot take them.
void check_modifier(const Expr& range, std::string_view function) {
  const auto* matrix = as<MatrixSelector>(&unwrap(range));
  if (matrix == nullptr) return;
  const SelectorModifier modifier = as<VectorSelector>(matrix->vector.get())->modifier;
  const bool increases = function == "rate" || function == "increase" || function == "delta";
  const bool counts = function == "changes" || function == "resets";
  if (modifier == SelectorModifier::kAnchored && !increases && !counts) {
    throw Error(
        ErrorKind::kExecution,
        fmt::format("anchored modifier can only be used with: changes, delta, increase, rate, "
                    "resets - not with {}",
                    function));
  }
  if (modifier == SelectorModifier::kSmoothed && !increases) {
    throw Error(
        ErrorKind::kExecution,
        fmt::format("smoothed modifier can only be used with: delta, increase, rate - not with {}",
                    function));
  }
}

}  // namespace

OperatorPtr Planner::build_call(const Call& call, Steps steps) {
  const std::string_view name = call.function->name;
  if (OperatorPtr found = build_scalar_call(call, steps)) return found;
  if (OperatorPtr found = build_range_call(call, steps)) return found;
  if (OperatorPtr found = build_label_call(call, steps)) return found;
  if (OperatorPtr found = build_histogram_call(call, steps)) return found;
  if (const FloatFunction function = find_float_function(name)) {
    return make_float_function(function, build(*call.args[0], steps));
  }
  if (const FloatFunction function = find_time_function(name)) {
    if (!call.args.empty()) return make_float_function(function, build(*call.args[0], steps));
    return make_per_step(steps,
                         [function](TimeMs t) { return function(static_cast<double>(t / 1000)); });
  }
  if (is_bounding_function(name)) {
    OperatorPtr child = build(*call.args[0], steps);
    return make_bounding_function(name, std::move(child), build_scalars(call, 1, steps));
  }
  if (name == "absent") return make_absent(build(*call.args[0], steps), matchers_of(*call.args[0]));
  if (name == "timestamp" || name == "start_timestamp") {
    const bool own = name == "timestamp";
    if (!own && !options_.use_start_timestamps) return make_nothing(steps);
    if (const auto* selector = as<VectorSelector>(&unwrap(*call.args[0]))) {
      const auto give = own ? SelectOp::Give::kTimestamp : SelectOp::Give::kStartTimestamp;
      return make_nameless(build_selector(*selector, steps, give), false);
    }
    return own ? make_timestamp(build(*call.args[0], steps)) : make_nothing(steps);
  }
  if (name == "info") return build_info(call, steps);
  throw Error(ErrorKind::kExecution, fmt::format("function {}() is not supported", name));
}

// What gives a scalar, or makes a vector of one. nullptr when it is none of these.
OperatorPtr Planner::build_scalar_call(const Call& call, Steps steps) {
  const std::string_view name = call.function->name;
  const auto seconds = [](int64_t ms) { return static_cast<double>(ms) / 1000; };
  if (name == "time") return make_per_step(steps, seconds);
  if (name == "pi") return make_constant(steps, std::numbers::pi);
  if (name == "start") return make_constant(steps, seconds(request_.start));
  if (name == "end") return make_constant(steps, seconds(request_.end));
  if (name == "step") return make_constant(steps, seconds(request_.step));
  if (name == "range") return make_constant(steps, seconds(request_.end - request_.start));
  if (name == "vector") return build(*call.args[0], steps);
  if (name == "scalar") return make_scalar(build(*call.args[0], steps));
  if (name == "min_of" || name == "max_of") {
    OperatorPtr left = build(*call.args[0], steps);
    return make_extreme_of(name == "max_of", std::move(left), build(*call.args[1], steps));
  }
  return nullptr;
}

OperatorPtr Planner::build_label_call(const Call& call, Steps steps) {
  const std::string_view name = call.function->name;
  const auto strings = [&](size_t first) {
    std::vector<std::string> out;
    for (size_t i = first; i < call.args.size(); ++i) out.push_back(string_argument(*call.args[i]));
    return out;
  };
  const auto child = [&] { return build(*call.args[0], steps); };
  if (name == "label_replace") {
    const auto text = strings(1);
    return make_label_replace(child, text[0], text[1], text[2], text[3]);
  }
  if (name == "label_join") {
    return make_label_join(child, string_argument(*call.args[1]), string_argument(*call.args[2]),
                           strings(3));
  }
  if (name.starts_with("sort")) {
    return make_sort(name, build(*call.args[0], steps), strings(1), call.pos);
  }
  return nullptr;
}

OperatorPtr Planner::build_histogram_call(const Call& call, Steps steps) {
  const std::string_view name = call.function->name;
  if (const HistogramNumber function = find_histogram_number(name)) {
    const bool counts_only =
        name == "histogram_count" || name == "histogram_sum" || name == "histogram_avg";
    counts_only_ += counts_only;
    OperatorPtr operand = build(*call.args[0], steps);
    counts_only_ -= counts_only;
    return make_histogram_number(function, std::move(operand));
  }
  HistogramCall parts{};
  size_t child = 0;
  if (name == "histogram_quantile") {
    parts.function = HistogramFunction::kQuantile;
    child = 1;
  } else if (name == "histogram_fraction") {
    parts.function = HistogramFunction::kFraction;
    child = 2;
  } else if (name == "histogram_quantiles") {
    parts.function = HistogramFunction::kQuantiles;
    parts.label = string_argument(*call.args[1]);
  } else {
    return nullptr;
  }
  for (size_t i = 0; i < call.args.size(); ++i) {
    if (i == child) {
      ++whole_histograms_;
      parts.child = build(*call.args[i], steps);
      --whole_histograms_;
      parts.child_pos = argument_pos(call, i);
    } else if (value_type(*call.args[i]) == ValueType::kScalar) {
      parts.scalars.push_back(build(*call.args[i], steps));
      parts.scalar_pos.push_back(argument_pos(call, i));
    }
  }
  return make_histogram_function(std::move(parts));
}

// Info series are looked at where the first selector of the base looks, as Prometheus selects them,
// but at the steps: with another @ or offset they may not be found.
OperatorPtr Planner::build_info(const Call& call, Steps steps) {
  OperatorPtr base = build(*call.args[0], steps);
  const std::vector<Matcher>& matchers =
      call.args.size() > 1 ? matchers_of(*call.args[1]) : kNoMatchers;
  const auto range_of = [this](const Instants& at) {
    return TimeRange{add_time(subtract_time(at.first, lookback_), 1), at.last()};
  };
  const Instants at = instants(steps, AtKind::kNone, 0, 0);
  SelectorTraits traits;
  if (const VectorSelector* first = first_selector(*call.args[0])) {
    const DurationMs offset = durations_.value(first->offset_expr, first->offset, Sign::kAny);
    Instants looked_at = instants(steps, first->at_kind, first->at, offset);
    if (looked_at.fixed) looked_at.steps.count = 1;
    traits.within = range_of(looked_at);
  }
  auto info = std::make_unique<SelectOp>(at, selection(info_matchers(matchers), range_of(at)),
                                         SelectOp::Give::kFloatTimestamp, traits);
  return make_info(std::move(base), std::move(info), matchers);
}

// Where Prometheus finds an argument: inside its parentheses, unless it alone of the call is
// evaluated once for all steps. It ends with the call, which tells of it.
PosRange Planner::argument_pos(const Call& call, size_t i) {
  const Expr& argument = *call.args[i];
  const bool whole = is_invariant(argument) && !is_invariant(call);
  return {(whole ? argument : unwrap(argument)).pos.start, call.pos.end};
}

OperatorPtr Planner::build_range_call(const Call& call, Steps steps) {
  const std::string_view name = call.function->name;
  const bool absent = name == "absent_over_time";
  const std::string_view kernel = absent ? std::string_view("last_over_time") : name;
  const RangeFunction* function = find_rate_function(kernel);
  if (function == nullptr) function = find_over_time_function(kernel);
  if (function == nullptr) return nullptr;
  const size_t range = name == "quantile_over_time" ? 1 : 0;
  check_modifier(*call.args[range], name);
  const size_t aggregations = aggregations_;
  RangeSourcePtr source = build_range(*call.args[range], steps);
  const bool holds_rows = aggregations_ > aggregations;
  std::vector<OperatorPtr> scalars;
  for (size_t i = 0; i < call.args.size(); ++i) {
    if (i != range) scalars.push_back(build(*call.args[i], steps));
  }
  // What Prometheus tells about a subquery carries no position, which shows as the first.
  const bool subquery = unwrap(*call.args[0]).kind == ExprKind::kSubquery;
  const PosRange pos = subquery ? without_position(call.pos) : argument_pos(call, 0);
  OperatorPtr windows =
      std::make_unique<WindowOp>(std::move(source), *function, std::move(scalars), pos);
  if (holds_rows) windows = make_settling(std::move(windows));
  if (!absent) return windows;
  return make_absent(std::move(windows), matchers_of(*call.args[0]));
}

RangeSourcePtr Planner::build_range(const Expr& expr, Steps steps) {
  if (explained_ == nullptr) return build_range_source(expr, steps);
  PlanNode* const around = explained_;
  explained_ = &around->add(unwrap(expr), steps.count);
  RangeSourcePtr built = build_range_source(expr, steps);
  explained_ = around;
  return built;
}

RangeSourcePtr Planner::build_range_source(const Expr& expr, Steps steps) {
  const Expr& inner = unwrap(expr);
  if (const auto* matrix = as<MatrixSelector>(&inner)) {
    const auto& selector = *as<VectorSelector>(matrix->vector.get());
    const DurationMs range = durations_.value(matrix->range_expr, matrix->range, Sign::kPositive);
    const DurationMs offset = durations_.value(selector.offset_expr, selector.offset, Sign::kAny);
    const Instants at = instants(steps, selector.at_kind, selector.at, offset);
    const bool extended = selector.modifier != SelectorModifier::kNone;
    const bool smoothed = selector.modifier == SelectorModifier::kSmoothed;
    const TimeRange wanted{add_time(subtract_time(at.first, range + (extended ? lookback_ : 0)), 1),
                           add_time(at.last(), smoothed ? lookback_ : 0)};
    return std::make_unique<MatrixSource>(at, range, traits(selector),
                                          selection(selector.matchers, wanted));
  }
  const auto* subquery = as<SubqueryExpr>(&inner);
  if (subquery == nullptr) throw Error(ErrorKind::kExecution, "expected a range vector");
  const DurationMs range = durations_.value(subquery->range_expr, subquery->range, Sign::kPositive);
  const DurationMs offset = durations_.value(subquery->offset_expr, subquery->offset, Sign::kAny);
  DurationMs step = durations_.value(subquery->step_expr, subquery->step, Sign::kPositive);
  if (step <= 0) step = default_step_;
  const Instants at = instants(steps, subquery->at_kind, subquery->at, offset);
  const Counted counted = counted_;
  counted_ = Counted::kNo;
  ++whole_histograms_;
  const Steps inside = subquery_steps(at, range, step);
  // Without a step nothing of it is evaluated, so nothing fails either.
  OperatorPtr child = inside.count == 0 ? make_nothing(inside) : build(*subquery->expr, inside);
  --whole_histograms_;
  counted_ = counted;
  return make_subquery(at, range, std::move(child), counted);
}

std::vector<OperatorPtr> Planner::build_scalars(const Call& call, size_t first, Steps steps) {
  std::vector<OperatorPtr> scalars;
  for (size_t i = first; i < call.args.size(); ++i) scalars.push_back(build(*call.args[i], steps));
  return scalars;
}

}  // namespace hearth::promql
