// Selectors and metrics: name{label="value", ...}.
#include "core/error.h"
#include "query/expr_parser.h"

namespace hearth::promql {
namespace {

std::optional<MatchType> match_type(TokenType type) {
  switch (type) {
    case TokenType::kEqual:
      return MatchType::kEqual;
    case TokenType::kNeq:
      return MatchType::kNotEqual;
    case TokenType::kEqlRegex:
      return MatchType::kRegex;
    case TokenType::kNeqRegex:
      return MatchType::kNotRegex;
    default:
      return std::nullopt;
  }
}

}  // namespace

std::unique_ptr<VectorSelector> ExprParser::whole_selector() {
  std::unique_ptr<VectorSelector> found;
  if (peek_type() == TokenType::kLeftBrace) {
    found = selector(nullptr);
  } else {
    if (!names_metric(peek_type())) unexpected();
    const Token name = take();
    found = selector(&name);
  }
  expect_end();
  return found;
}

std::unique_ptr<VectorSelector> ExprParser::selector(const Token* name) {
  auto selector = std::make_unique<VectorSelector>();
  if (name != nullptr) {
    selector->name = name->text;
    selector->pos = {name->pos, name->end()};
  } else {
    selector->pos.start = peek().pos;
  }
  if (peek_type() == TokenType::kLeftBrace) label_matchers(*selector);
  if (name != nullptr) {
    selector->matchers.emplace_back(MatchType::kEqual, std::string(kMetricName), selector->name);
  }
  return selector;
}

void ExprParser::label_matchers(VectorSelector& selector) {
  take();
  const ContextScope scope(*this, {"label matching", "identifier or \"}\""});
  while (peek_type() != TokenType::kRightBrace) {
    selector.matchers.push_back(label_matcher());
    const ContextScope after(*this, {"label matching", "\",\" or \"}\""});
    if (peek_type() == TokenType::kRightBrace) break;
    expect(TokenType::kComma);
  }
  selector.pos.end = take().end();
}

// label="value", "label"=~"value", or "metric name".
Matcher ExprParser::label_matcher() {
  if (peek_type() != TokenType::kIdentifier && peek_type() != TokenType::kString) unexpected();
  const Token label = take();
  const bool quoted = label.type == TokenType::kString;
  std::string name = quoted ? unquote(label) : std::string(label.text);
  const auto type = match_type(peek_type());
  if (!type) {
    if (quoted) return Matcher(MatchType::kEqual, std::string(kMetricName), std::move(name));
    const ContextScope scope(*this, {"label matching", "label matching operator"});
    unexpected();
  }
  take();
  const ContextScope scope(*this, {"label matching", "string"});
  std::string value = unquote(expect(TokenType::kString));
  try {
    return Matcher(*type, std::move(name), std::move(value));
  } catch (const Error& error) {
    fail(label.pos, error.what());
  }
}

// ---- metrics ------------------------------------------------------------------------------------

Labels ExprParser::whole_metric() {
  std::vector<std::pair<std::string, std::string>> labels;
  if (peek_type() != TokenType::kLeftBrace && peek_type() != TokenType::kEnd) {
    if (!names_metric(peek_type())) unexpected();
    labels.emplace_back(std::string(kMetricName), std::string(take().text));
  }
  if (accept(TokenType::kLeftBrace)) {
    const ContextScope scope(*this, {"label set", "identifier or \"}\""});
    while (peek_type() != TokenType::kRightBrace) {
      labels.push_back(label_pair());
      const ContextScope after(*this, {"label set", "\",\" or \"}\""});
      if (peek_type() == TokenType::kRightBrace) break;
      expect(TokenType::kComma);
    }
    take();
  }
  expect_end();
  return Labels::from_pairs(std::move(labels));
}

std::pair<std::string, std::string> ExprParser::label_pair() {
  if (peek_type() != TokenType::kIdentifier && peek_type() != TokenType::kString) unexpected();
  const Token label = take();
  const bool quoted = label.type == TokenType::kString;
  std::string name = quoted ? unquote(label) : std::string(label.text);
  if (peek_type() != TokenType::kEqual) {
    if (quoted) return {std::string(kMetricName), std::move(name)};
    const ContextScope scope(*this, {"label set", "\"=\""});
    unexpected();
  }
  take();
  const ContextScope scope(*this, {"label set", "string"});
  return {std::move(name), unquote(expect(TokenType::kString))};
}

}  // namespace hearth::promql
