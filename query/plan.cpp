#include "query/plan.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "core/error.h"
#include "query/aggregate.h"
#include "query/binary.h"
#include "query/first_error.h"
#include "query/functions.h"
#include "query/print.h"
#include "query/settle.h"
#include "query/subquery.h"
#include "query/topk.h"

namespace hearth::promql {

const std::string& string_argument(const Expr& expr) {
  const auto* literal = as<StringLiteral>(&unwrap(expr));
  if (literal == nullptr) throw Error(ErrorKind::kExecution, "expected a string literal");
  return literal->value;
}

Steps query_steps(const QueryRequest& request) {
  Steps steps{request.start, request.step, 1};
  if (request.step > 0) {
    steps.count =
        request.end < request.start
            ? 0
            : (static_cast<uint64_t>(request.end) - static_cast<uint64_t>(request.start)) /
                      static_cast<uint64_t>(request.step) +
                  1;
  }
  return steps;
}

Planner::Planner(const EngineOptions& options, const QueryRequest& request, DurationMs lookback,
                 DurationMs default_step)
    : options_(options),
      request_(request),
      durations_(request),
      lookback_(lookback),
      default_step_(default_step) {}

Plan Planner::plan(const Expr& expr) {
  Plan plan;
  plan.type = value_type(expr);
  durations_.check(expr);
  whole_ = &expr;
  const Steps steps = query_steps(request_);
  if (plan.type == ValueType::kString) {
    plan.string = string_argument(expr);
  } else if (plan.type == ValueType::kMatrix) {
    plan.matrix = build_range(expr, steps);
  } else {
    plan.root = build(expr, steps);
    if (options_.delayed_name_removal) plan.root = make_nameless(std::move(plan.root), true);
    plan.root->will_ask_once();
  }
  for (const auto& [key, selection] : selections_) plan.selections.push_back(selection);
  plan.range = range_;
  return plan;
}

OperatorPtr Planner::build(const Expr& expr, Steps steps) {
  if (explained_ == nullptr) {
    OperatorPtr built = build_node(expr, steps);
    if (attempt_) attempt(expr, steps);
    return built;
  }
  PlanNode* const around = explained_;
  PlanNode& node = around->add(unwrap(expr), steps.count);
  explained_ = &node;
  OperatorPtr built = make_explained(build_node(expr, steps), node);
  explained_ = around;
  return built;
}

void Planner::attempt(const Expr& expr, Steps steps) const {
  if (&expr == whole_ || !may_fail(expr)) return;
  Plan part;
  {
    Planner planner = *this;
    planner.attempt_ = nullptr;
    planner.selections_.clear();
    planner.folded_.clear();
    planner.range_ = {kMaxTime, kMinTime};
    part.root = planner.build_node(expr, steps);
    part.range = planner.range_;
  }  // what parts of it share ends with it, before its context
  attempt_(part);
}

OperatorPtr Planner::build_node(const Expr& expr, Steps steps) {
  const Expr& inner = unwrap(expr);
  if (inner.kind == ExprKind::kNumber || steps.count == 1 || !is_invariant(inner)) {
    return build_varying(inner, steps);
  }
  if (explained_ != nullptr) explained_->notes.emplace_back("the same at every step");
  const Counted counted = counted_;
  if (counted == Counted::kOnce) counted_ = Counted::kEveryStep;
  OperatorPtr once = build_varying(inner, {steps.start, steps.step, 1});
  counted_ = counted;
  return make_step_invariant(steps, std::move(once));
}

OperatorPtr Planner::build_varying(const Expr& expr, Steps steps) {
  switch (expr.kind) {
    case ExprKind::kNumber:
      return make_constant(steps, as<NumberLiteral>(&expr)->value);
    case ExprKind::kVectorSelector:
      return build_selector(*as<VectorSelector>(&expr), steps, SelectOp::Give::kValue);
    case ExprKind::kCall:
      return build_call(*as<Call>(&expr), steps);
    case ExprKind::kAggregate:
      return build_aggregate(*as<AggregateExpr>(&expr), steps);
    case ExprKind::kBinary:
      return build_binary(*as<BinaryExpr>(&expr), steps);
    case ExprKind::kUnary: {
      const auto& unary = *as<UnaryExpr>(&expr);
      OperatorPtr child = build(*unary.expr, steps);
      return unary.negative ? make_negation(std::move(child)) : std::move(child);
    }
    default:
      throw Error(ErrorKind::kExecution,
                  "unexpected " + std::string(value_type_name(value_type(expr))));
  }
}

OperatorPtr Planner::build_aggregate(const AggregateExpr& expr, Steps steps) {
  ++aggregations_;
  if (expr.op == AggregateOp::kCountValues) {
    const std::string& label = string_argument(*expr.param);
    check_count_values_label(label);
    return make_count_values(build(*expr.expr, steps), label, expr.grouping, expr.without);
  }
  Grouping grouping(expr.grouping, expr.without);
  if (expr.param == nullptr) {
    return make_fold_aggregate(expr.op, fold_source(*expr.expr, steps), std::move(grouping),
                               {expr.expr->pos.start, expr.pos.end});
  }
  OperatorPtr param = build(*expr.param, steps);  // before the other, as Prometheus does
  const auto told_at = [&](const Expr& part) { return PosRange{part.pos.start, expr.pos.end}; };
  ParamAggregate parts{expr.op,
                       build(*expr.expr, steps),
                       std::move(param),
                       std::move(grouping),
                       expr.pos,
                       told_at(*expr.expr),
                       told_at(unwrap(*expr.param))};
  return expr.op == AggregateOp::kQuantile ? make_quantile(std::move(parts))
                                           : make_topk(std::move(parts));
}

std::string Planner::evaluation_key(const Expr& expr, Steps steps) const {
  const bool only_counts = counts_only_ > 0 && whole_histograms_ == 0;
  const std::string_view text = request_.text;
  return fmt::format("{} {} {} {} {} {} {}", steps.start, steps.step, steps.count,
                     static_cast<int>(counted_), only_counts,
                     text.substr(expr.pos.start, expr.pos.end - expr.pos.start), print(expr));
}

FoldSourcePtr Planner::fold_source(const Expr& operand, Steps steps) {
  FoldSourcePtr& source = folded_[evaluation_key(operand, steps)];
  if (source == nullptr) {
    source = std::make_shared<FoldSource>(build(operand, steps), operand.pos.start);
  } else if (explained_ != nullptr) {
    explained_->notes.emplace_back("shares its operand with another");
  }
  return source;
}

OperatorPtr Planner::build_binary(const BinaryExpr& expr, Steps steps) {
  const size_t aggregations = aggregations_;
  OperatorPtr left = build(*expr.left, steps);
  OperatorPtr right = build(*expr.right, steps);
  const bool vectors =
      value_type(*expr.left) == ValueType::kVector && value_type(*expr.right) == ValueType::kVector;
  if (!vectors) return make_scalar_binary(expr, std::move(left), std::move(right));
  const auto settling = [&](OperatorPtr made) {
    return aggregations_ == aggregations ? std::move(made) : make_settling(std::move(made));
  };
  if (is_set_op(expr.op)) {
    return settling(make_set_operation(expr, std::move(left), std::move(right)));
  }
  std::vector<int64_t> repeats;
  if (evaluation_key(*expr.left, steps) == evaluation_key(*expr.right, steps)) {
    repeats.push_back(int64_t{expr.right->pos.start} - expr.left->pos.start);
  }
  return settling(make_join(expr, std::move(left), std::move(right), std::move(repeats)));
}

OperatorPtr Planner::build_selector(const VectorSelector& selector, Steps steps,
                                    SelectOp::Give give) {
  const DurationMs offset = durations_.value(selector.offset_expr, selector.offset, Sign::kAny);
  Instants at = instants(steps, selector.at_kind, selector.at, offset);
  const bool smoothed = selector.modifier == SelectorModifier::kSmoothed;
  const TimeRange range{add_time(subtract_time(at.first, lookback_), 1),
                        smoothed ? add_time(at.last(), lookback_) : at.last()};
  SelectorTraits found = traits(selector);
  if (give != SelectOp::Give::kValue && at.fixed) {
    // Prometheus selects the samples of a timestamp() by the offset, and then forgets it beside @.
    at = instants(steps, selector.at_kind, selector.at, 0);
    found.within = range;
  }
  return std::make_unique<SelectOp>(at, selection(selector.matchers, range), give, found);
}

SelectorTraits Planner::traits(const VectorSelector& selector) const {
  return {selector.modifier, counts_only_ > 0 && whole_histograms_ == 0, selector.pos, counted_};
}

Instants Planner::instants(Steps steps, AtKind at_kind, TimeMs at, DurationMs offset) const {
  Instants instants;
  instants.steps = steps;
  instants.fixed = at_kind != AtKind::kNone;
  TimeMs first = steps.start;
  if (at_kind == AtKind::kTime) first = at;
  if (at_kind == AtKind::kStart) first = request_.start;
  if (at_kind == AtKind::kEnd) first = request_.end;
  instants.first = subtract_time(first, offset);
  return instants;
}

SelectionPtr Planner::selection(const std::vector<Matcher>& matchers, TimeRange range) {
  range.min = std::min(range.min, range.max);  // at the edge of time there may be nothing
  range_.min = std::min(range_.min, range.min);
  range_.max = std::max(range_.max, range.max);
  std::vector<std::string> texts;
  for (const Matcher& matcher : matchers) texts.push_back(matcher.text());
  std::sort(texts.begin(), texts.end());
  std::string key;
  for (const std::string& text : texts) key += text + ",";
  SelectionPtr& known = selections_[key];
  if (known == nullptr) {
    known = std::make_shared<Selection>(matchers, range);
  } else {
    known->widen(range);
    if (explained_ != nullptr) explained_->notes.emplace_back("shares its series with another");
  }
  if (explained_ != nullptr) explained_->selection = known;
  return known;
}

// ---- what is the same at every step
// --------------------------------------------------------------

bool Planner::is_invariant(const Expr& expr) {
  const auto known = invariant_.find(&expr);
  if (known != invariant_.end()) return known->second;
  const bool invariant = compute_invariant(expr);
  invariant_.emplace(&expr, invariant);
  return invariant;
}

bool Planner::compute_invariant(const Expr& expr) {
  // These look at the time, or at the time of samples, even when their arguments stay the same.
  static constexpr std::string_view kLookAtTime[] = {
      "days_in_month", "day_of_month", "day_of_week",    "day_of_year", "hour",     "minute",
      "month",         "year",         "predict_linear", "time",        "timestamp"};
  switch (expr.kind) {
    case ExprKind::kNumber:
    case ExprKind::kString:
      return true;
    case ExprKind::kVectorSelector:
      return as<VectorSelector>(&expr)->at_kind != AtKind::kNone;
    case ExprKind::kMatrixSelector:
      return is_invariant(*as<MatrixSelector>(&expr)->vector);
    case ExprKind::kSubquery:
      return as<SubqueryExpr>(&expr)->at_kind != AtKind::kNone;
    case ExprKind::kParen:
      return is_invariant(*as<ParenExpr>(&expr)->expr);
    case ExprKind::kUnary:
      return is_invariant(*as<UnaryExpr>(&expr)->expr);
    case ExprKind::kAggregate:
      return is_invariant(*as<AggregateExpr>(&expr)->expr);
    case ExprKind::kBinary:
      return is_invariant(*as<BinaryExpr>(&expr)->left) &&
             is_invariant(*as<BinaryExpr>(&expr)->right);
    case ExprKind::kCall: {
      const auto& call = *as<Call>(&expr);
      if (std::find(std::begin(kLookAtTime), std::end(kLookAtTime), call.function->name) !=
          std::end(kLookAtTime)) {
        return false;
      }
      return std::all_of(call.args.begin(), call.args.end(),
                         [this](const ExprPtr& arg) { return is_invariant(*arg); });
    }
    default:
      return false;
  }
}

}  // namespace hearth::promql
