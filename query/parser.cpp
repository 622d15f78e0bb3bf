#include "query/parser.h"

#include "query/expr_parser.h"

namespace hearth::promql {

ExprPtr parse_expr(std::string_view text, const ParseOptions& options) {
  return ExprParser(text, options).whole_expression();
}

std::vector<Matcher> parse_metric_selector(std::string_view text) {
  const ParseOptions options;
  return std::move(ExprParser(text, options).whole_selector()->matchers);
}

Labels parse_metric(std::string_view text) {
  const ParseOptions options;
  return ExprParser(text, options).whole_metric();
}

}  // namespace hearth::promql
