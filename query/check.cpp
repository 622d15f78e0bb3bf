#include "query/check.h"

#include <algorithm>

#include "core/go_text.h"
#include "query/parse_error.h"

namespace hearth::promql {
namespace {

// One thread.
class TypeCheck {
 public:
  explicit TypeCheck(std::string_view query) : query_(query) {}

  ValueType check(Expr& expr);

 private:
  void check_call(Call& call);
  void check_info(Call& call);
  void check_aggregate(AggregateExpr& aggregate);
  ValueType check_binary(BinaryExpr& binary);
  void check_matching(BinaryExpr& binary, bool vectors);
  void check_selector(const VectorSelector& selector);
  void expect_type(Expr& expr, ValueType wanted, const std::string& where);
  uint32_t operator_pos(const BinaryExpr& binary) const;
  [[noreturn]] void fail(const Expr& expr, const std::string& text) const {
    throw_parse_error(query_, expr.pos.start, text);
  }

  std::string_view query_;
  const VectorSelector* info_labels_ = nullptr;  // info()'s second argument may match anything
};

bool is_operand(ValueType type) { return type == ValueType::kScalar || type == ValueType::kVector; }

std::string named(ValueType type) { return std::string(value_type_name(type)); }

// "vector" where value_type_name() says "instant vector".
std::string_view short_name(ValueType type) {
  if (type == ValueType::kVector) return "vector";
  return type == ValueType::kMatrix ? "matrix" : value_type_name(type);
}

ValueType TypeCheck::check(Expr& expr) {
  switch (expr.kind) {
    case ExprKind::kCall:
      check_call(*as<Call>(&expr));
      break;
    case ExprKind::kAggregate:
      check_aggregate(*as<AggregateExpr>(&expr));
      break;
    case ExprKind::kBinary:
      return check_binary(*as<BinaryExpr>(&expr));
    case ExprKind::kParen:
      return check(*as<ParenExpr>(&expr)->expr);
    case ExprKind::kUnary: {
      const ValueType type = check(*as<UnaryExpr>(&expr)->expr);
      if (!is_operand(type)) {
        fail(expr,
             "unary expression only allowed on expressions of type scalar or instant vector, got " +
                 go_quote(value_type_name(type)));
      }
      return type;
    }
    case ExprKind::kSubquery: {
      const ValueType type = check(*as<SubqueryExpr>(&expr)->expr);
      if (type != ValueType::kVector) {
        fail(expr, "subquery is only allowed on instant vector, got " +
                       std::string(short_name(type)) + " instead");
      }
      break;
    }
    case ExprKind::kMatrixSelector:
      check(*as<MatrixSelector>(&expr)->vector);
      break;
    case ExprKind::kVectorSelector:
      check_selector(*as<VectorSelector>(&expr));
      break;
    case ExprKind::kNumber:
    case ExprKind::kString:
    case ExprKind::kDuration:
    case ExprKind::kStepInvariant:
      break;
  }
  return value_type(expr);
}

void TypeCheck::expect_type(Expr& expr, ValueType wanted, const std::string& where) {
  const ValueType type = check(expr);
  if (type != wanted) {
    fail(expr, "expected type " + named(wanted) + " in " + where + ", got " + named(type));
  }
}

void TypeCheck::check_call(Call& call) {
  const Function& function = *call.function;
  const int wanted = static_cast<int>(function.args.size());
  const int given = static_cast<int>(call.args.size());
  const std::string name = go_quote(function.name);
  const auto wrong_count = [&](const char* bound, int count) {
    fail(call, std::string("expected ") + bound + std::to_string(count) +
                   " argument(s) in call to " + name + ", got " + std::to_string(given));
  };
  if (function.variadic == 0) {
    if (given != wanted) wrong_count("", wanted);
  } else {
    const int most = wanted - 1 + function.variadic;
    if (given < wanted - 1) wrong_count("at least ", wanted - 1);
    if (function.variadic > 0 && given > most) wrong_count("at most ", most);
  }
  if (function.name == "info" && given > 1) check_info(call);
  for (size_t i = 0; i < call.args.size(); ++i) {
    const ValueType type = function.args[std::min(i, function.args.size() - 1)];
    expect_type(*call.args[i], type, "call to function " + name);
  }
}

// The second argument of info() is a selector of labels only.
void TypeCheck::check_info(Call& call) {
  const Expr& labels = *call.args[1];
  const auto* selector = as<VectorSelector>(&labels);
  if (value_type(labels) != ValueType::kVector) {
    fail(call, "expected type instant vector in call to function \"info\", got " +
                   named(value_type(labels)));
  }
  if (selector == nullptr) fail(labels, "expected label selectors only");
  if (!selector->name.empty()) {
    fail(labels, "expected label selectors only, got vector selector instead");
  }
  info_labels_ = selector;
}

void TypeCheck::check_aggregate(AggregateExpr& aggregate) {
  expect_type(*aggregate.expr, ValueType::kVector, "aggregation expression");
  if (aggregate.param) {
    const bool text = aggregate.op == AggregateOp::kCountValues;
    expect_type(*aggregate.param, text ? ValueType::kString : ValueType::kScalar,
                "aggregation parameter");
  }
}

ValueType TypeCheck::check_binary(BinaryExpr& binary) {
  const ValueType left = check(*binary.left), right = check(*binary.right);
  const bool scalars = left == ValueType::kScalar && right == ValueType::kScalar;
  const auto fail_at_operator = [&](const std::string& text) {
    throw_parse_error(query_, operator_pos(binary), text);
  };
  if (binary.return_bool && !is_comparison(binary.op)) {
    fail_at_operator("bool modifier can only be used on comparison operators");
  }
  if (is_comparison(binary.op) && !binary.return_bool && scalars) {
    fail_at_operator("comparisons between scalars must use BOOL modifier");
  }
  VectorMatching& matching = *binary.matching;
  if (is_set_op(binary.op) && matching.card == Cardinality::kOneToOne) {
    matching.card = Cardinality::kManyToMany;
  }
  for (const std::string& label : matching.labels) {
    const auto& include = matching.include;
    if (matching.on && std::find(include.begin(), include.end(), label) != include.end()) {
      fail_at_operator("label " + go_quote(label) +
                       " must not occur in ON and GROUP clause at once");
    }
  }
  constexpr const char* kOperands =
      "binary expression must contain only scalar and instant vector types";
  if (!is_operand(left)) fail(*binary.left, kOperands);
  if (!is_operand(right)) fail(*binary.right, kOperands);
  check_matching(binary, left == ValueType::kVector && right == ValueType::kVector);
  return scalars ? ValueType::kScalar : ValueType::kVector;
}

void TypeCheck::check_matching(BinaryExpr& binary, bool vectors) {
  const VectorMatching& matching = *binary.matching;
  const bool fills = matching.fill_left || matching.fill_right;
  const std::string op = go_quote(binary_op_text(binary.op));
  if (!vectors) {
    if (!matching.labels.empty()) {
      fail(binary, "vector matching only allowed between instant vectors");
    }
    if (fills) fail(binary, "filling in missing series only allowed between instant vectors");
    if (is_set_op(binary.op)) {
      fail(binary, "set operator " + op + " not allowed in binary scalar expression");
    }
    binary.matching.reset();
  } else if (is_set_op(binary.op)) {
    if (matching.card != Cardinality::kManyToMany) {
      fail(binary, "no grouping allowed for " + op + " operation");
    }
    if (fills) fail(binary, "filling in missing series not allowed for set operators");
  }
}

void TypeCheck::check_selector(const VectorSelector& selector) {
  if (!selector.name.empty()) {
    // The last matcher is the one made of the name.
    for (size_t i = 0; i + 1 < selector.matchers.size(); ++i) {
      const Matcher& matcher = selector.matchers[i];
      if (matcher.name() == kMetricName) {
        fail(selector, "metric name must not be set twice: " + go_quote(selector.name) + " or " +
                           go_quote(matcher.value()));
      }
    }
    return;
  }
  const bool selective = std::any_of(selector.matchers.begin(), selector.matchers.end(),
                                     [](const Matcher& m) { return !m.matches_empty(); });
  if (!selective && &selector != info_labels_) {
    fail(selector, "vector selector must contain at least one non-empty matcher");
  }
}

uint32_t TypeCheck::operator_pos(const BinaryExpr& binary) const {
  uint32_t pos = binary.left->pos.end;
  constexpr std::string_view kSpaces = " \t\n\r";
  while (pos < query_.size() && kSpaces.find(query_[pos]) != std::string_view::npos) ++pos;
  return pos;
}

}  // namespace

void check_types(Expr& expr, std::string_view query) { TypeCheck(query).check(expr); }

}  // namespace hearth::promql
