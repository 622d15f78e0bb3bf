// What follows an expression: ranges and subqueries, offset, @, anchored and smoothed.
#include <algorithm>
#include <cmath>
#include <cstdio>
#include <limits>

#include "query/expr_parser.h"

namespace hearth::promql {
namespace {

// Where a modifier is kept: in the selector, in the selector of a range, or in the subquery.
struct ModifierSlots {
  DurationMs* offset;
  ExprPtr* offset_expr;
  AtKind* at_kind;
  TimeMs* at;
};

VectorSelector* selector_of(Expr& expr) {
  if (auto* selector = as<VectorSelector>(&expr)) return selector;
  auto* matrix = as<MatrixSelector>(&expr);
  return matrix == nullptr ? nullptr : as<VectorSelector>(matrix->vector.get());
}

std::optional<ModifierSlots> modifier_slots(Expr& expr) {
  if (VectorSelector* s = selector_of(expr)) {
    return ModifierSlots{&s->offset, &s->offset_expr, &s->at_kind, &s->at};
  }
  if (auto* s = as<SubqueryExpr>(&expr)) {
    return ModifierSlots{&s->offset, &s->offset_expr, &s->at_kind, &s->at};
  }
  return std::nullopt;
}

constexpr std::string_view kAfterSelector =
    " modifier must be preceded by an instant vector selector or range vector selector or a "
    "subquery";

// timestamp.FromFloatSeconds; what does not fit becomes the smallest, as Go's conversion has it.
TimeMs time_from_seconds(double seconds) {
  const double ms = std::round(seconds * 1000);
  const bool fits = ms >= -9223372036854775808.0 && ms < 9223372036854775808.0;
  return fits ? static_cast<TimeMs>(ms) : std::numeric_limits<TimeMs>::min();
}

std::string fixed6(double value) {
  if (std::isnan(value)) return "NaN";
  if (std::isinf(value)) return value > 0 ? "+Inf" : "-Inf";
  char buffer[400];
  const int length = std::snprintf(buffer, sizeof buffer, "%f", value);
  return std::string(buffer, static_cast<size_t>(length));
}

// A duration is kept as milliseconds where it is a plain number, else as its expression.
void keep_duration(ExprPtr duration, DurationMs& ms, ExprPtr& expr) {
  if (const auto* literal = as<NumberLiteral>(duration.get())) {
    ms = seconds_to_ms(literal->value);
  } else {
    expr = std::move(duration);
  }
}

}  // namespace

ExprPtr ExprParser::modifiers(ExprPtr expr) {
  while (true) {
    switch (peek_type()) {
      case TokenType::kLeftBracket:
        expr = bracket(std::move(expr));
        break;
      case TokenType::kOffset:
        offset(*expr);
        break;
      case TokenType::kAt:
        at(*expr);
        break;
      case TokenType::kAnchored:
        take();
        extended(*expr, SelectorModifier::kAnchored);
        break;
      case TokenType::kSmoothed:
        take();
        extended(*expr, SelectorModifier::kSmoothed);
        break;
      default:
        return expr;
    }
  }
}

// [range], [range:] or [range:step].
ExprPtr ExprParser::bracket(ExprPtr expr) {
  const Token open = take();
  ExprPtr range, step;
  {
    const ContextScope scope(
        *this, {"subquery or range selector", "number, duration, step(), or range()"});
    range = positive_duration();
  }
  const ContextScope scope(*this, {"subquery or range", "\":\" or \"]\""});
  const uint32_t start = expr->pos.start, height = expr->height;
  if (!accept(TokenType::kColon)) {
    const Token close = expect(TokenType::kRightBracket);
    const auto* selector = as<VectorSelector>(expr.get());
    if (selector == nullptr) fail(open.pos, "ranges only allowed for vector selectors");
    if (selector->offset != 0) fail(open.pos, "no offset modifiers allowed before range");
    if (selector->at_kind == AtKind::kTime) fail(open.pos, "no @ modifiers allowed before range");
    auto matrix = std::make_unique<MatrixSelector>();
    matrix->pos = {start, close.end()};
    bound_height(*matrix, std::max(height, range->height));
    matrix->vector = std::move(expr);
    keep_duration(std::move(range), matrix->range, matrix->range_expr);
    return matrix;
  }
  if (peek_type() != TokenType::kRightBracket) {
    const ContextScope step_scope(
        *this, {"subquery selector", "number, duration, step(), range(), or \"]\""});
    step = positive_duration();
  }
  const ContextScope end_scope(*this, {"subquery selector", "\"]\""});
  auto subquery = std::make_unique<SubqueryExpr>();
  subquery->pos = {start, expect(TokenType::kRightBracket).end()};
  bound_height(*subquery, std::max({height, range->height, step ? step->height : 1u}));
  subquery->expr = std::move(expr);
  keep_duration(std::move(range), subquery->range, subquery->range_expr);
  if (step) keep_duration(std::move(step), subquery->step, subquery->step_expr);
  return subquery;
}

void ExprParser::offset(Expr& expr) {
  take();
  const ContextScope scope(*this, {"offset", "number, duration, step(), or range()"});
  ExprPtr by = offset_duration();
  const auto slots = modifier_slots(expr);
  if (!slots) fail(expr.pos.start, "offset" + std::string(kAfterSelector));
  if (*slots->offset != 0 || *slots->offset_expr) {
    fail(expr.pos.start, "offset may not be set multiple times");
  }
  expr.pos.end = by->pos.end;
  bound_height(expr, std::max(expr.height - 1, by->height));
  keep_duration(std::move(by), *slots->offset, *slots->offset_expr);
}

void ExprParser::at(Expr& expr) {
  take();
  const ContextScope scope(*this, {"@", "timestamp"});
  AtKind kind = AtKind::kTime;
  double seconds = 0;
  uint32_t end;
  if (peek_type() == TokenType::kStart || peek_type() == TokenType::kEndFunction) {
    kind = take().type == TokenType::kStart ? AtKind::kStart : AtKind::kEnd;
    expect(TokenType::kLeftParen);
    end = expect(TokenType::kRightParen).end();
  } else {
    const bool negative = accept(TokenType::kSub);
    if (!negative) accept(TokenType::kAdd);
    if (peek_type() != TokenType::kNumber && peek_type() != TokenType::kDuration) unexpected();
    const Token token = take();
    end = token.end();
    seconds = negative ? -number(token) : number(token);
    if (!(seconds > -9223372036854775808.0 && seconds < 9223372036854775808.0)) {
      fail(expr.pos.start, "timestamp out of bounds for @ modifier: " + fixed6(seconds));
    }
  }
  const auto slots = modifier_slots(expr);
  if (!slots) fail(expr.pos.start, "@" + std::string(kAfterSelector));
  if (*slots->at_kind != AtKind::kNone) {
    fail(expr.pos.start, "@ <timestamp> may not be set multiple times");
  }
  *slots->at_kind = kind;
  *slots->at = time_from_seconds(seconds);
  expr.pos.end = end;
}

void ExprParser::extended(Expr& expr, SelectorModifier modifier) {
  const std::string name = modifier == SelectorModifier::kAnchored ? "anchored" : "smoothed";
  if (!options_.extended_range_selectors) {
    fail(expr.pos.start, name + " modifier is experimental and not enabled");
  }
  VectorSelector* selector = selector_of(expr);
  if (selector == nullptr) {
    fail(expr.pos.start,
         name + (expr.kind == ExprKind::kSubquery ? " modifier is not supported for subqueries"
                                                  : " modifier not implemented"));
  }
  if (selector->modifier != SelectorModifier::kNone && selector->modifier != modifier) {
    fail(expr.pos.start, "anchored and smoothed modifiers cannot be used together");
  }
  selector->modifier = modifier;
}

}  // namespace hearth::promql
