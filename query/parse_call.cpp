// Aggregations and function calls.
#include "core/go_text.h"
#include "query/expr_parser.h"

namespace hearth::promql {
namespace {

AggregateOp aggregate_op(TokenType type) {
  return static_cast<AggregateOp>(static_cast<int>(type) - static_cast<int>(TokenType::kSum));
}
static_assert(static_cast<int>(TokenType::kLimitRatio) - static_cast<int>(TokenType::kSum) ==
              static_cast<int>(AggregateOp::kLimitRatio));

bool has_parameter(AggregateOp op) { return op >= AggregateOp::kTopk; }
bool is_experimental(AggregateOp op) { return op >= AggregateOp::kLimitk; }

// Every word but `without` may be a label.
bool names_label(TokenType type) {
  return type == TokenType::kIdentifier || type == TokenType::kMetricIdentifier ||
         is_aggregator(type) || (is_keyword(type) && type != TokenType::kWithout) ||
         is_word_function(type) || type == TokenType::kAnd || type == TokenType::kOr ||
         type == TokenType::kUnless || type == TokenType::kAtan2;
}

uint32_t highest(const std::vector<ExprPtr>& exprs) {
  uint32_t height = 0;
  for (const ExprPtr& expr : exprs) height = std::max(height, expr->height);
  return height;
}

}  // namespace

ExprPtr ExprParser::aggregation(const Token& op) {
  const ContextScope scope(*this, {"aggregation", ""});
  auto aggregate = std::make_unique<AggregateExpr>();
  aggregate->op = aggregate_op(op.type);
  const auto modifier = [&] {
    if (peek_type() != TokenType::kBy && peek_type() != TokenType::kWithout) return false;
    aggregate->without = take().type == TokenType::kWithout;
    aggregate->grouping = grouping();
    return true;
  };
  const bool modifier_first = modifier();
  if (peek_type() != TokenType::kLeftParen) unexpected();
  std::vector<ExprPtr> args = arguments();
  aggregate->pos = {op.pos, args_end_};
  if (!modifier_first && modifier()) aggregate->pos.end = args_end_;

  if (args.empty()) fail(op.pos, "no arguments for aggregate expression provided");
  if (is_experimental(aggregate->op) && !options_.experimental_functions) {
    fail(op.pos, std::string(aggregate_name(aggregate->op)) +
                     "() is experimental and must be enabled with "
                     "--enable-feature=promql-experimental-functions");
  }
  const size_t wanted = has_parameter(aggregate->op) ? 2 : 1;
  if (args.size() != wanted) {
    fail(op.pos, "wrong number of arguments for aggregate expression provided, expected " +
                     std::to_string(wanted) + ", got " + std::to_string(args.size()));
  }
  bound_height(*aggregate, highest(args));
  if (wanted == 2) aggregate->param = std::move(args.front());
  aggregate->expr = std::move(args.back());
  return aggregate;
}

ExprPtr ExprParser::call(const Token& name) {
  auto call = std::make_unique<Call>();
  call->args = arguments();
  call->pos = {name.pos, args_end_};
  call->function = find_function(name.text);
  if (call->function == nullptr) {
    fail(name.pos, "unknown function with name " + go_quote(name.text));
  }
  if (call->function->experimental && !options_.experimental_functions) {
    fail(name.pos, "function " + go_quote(name.text) + " is not enabled");
  }
  bound_height(*call, highest(call->args));
  return call;
}

// Requires: the next token is the parenthesis.
std::vector<ExprPtr> ExprParser::arguments() {
  take();
  std::vector<ExprPtr> args;
  if (peek_type() != TokenType::kRightParen) {
    args.push_back(expression(kLowestPrecedence));
    while (peek_type() == TokenType::kComma) {
      const Token comma = take();
      if (!begins_expression(peek_type())) {
        fail(comma.pos, "trailing commas not allowed in function call args");
      }
      args.push_back(expression(kLowestPrecedence));
    }
  }
  args_end_ = expect(TokenType::kRightParen).end();
  return args;
}

std::vector<std::string> ExprParser::grouping() {
  {
    const ContextScope scope(*this, {"grouping opts", "\"(\""});
    expect(TokenType::kLeftParen);
  }
  const ContextScope scope(*this, {"grouping opts", "label"});
  std::vector<std::string> labels;
  while (peek_type() != TokenType::kRightParen) {
    labels.push_back(grouping_label());
    const ContextScope after(*this, {"grouping opts", "\",\" or \")\""});
    if (peek_type() == TokenType::kRightParen) break;
    expect(TokenType::kComma);
  }
  args_end_ = take().end();
  return labels;
}

std::string ExprParser::grouping_label() {
  if (peek_type() == TokenType::kString) {
    const Token token = take();
    std::string label = unquote(token);
    if (label.empty() || !valid_utf8(label)) {
      fail(token.pos, "invalid label name for grouping: " + go_quote(label));
    }
    return label;
  }
  if (!names_label(peek_type())) unexpected();
  return std::string(take().text);
}

}  // namespace hearth::promql
