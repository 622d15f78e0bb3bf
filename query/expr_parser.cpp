#include "query/expr_parser.h"

#include <algorithm>
#include <charconv>
#include <cmath>

#include "core/duration.h"
#include "core/error.h"
#include "core/go_text.h"
#include "query/check.h"
#include "query/go_math.h"
#include "query/parse_error.h"

namespace hearth::promql {
namespace {

BinaryOp binary_op(TokenType type) {
  switch (type) {
    case TokenType::kAdd:
      return BinaryOp::kAdd;
    case TokenType::kSub:
      return BinaryOp::kSub;
    case TokenType::kMul:
      return BinaryOp::kMul;
    case TokenType::kDiv:
      return BinaryOp::kDiv;
    case TokenType::kMod:
      return BinaryOp::kMod;
    case TokenType::kPow:
      return BinaryOp::kPow;
    case TokenType::kAtan2:
      return BinaryOp::kAtan2;
    case TokenType::kEqlC:
      return BinaryOp::kEql;
    case TokenType::kNeq:
      return BinaryOp::kNeq;
    case TokenType::kLss:
      return BinaryOp::kLss;
    case TokenType::kGtr:
      return BinaryOp::kGtr;
    case TokenType::kLte:
      return BinaryOp::kLte;
    case TokenType::kGte:
      return BinaryOp::kGte;
    case TokenType::kAnd:
      return BinaryOp::kAnd;
    case TokenType::kUnless:
      return BinaryOp::kUnless;
    case TokenType::kTrimUpper:
      return BinaryOp::kTrimUpper;
    case TokenType::kTrimLower:
      return BinaryOp::kTrimLower;
    default:
      return BinaryOp::kOr;
  }
}

// strconv.ParseInt with base 0; nullopt where it is none or does not fit.
std::optional<double> parse_go_integer(std::string_view text) {
  int base = 10;
  std::string digits;
  if (text.size() > 2 && text[0] == '0' && (text[1] | 0x20) == 'x') {
    base = 16;
    text.remove_prefix(2);
  } else if (text.size() > 1 && text[0] == '0') {
    base = 8;
  }
  bool after_digit = base != 10;
  for (const char c : text) {
    if (c == '_' && !after_digit) return std::nullopt;
    after_digit = c != '_';
    if (after_digit) digits += c;
  }
  if (!after_digit) return std::nullopt;
  int64_t value = 0;
  const auto [end, error] =
      std::from_chars(digits.data(), digits.data() + digits.size(), value, base);
  if (error != std::errc() || end != digits.data() + digits.size()) return std::nullopt;
  return static_cast<double>(value);
}

}  // namespace

int binary_precedence(TokenType type) {
  switch (type) {
    case TokenType::kOr:
      return kLowestPrecedence;
    case TokenType::kAnd:
    case TokenType::kUnless:
      return 2;
    case TokenType::kEqlC:
    case TokenType::kNeq:
    case TokenType::kLss:
    case TokenType::kGtr:
    case TokenType::kLte:
    case TokenType::kGte:
    case TokenType::kTrimUpper:
    case TokenType::kTrimLower:
      return 3;
    case TokenType::kAdd:
    case TokenType::kSub:
      return 4;
    case TokenType::kMul:
    case TokenType::kDiv:
    case TokenType::kMod:
    case TokenType::kAtan2:
      return kMulPrecedence;
    case TokenType::kPow:
      return 6;
    default:
      return 0;
  }
}

// As Prometheus, by way of nanoseconds; but whole milliseconds stay whole where a double of
// nanoseconds is too coarse for them.
DurationMs seconds_to_ms(double seconds) {
  const double ms = std::round(seconds * 1e3);
  if (ms / 1e3 == seconds) return go_int64(ms);
  return go_int64(std::round(seconds * 1e9)) / 1'000'000;
}

ExprParser::NestingScope::NestingScope(ExprParser& parser) : parser_(parser) {
  if (++parser_.nesting_ > kMaxHeight) {
    --parser_.nesting_;
    parser_.fail(parser_.peek().pos,
                 "expression is nested more than " + std::to_string(kMaxHeight) + " levels deep");
  }
}

// ---- tokens -------------------------------------------------------------------------------------

const Token& ExprParser::peek() {
  if (!has_next_) {
    next_ = lexer_.next();
    has_next_ = true;
  }
  return next_;
}

Token ExprParser::take() {
  const Token token = peek();
  has_next_ = false;
  return token;
}

bool ExprParser::accept(TokenType type) {
  if (peek_type() != type) return false;
  has_next_ = false;
  return true;
}

Token ExprParser::expect(TokenType type) {
  if (peek_type() != type) unexpected();
  return take();
}

void ExprParser::unexpected() {
  std::string text = "unexpected " + describe(peek());
  if (!context_.where.empty()) text += " in " + std::string(context_.where);
  if (!context_.expected.empty()) text += ", expected " + std::string(context_.expected);
  fail(peek().pos, text);
}

void ExprParser::fail(uint32_t pos, const std::string& text) const {
  throw_parse_error(lexer_.query(), pos, text);
}

void ExprParser::expect_end() {
  if (peek_type() != TokenType::kEnd) unexpected();
}

std::string ExprParser::unquote(const Token& string) const {
  const std::string_view text = string.text;
  auto body = go_unquote(text.substr(1, text.size() - 2), text.front());
  if (!body) fail(string.pos, "error unquoting string " + go_quote(text) + ": invalid syntax");
  return *std::move(body);
}

double ExprParser::number(const Token& token) const {
  if (token.type == TokenType::kDuration) {
    try {
      const DurationMs ms = parse_duration(token.text);
      return static_cast<double>(ms / 1000) + static_cast<double>(ms % 1000 * 1'000'000) / 1e9;
    } catch (const Error& error) {
      fail(token.pos, error.what());
    }
  }
  if (const auto integer = parse_go_integer(token.text)) return *integer;
  if (const auto value = parse_go_float(token.text)) return *value;
  // With all digits zero, only the syntax can be wrong.
  std::string zeros(token.text);
  for (char& c : zeros) c = c >= '1' && c <= '9' ? '0' : c;
  fail(token.pos, "error parsing number: strconv.ParseFloat: parsing " + go_quote(token.text) +
                      (parse_go_float(zeros) ? ": value out of range" : ": invalid syntax"));
}

void ExprParser::bound_height(Expr& expr, uint32_t child_height) const {
  expr.height = child_height + 1;
  if (expr.height > kMaxHeight) {
    fail(expr.pos.start,
         "expression is nested more than " + std::to_string(kMaxHeight) + " levels deep");
  }
}

// ---- expressions --------------------------------------------------------------------------------

ExprPtr ExprParser::whole_expression() {
  if (peek_type() == TokenType::kEnd) fail(0, "no expression found in input");
  ExprPtr expr = expression(kLowestPrecedence);
  expect_end();
  check_types(*expr, lexer_.query());
  return expr;
}

ExprPtr ExprParser::expression(int min_precedence) {
  const NestingScope nesting(*this);
  ExprPtr left = unary();
  while (true) {
    const TokenType type = peek_type();
    const int precedence = binary_precedence(type);
    if (precedence < std::max(min_precedence, kLowestPrecedence)) return left;
    take();
    auto binary = std::make_unique<BinaryExpr>();
    binary->op = binary_op(type);
    binary_modifiers(*binary);
    ExprPtr right = expression(type == TokenType::kPow ? precedence : precedence + 1);
    binary->pos = {left->pos.start, right->pos.end};
    bound_height(*binary, std::max(left->height, right->height));
    const VectorMatching& matching = *binary->matching;
    if (!options_.binop_fill_modifiers && (matching.fill_left || matching.fill_right)) {
      fail(binary->pos.start, "binop fill modifiers are experimental and not enabled");
    }
    binary->left = std::move(left);
    binary->right = std::move(right);
    left = std::move(binary);
  }
}

// Signs bind as multiplication does: only ^ binds tighter.
ExprPtr ExprParser::unary() {
  if (peek_type() != TokenType::kAdd && peek_type() != TokenType::kSub) return modifiers(primary());
  const Token sign = take();
  const bool negative = sign.type == TokenType::kSub;
  ExprPtr operand = expression(kMulPrecedence + 1);
  if (auto* literal = as<NumberLiteral>(operand.get())) {
    if (negative) literal->value = -literal->value;
    literal->pos.start = sign.pos;
    return operand;
  }
  auto unary = std::make_unique<UnaryExpr>();
  unary->negative = negative;
  unary->pos = {sign.pos, operand->pos.end};
  bound_height(*unary, operand->height);
  unary->expr = std::move(operand);
  return unary;
}

ExprPtr ExprParser::primary() {
  switch (peek_type()) {
    case TokenType::kLeftParen: {
      auto paren = std::make_unique<ParenExpr>();
      paren->pos.start = take().pos;
      paren->expr = expression(kLowestPrecedence);
      paren->pos.end = expect(TokenType::kRightParen).end();
      bound_height(*paren, paren->expr->height);
      return paren;
    }
    case TokenType::kString: {
      const Token token = take();
      auto string = std::make_unique<StringLiteral>();
      string->pos = {token.pos, token.end()};
      string->value = unquote(token);
      return string;
    }
    case TokenType::kNumber:
    case TokenType::kDuration:
      return number_literal();
    case TokenType::kLeftBrace:
      return selector(nullptr);
    default:
      return word_expression();
  }
}

// Nearly every keyword may name a metric.
bool ExprParser::names_metric(TokenType type) {
  switch (type) {
    case TokenType::kIdentifier:
    case TokenType::kMetricIdentifier:
    case TokenType::kBy:
    case TokenType::kWithout:
    case TokenType::kOffset:
    case TokenType::kAnchored:
    case TokenType::kSmoothed:
    case TokenType::kAnd:
    case TokenType::kOr:
    case TokenType::kUnless:
      return true;
    default:
      return is_aggregator(type) || is_word_function(type);
  }
}

bool ExprParser::begins_expression(TokenType type) {
  switch (type) {
    case TokenType::kLeftParen:
    case TokenType::kLeftBrace:
    case TokenType::kString:
    case TokenType::kNumber:
    case TokenType::kDuration:
    case TokenType::kAdd:
    case TokenType::kSub:
      return true;
    default:
      return names_metric(type);
  }
}

// What begins with a word: an aggregation or a function call where a parenthesis follows, else a
// selector.
ExprPtr ExprParser::word_expression() {
  if (!names_metric(peek_type())) unexpected();
  const Token word = take();
  const TokenType after = peek_type();
  if (is_aggregator(word.type) &&
      (after == TokenType::kLeftParen || after == TokenType::kBy || after == TokenType::kWithout)) {
    return aggregation(word);
  }
  const bool names_function = word.type == TokenType::kIdentifier || is_word_function(word.type);
  if (names_function && after == TokenType::kLeftParen) return call(word);
  return selector(&word);
}

ExprPtr ExprParser::number_literal() {
  const Token token = take();
  auto literal = std::make_unique<NumberLiteral>();
  literal->pos = {token.pos, token.end()};
  literal->value = number(token);
  literal->duration = token.type == TokenType::kDuration;
  return literal;
}

// bool, on/ignoring, group_left/group_right, fill: between an operator and its right side.
void ExprParser::binary_modifiers(BinaryExpr& binary) {
  VectorMatching& matching = binary.matching.emplace();
  binary.return_bool = accept(TokenType::kBool);
  if (peek_type() == TokenType::kOn || peek_type() == TokenType::kIgnoring) {
    matching.on = take().type == TokenType::kOn;
    matching.labels = grouping();
    if (peek_type() == TokenType::kGroupLeft || peek_type() == TokenType::kGroupRight) {
      matching.card =
          take().type == TokenType::kGroupLeft ? Cardinality::kManyToOne : Cardinality::kOneToMany;
      const TokenType next = peek_type();
      const bool fills =
          next == TokenType::kFill || next == TokenType::kFillLeft || next == TokenType::kFillRight;
      const bool has_labels = next == TokenType::kLeftParen;
      if (has_labels || !(fills || begins_expression(next))) matching.include = grouping();
    }
  }
  if (accept(TokenType::kFill)) {
    matching.fill_left = matching.fill_right = fill_value();
  } else if (accept(TokenType::kFillLeft)) {
    matching.fill_left = fill_value();
    if (accept(TokenType::kFillRight)) matching.fill_right = fill_value();
  } else if (accept(TokenType::kFillRight)) {
    matching.fill_right = fill_value();
    if (accept(TokenType::kFillLeft)) matching.fill_left = fill_value();
  }
}

double ExprParser::fill_value() {
  expect(TokenType::kLeftParen);
  const bool negative = accept(TokenType::kSub);
  if (!negative) accept(TokenType::kAdd);
  if (peek_type() != TokenType::kNumber && peek_type() != TokenType::kDuration) unexpected();
  const double value = number(take());
  expect(TokenType::kRightParen);
  return negative ? -value : value;
}

}  // namespace hearth::promql
