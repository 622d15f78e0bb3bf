#include "query/ast.h"

#include <iterator>

namespace hearth::promql {

std::string_view value_type_name(ValueType type) {
  switch (type) {
    case ValueType::kScalar:
      return "scalar";
    case ValueType::kVector:
      return "instant vector";
    case ValueType::kMatrix:
      return "range vector";
    case ValueType::kString:
      return "string";
    case ValueType::kNone:
      break;
  }
  return "none";
}

std::string_view aggregate_name(AggregateOp op) {
  constexpr std::string_view kNames[] = {
      "sum",    "avg",  "min",     "max",      "count",        "group",  "stddev",
      "stdvar", "topk", "bottomk", "quantile", "count_values", "limitk", "limit_ratio"};
  static_assert(std::size(kNames) == static_cast<size_t>(AggregateOp::kLimitRatio) + 1);
  return kNames[static_cast<size_t>(op)];
}

std::string_view binary_op_text(BinaryOp op) {
  constexpr std::string_view kTexts[] = {"+", "-", "*",  "/",  "%",   "^",  "atan2",  "==", "!=",
                                         "<", ">", "<=", ">=", "and", "or", "unless", "</", ">/"};
  static_assert(std::size(kTexts) == static_cast<size_t>(BinaryOp::kTrimLower) + 1);
  return kTexts[static_cast<size_t>(op)];
}

ValueType value_type(const Expr& expr) {
  switch (expr.kind) {
    case ExprKind::kNumber:
    case ExprKind::kDuration:
      return ValueType::kScalar;
    case ExprKind::kString:
      return ValueType::kString;
    case ExprKind::kVectorSelector:
    case ExprKind::kAggregate:
      return ValueType::kVector;
    case ExprKind::kMatrixSelector:
    case ExprKind::kSubquery:
      return ValueType::kMatrix;
    case ExprKind::kCall:
      return as<Call>(&expr)->function->result;
    case ExprKind::kBinary: {
      const auto& binary = *as<BinaryExpr>(&expr);
      const bool scalars = value_type(*binary.left) == ValueType::kScalar &&
                           value_type(*binary.right) == ValueType::kScalar;
      return scalars ? ValueType::kScalar : ValueType::kVector;
    }
    case ExprKind::kUnary:
      return value_type(*as<UnaryExpr>(&expr)->expr);
    case ExprKind::kParen:
      return value_type(*as<ParenExpr>(&expr)->expr);
    case ExprKind::kStepInvariant:
      return value_type(*as<StepInvariantExpr>(&expr)->expr);
  }
  return ValueType::kNone;
}

const Expr& unwrap(const Expr& expr) {
  const Expr* inner = &expr;
  while (true) {
    if (const auto* paren = as<ParenExpr>(inner)) {
      inner = paren->expr.get();
    } else if (const auto* invariant = as<StepInvariantExpr>(inner)) {
      inner = invariant->expr.get();
    } else {
      return *inner;
    }
  }
}

}  // namespace hearth::promql
