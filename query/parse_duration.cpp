// Durations inside brackets and after `offset`: numbers, and expressions of them.
#include "query/expr_parser.h"

namespace hearth::promql {
namespace {

using Op = DurationExpr::Op;

// Go counts nanoseconds in 64 bits.
bool out_of_range(double seconds) {
  return seconds > 9223372036854775808.0 / 1e9 || seconds < -9223372036854775808.0 / 1e9;
}

std::optional<Op> duration_op(TokenType type) {
  switch (type) {
    case TokenType::kAdd:
      return Op::kAdd;
    case TokenType::kSub:
      return Op::kSub;
    case TokenType::kMul:
      return Op::kMul;
    case TokenType::kDiv:
      return Op::kDiv;
    case TokenType::kMod:
      return Op::kMod;
    case TokenType::kPow:
      return Op::kPow;
    default:
      return std::nullopt;
  }
}

bool is_literal(TokenType type) {
  return type == TokenType::kNumber || type == TokenType::kDuration;
}

bool is_duration_call(TokenType type) {
  return type == TokenType::kStep || type == TokenType::kRange || type == TokenType::kMinOf ||
         type == TokenType::kMaxOf;
}

}  // namespace

ExprPtr ExprParser::positive_duration() {
  ExprPtr found = duration(kLowestPrecedence);
  if (const auto* literal = as<NumberLiteral>(found.get()); literal && literal->value <= 0) {
    fail(literal->pos.start, "duration must be greater than 0");
  }
  return found;
}

ExprPtr ExprParser::duration(int min_precedence) {
  const NestingScope nesting(*this);
  return duration_operators(duration_unary(), min_precedence);
}

ExprPtr ExprParser::duration_operators(ExprPtr left, int min_precedence) {
  while (true) {
    const auto op = duration_op(peek_type());
    const int precedence = binary_precedence(peek_type());
    if (!op || precedence < min_precedence) return left;
    const Token token = take();
    ExprPtr right = duration(*op == Op::kPow ? precedence : precedence + 1);
    require_duration_expressions(*left);
    if (const auto* literal = as<NumberLiteral>(right.get()); literal && literal->value == 0) {
      if (*op == Op::kDiv) fail(token.pos, "division by zero");
      if (*op == Op::kMod) fail(token.pos, "modulo by zero");
    }
    left = duration_node(*op, std::move(left), std::move(right));
  }
}

ExprPtr ExprParser::duration_unary() {
  if (peek_type() != TokenType::kAdd && peek_type() != TokenType::kSub) return duration_primary();
  const Token sign = take();
  return signed_duration(sign, duration(kMulPrecedence + 1));
}

ExprPtr ExprParser::duration_primary() {
  if (is_literal(peek_type())) return duration_literal();
  if (is_duration_call(peek_type())) return duration_call(take());
  return duration_paren();
}

ExprPtr ExprParser::duration_literal() {
  ExprPtr literal = number_literal();
  if (out_of_range(as<NumberLiteral>(literal.get())->value)) {
    fail(literal->pos.start, "duration out of range");
  }
  return literal;
}

// step(), range(), min_of(a, b), max_of(a, b).
ExprPtr ExprParser::duration_call(const Token& name) {
  expect(TokenType::kLeftParen);
  ExprPtr left, right;
  Op op = name.type == TokenType::kStep ? Op::kStep : Op::kRange;
  if (name.type == TokenType::kMinOf || name.type == TokenType::kMaxOf) {
    op = name.type == TokenType::kMinOf ? Op::kMin : Op::kMax;
    left = duration(kLowestPrecedence);
    expect(TokenType::kComma);
    right = duration(kLowestPrecedence);
  }
  const Token close = expect(TokenType::kRightParen);
  auto node = duration_node(op, std::move(left), std::move(right));
  node->pos = {name.pos, close.end()};
  require_duration_expressions(*node);
  return node;
}

ExprPtr ExprParser::duration_paren() {
  expect(TokenType::kLeftParen);
  ExprPtr inner = duration(kLowestPrecedence);
  expect(TokenType::kRightParen);
  require_duration_expressions(*inner);
  if (auto* node = as<DurationExpr>(inner.get())) node->wrapped = true;
  return inner;
}

// After `offset`, arithmetic belongs to the expression around unless it begins with a parenthesis
// or with two signs: foo offset 5m * 2 is (foo offset 5m) * 2, foo offset (5m) * 2 is foo offset
// 10m.
ExprPtr ExprParser::offset_duration() {
  if (is_literal(peek_type())) return duration_literal();
  if (is_duration_call(peek_type())) return duration_call(take());
  if (peek_type() == TokenType::kLeftParen) return duration(kLowestPrecedence);
  if (peek_type() != TokenType::kAdd && peek_type() != TokenType::kSub) unexpected();
  const Token sign = take();
  if (is_literal(peek_type())) return signed_duration(sign, number_literal());
  if (peek_type() != TokenType::kAdd && peek_type() != TokenType::kSub) {
    return signed_duration(sign, duration_primary());
  }
  return duration_operators(signed_duration(sign, duration(kMulPrecedence + 1)), kLowestPrecedence);
}

ExprPtr ExprParser::signed_duration(const Token& sign, ExprPtr inner) const {
  const bool negative = sign.type == TokenType::kSub;
  if (auto* literal = as<NumberLiteral>(inner.get())) {
    if (negative) literal->value = -literal->value;
    if (out_of_range(literal->value)) fail(sign.pos, "duration out of range");
    literal->pos.start = sign.pos;
    return inner;
  }
  if (!negative) return inner;
  const uint32_t end = inner->pos.end;
  auto node = duration_node(Op::kNegate, nullptr, std::move(inner));
  node->pos = {sign.pos, end};
  return node;
}

std::unique_ptr<DurationExpr> ExprParser::duration_node(DurationExpr::Op op, ExprPtr left,
                                                        ExprPtr right) const {
  auto node = std::make_unique<DurationExpr>();
  node->op = op;
  if (left && right) node->pos = {left->pos.start, right->pos.end};
  bound_height(*node, std::max(left ? left->height : 0, right ? right->height : 0));
  node->left = std::move(left);
  node->right = std::move(right);
  return node;
}

void ExprParser::require_duration_expressions(const Expr& expr) const {
  if (!options_.duration_expressions) {
    fail(expr.pos.start, "experimental duration expression is not enabled");
  }
}

}  // namespace hearth::promql
