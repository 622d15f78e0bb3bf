// The tree of a PromQL expression, as the parser makes it and check.h types it.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/clock.h"
#include "core/matcher.h"

namespace hearth::promql {

enum class ValueType { kNone, kScalar, kVector, kMatrix, kString };
std::string_view value_type_name(ValueType type);  // "scalar", "instant vector", "range vector", ...

// Bytes [start, end) of the query text.
struct PosRange {
  uint32_t start = 0;
  uint32_t end = 0;
};

enum class ExprKind {
  kNumber, kString, kVectorSelector, kMatrixSelector, kSubquery, kCall, kAggregate, kBinary, kUnary,
  kParen, kStepInvariant, kDuration
};

struct Expr {
  const ExprKind kind;
  PosRange pos;
  uint32_t height = 1;  // of the tree below, itself included; the parser bounds it
  explicit Expr(ExprKind k) : kind(k) {}
  virtual ~Expr() = default;
};
using ExprPtr = std::unique_ptr<Expr>;

// Checked downcasts: nullptr when it is another kind.
template <class T>
const T* as(const Expr* expr) {
  return expr != nullptr && expr->kind == T::kKind ? static_cast<const T*>(expr) : nullptr;
}
template <class T>
T* as(Expr* expr) {
  return expr != nullptr && expr->kind == T::kKind ? static_cast<T*>(expr) : nullptr;
}

struct NumberLiteral : Expr {
  static constexpr ExprKind kKind = ExprKind::kNumber;
  NumberLiteral() : Expr(kKind) {}
  double value = 0;
  bool duration = false;  // written as 5m: printed so
};

struct StringLiteral : Expr {
  static constexpr ExprKind kKind = ExprKind::kString;
  StringLiteral() : Expr(kKind) {}
  std::string value;
};

// @ <time> | @ start() | @ end()
enum class AtKind { kNone, kTime, kStart, kEnd };

// A duration computed from others: [5m*2], offset -(1h/2), step(), range(), min(), max().
struct DurationExpr : Expr {
  static constexpr ExprKind kKind = ExprKind::kDuration;
  DurationExpr() : Expr(kKind) {}
  enum class Op { kAdd, kSub, kMul, kDiv, kMod, kPow, kNegate, kStep, kRange, kMin, kMax };
  Op op = Op::kAdd;
  ExprPtr left, right;  // NumberLiteral or DurationExpr; left is null for unary and step()/range()
  bool wrapped = false;  // in parentheses
};

// Range selectors with other edges: `anchored`, `smoothed`.
enum class SelectorModifier { kNone, kAnchored, kSmoothed };

struct VectorSelector : Expr {
  static constexpr ExprKind kKind = ExprKind::kVectorSelector;
  VectorSelector() : Expr(kKind) {}
  std::string name;  // the metric name written before the braces, "" if none
  std::vector<Matcher> matchers;  // with __name__ when there is a name
  DurationMs offset = 0;          // as written (after evaluating offset_expr)
  ExprPtr offset_expr;            // a DurationExpr, or null
  AtKind at_kind = AtKind::kNone;
  TimeMs at = 0;  // for kTime
  SelectorModifier modifier = SelectorModifier::kNone;
};

struct MatrixSelector : Expr {
  static constexpr ExprKind kKind = ExprKind::kMatrixSelector;
  MatrixSelector() : Expr(kKind) {}
  ExprPtr vector;  // a VectorSelector
  DurationMs range = 0;
  ExprPtr range_expr;  // a DurationExpr, or null
};

struct SubqueryExpr : Expr {
  static constexpr ExprKind kKind = ExprKind::kSubquery;
  SubqueryExpr() : Expr(kKind) {}
  ExprPtr expr;
  DurationMs range = 0;
  ExprPtr range_expr;
  DurationMs step = 0;  // 0 = the default (evaluation interval)
  ExprPtr step_expr;
  DurationMs offset = 0;
  ExprPtr offset_expr;
  AtKind at_kind = AtKind::kNone;
  TimeMs at = 0;
};

// A function of the language; one table in query/function_table.cpp.
struct Function {
  std::string_view name;
  std::vector<ValueType> args;
  int variadic = 0;  // 0: exactly args; n > 0: the last n are optional; -1: the last repeats 0..n times
  ValueType result = ValueType::kVector;
  bool experimental = false;
};
const Function* find_function(std::string_view name);

struct Call : Expr {
  static constexpr ExprKind kKind = ExprKind::kCall;
  Call() : Expr(kKind) {}
  const Function* function = nullptr;
  std::vector<ExprPtr> args;
};

enum class AggregateOp {
  kSum, kAvg, kMin, kMax, kCount, kGroup, kStddev, kStdvar, kTopk, kBottomk, kQuantile,
  kCountValues, kLimitk, kLimitRatio
};
std::string_view aggregate_name(AggregateOp op);

struct AggregateExpr : Expr {
  static constexpr ExprKind kKind = ExprKind::kAggregate;
  AggregateExpr() : Expr(kKind) {}
  AggregateOp op = AggregateOp::kSum;
  ExprPtr expr;
  ExprPtr param;  // k, the quantile or the label name; null where there is none
  std::vector<std::string> grouping;
  bool without = false;
};

enum class BinaryOp {
  kAdd, kSub, kMul, kDiv, kMod, kPow, kAtan2, kEql, kNeq, kLss, kGtr, kLte, kGte, kAnd, kOr, kUnless,
  kTrimUpper, kTrimLower  // native histograms: </ and >/
};
std::string_view binary_op_text(BinaryOp op);
inline bool is_comparison(BinaryOp op) { return op >= BinaryOp::kEql && op <= BinaryOp::kGte; }
inline bool is_set_op(BinaryOp op) { return op >= BinaryOp::kAnd && op <= BinaryOp::kUnless; }

enum class Cardinality { kOneToOne, kManyToOne, kOneToMany, kManyToMany };

struct VectorMatching {
  Cardinality card = Cardinality::kOneToOne;
  std::vector<std::string> labels;
  bool on = false;                   // labels are those to match on, else those to ignore
  std::vector<std::string> include;  // of group_left/group_right
  std::optional<double> fill_left, fill_right;
};

struct BinaryExpr : Expr {
  static constexpr ExprKind kKind = ExprKind::kBinary;
  BinaryExpr() : Expr(kKind) {}
  BinaryOp op = BinaryOp::kAdd;
  ExprPtr left, right;
  std::optional<VectorMatching> matching;  // where both sides are vectors
  bool return_bool = false;
};

struct UnaryExpr : Expr {
  static constexpr ExprKind kKind = ExprKind::kUnary;
  UnaryExpr() : Expr(kKind) {}
  bool negative = false;
  ExprPtr expr;
};

struct ParenExpr : Expr {
  static constexpr ExprKind kKind = ExprKind::kParen;
  ParenExpr() : Expr(kKind) {}
  ExprPtr expr;
};

// Wraps what has the same value at every step; put in by the planner, not by the parser.
struct StepInvariantExpr : Expr {
  static constexpr ExprKind kKind = ExprKind::kStepInvariant;
  StepInvariantExpr() : Expr(kKind) {}
  ExprPtr expr;
};

// What the expression gives.
ValueType value_type(const Expr& expr);

// The expression inside any parentheses and step-invariant wrappers.
const Expr& unwrap(const Expr& expr);

}  // namespace hearth::promql
