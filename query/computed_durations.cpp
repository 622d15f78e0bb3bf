#include "query/computed_durations.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "core/error.h"
#include "query/go_math.h"

namespace hearth::promql {
namespace {

Error bad_duration(const Expr& expr, std::string_view what) {
  return Error(ErrorKind::kBadData, fmt::format("{}:{}: {}", expr.pos.start, expr.pos.end, what));
}

}  // namespace

void ComputedDurations::check(const Expr& expr) const {
  switch (expr.kind) {
    case ExprKind::kVectorSelector:
      value(as<VectorSelector>(&expr)->offset_expr, 0, Sign::kAny);
      return;
    case ExprKind::kMatrixSelector:
      value(as<MatrixSelector>(&expr)->range_expr, 0, Sign::kPositive);
      return check(*as<MatrixSelector>(&expr)->vector);
    case ExprKind::kSubquery: {
      const auto& subquery = *as<SubqueryExpr>(&expr);
      value(subquery.offset_expr, 0, Sign::kAny);
      value(subquery.step_expr, 0, Sign::kPositive);
      value(subquery.range_expr, 0, Sign::kPositive);
      return check(*subquery.expr);
    }
    case ExprKind::kCall:
      for (const ExprPtr& argument : as<Call>(&expr)->args) check(*argument);
      return;
    case ExprKind::kAggregate: {
      const auto& aggregate = *as<AggregateExpr>(&expr);
      check(*aggregate.expr);
      if (aggregate.param != nullptr) check(*aggregate.param);
      return;
    }
    case ExprKind::kBinary:
      check(*as<BinaryExpr>(&expr)->left);
      return check(*as<BinaryExpr>(&expr)->right);
    case ExprKind::kUnary:
      return check(*as<UnaryExpr>(&expr)->expr);
    case ExprKind::kParen:
      return check(*as<ParenExpr>(&expr)->expr);
    default:
      return;
  }
}

DurationMs ComputedDurations::value(const ExprPtr& computed, DurationMs written, Sign sign) const {
  if (computed == nullptr) return written;
  const double found = seconds(*computed);
  if (std::isnan(found) && sign == Sign::kAny) return 0;  // as Go turns it into a duration
  if (sign == Sign::kPositive && !(found > 0)) {
    throw bad_duration(*computed, "duration must be greater than 0");
  }
  if (!(std::fabs(found) < 9223372036.0)) throw bad_duration(*computed, "duration is out of range");
  return static_cast<DurationMs>(found * 1000);
}

double ComputedDurations::seconds(const Expr& expr) const {
  if (const auto* number = as<NumberLiteral>(&expr)) return number->value;
  const auto* node = as<DurationExpr>(&expr);
  if (node == nullptr) throw Error(ErrorKind::kExecution, "unexpected expression in a duration");
  using Op = DurationExpr::Op;
  const double left = node->left == nullptr ? 0 : seconds(*node->left);
  const double right = node->right == nullptr ? 0 : seconds(*node->right);
  switch (node->op) {
    case Op::kAdd:
      return left + right;
    case Op::kSub:
      return left - right;
    case Op::kMul:
      return left * right;
    case Op::kDiv:
      if (right == 0) throw bad_duration(expr, "division by zero");
      return left / right;
    case Op::kMod:
      if (right == 0) throw bad_duration(expr, "modulo by zero");
      return std::fmod(left, right);
    case Op::kPow:
      return go_pow(left, right);
    case Op::kNegate:
      return -right;
    case Op::kStep:
      return static_cast<double>(request_.step) / 1000;
    case Op::kRange:
      return static_cast<double>(request_.end - request_.start) / 1000;
    case Op::kMin:
      return std::min(left, right);
    case Op::kMax:
      return std::max(left, right);
  }
  return 0;
}

}  // namespace hearth::promql
