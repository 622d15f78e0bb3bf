#include "query/first_error.h"

#include <algorithm>
#include <cmath>

namespace hearth::promql {
namespace {

// Whether all its series have the same name, or none: those without it differ as those with it.
bool has_one_name(const Expr& expr) {
  switch (expr.kind) {
    case ExprKind::kVectorSelector: {
      const auto& matchers = as<VectorSelector>(&expr)->matchers;
      return std::any_of(matchers.begin(), matchers.end(), [](const Matcher& matcher) {
        return matcher.name() == kMetricName && matcher.type() == MatchType::kEqual;
      });
    }
    case ExprKind::kMatrixSelector:
      return has_one_name(*as<MatrixSelector>(&expr)->vector);
    case ExprKind::kSubquery:
      return has_one_name(*as<SubqueryExpr>(&expr)->expr);
    case ExprKind::kParen:
      return has_one_name(*as<ParenExpr>(&expr)->expr);
    case ExprKind::kUnary:
      return has_one_name(*as<UnaryExpr>(&expr)->expr);
    case ExprKind::kAggregate: {
      const auto& labels = as<AggregateExpr>(&expr)->grouping;
      return std::find(labels.begin(), labels.end(), kMetricName) == labels.end();
    }
    case ExprKind::kCall: {
      const auto& args = as<Call>(&expr)->args;
      return std::all_of(args.begin(), args.end(),
                         [](const ExprPtr& arg) { return has_one_name(*arg); });
    }
    case ExprKind::kNumber:
    case ExprKind::kString:
      return true;
    default:
      return false;
  }
}

bool is_harmless_number(const Expr& expr) {
  constexpr double kLarge = 1e18;
  const auto* number = as<NumberLiteral>(&unwrap(expr));
  return number != nullptr && std::fabs(number->value) < kLarge;
}

bool call_may_fail(const Call& call) {
  static constexpr std::string_view kFailing[] = {"double_exponential_smoothing", "info",
                                                  "label_join", "label_replace"};
  return std::find(std::begin(kFailing), std::end(kFailing), call.function->name) !=
             std::end(kFailing) ||
         !has_one_name(call) ||
         std::any_of(call.args.begin(), call.args.end(),
                     [](const ExprPtr& arg) { return may_fail(*arg); });
}

bool binary_may_fail(const BinaryExpr& binary) {
  if (binary.matching && !is_set_op(binary.op)) return true;
  if (binary.op == BinaryOp::kOr) return true;
  const bool names = binary.matching || (has_one_name(*binary.left) && has_one_name(*binary.right));
  return !names || may_fail(*binary.left) || may_fail(*binary.right);
}

}  // namespace

bool may_fail(const Expr& expr) {
  switch (expr.kind) {
    case ExprKind::kSubquery:
      return may_fail(*as<SubqueryExpr>(&expr)->expr);
    case ExprKind::kParen:
      return may_fail(*as<ParenExpr>(&expr)->expr);
    case ExprKind::kUnary:
      return !has_one_name(expr) || may_fail(*as<UnaryExpr>(&expr)->expr);
    case ExprKind::kAggregate: {
      const auto& aggregate = *as<AggregateExpr>(&expr);
      const bool has_k = aggregate.param != nullptr && aggregate.op != AggregateOp::kQuantile;
      return (has_k && !is_harmless_number(*aggregate.param)) || may_fail(*aggregate.expr);
    }
    case ExprKind::kCall:
      return call_may_fail(*as<Call>(&expr));
    case ExprKind::kBinary:
      return binary_may_fail(*as<BinaryExpr>(&expr));
    default:
      return false;
  }
}

void throw_first_error(const Expr& expr, Planner planner, const std::function<void(Plan&)>& run) {
  planner.attempt_with([&](Plan& part) { run(part); });
  planner.plan(expr);
}

}  // namespace hearth::promql
