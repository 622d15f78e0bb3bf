// The grammar of PromQL, by recursive descent. The door is query/parser.h; each construct has its
// own .cpp: expr_parser (expressions), parse_selector, parse_call, parse_duration.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "query/ast.h"
#include "query/lexer.h"
#include "query/parser.h"
#include "query/token.h"

namespace hearth::promql {

// Throws at the first error, which is the one that Prometheus reports. A token is read only when
// what it is matters, so that an error of what stands before it comes first. One thread.
class ExprParser {
 public:
  // The query and the options must outlive it.
  ExprParser(std::string_view query, const ParseOptions& options)
      : lexer_(query), options_(options) {}

  ExprPtr whole_expression();
  std::unique_ptr<VectorSelector> whole_selector();
  Labels whole_metric();

 private:
  // The construct that a syntax error is reported against: "unexpected X in `where`, expected
  // `expected`". The innermost one that has an opinion wins.
  struct Context {
    std::string_view where, expected;
  };
  class ContextScope {
   public:
    ContextScope(ExprParser& parser, Context context)
        : current_(parser.context_), outer_(parser.context_) {
      current_ = context;
    }
    ~ContextScope() { current_ = outer_; }
    ContextScope(const ContextScope&) = delete;
    ContextScope& operator=(const ContextScope&) = delete;

   private:
    Context& current_;
    const Context outer_;
  };
  class NestingScope;

  // ---- tokens
  const Token& peek();
  TokenType peek_type() { return peek().type; }
  Token take();
  bool accept(TokenType type);
  Token expect(TokenType type);  // or unexpected()
  [[noreturn]] void unexpected();
  [[noreturn]] void fail(uint32_t pos, const std::string& text) const;
  void expect_end();
  std::string unquote(const Token& string) const;
  double number(const Token& token) const;  // of kNumber and kDuration

  // Sets the height of a finished node; one that is too high is an error.
  void bound_height(Expr& expr, uint32_t child_height) const;

  // ---- expressions
  ExprPtr expression(int min_precedence);
  ExprPtr unary();
  ExprPtr primary();
  ExprPtr word_expression();
  static bool names_metric(TokenType type);
  static bool begins_expression(TokenType type);
  ExprPtr number_literal();
  void binary_modifiers(BinaryExpr& binary);
  double fill_value();

  // ---- what follows an expression
  ExprPtr modifiers(ExprPtr expr);
  ExprPtr bracket(ExprPtr expr);
  void offset(Expr& expr);
  void at(Expr& expr);
  void extended(Expr& expr, SelectorModifier modifier);

  // ---- selectors
  std::unique_ptr<VectorSelector> selector(const Token* name);
  void label_matchers(VectorSelector& selector);
  Matcher label_matcher();
  std::pair<std::string, std::string> label_pair();

  // ---- aggregations and function calls
  ExprPtr aggregation(const Token& op);
  ExprPtr call(const Token& name);
  std::vector<ExprPtr> arguments();
  std::vector<std::string> grouping();
  std::string grouping_label();

  // ---- durations
  ExprPtr positive_duration();
  ExprPtr duration(int min_precedence);
  ExprPtr duration_operators(ExprPtr left, int min_precedence);
  ExprPtr duration_unary();
  ExprPtr duration_primary();
  ExprPtr duration_literal();
  ExprPtr duration_call(const Token& name);
  ExprPtr duration_paren();
  ExprPtr offset_duration();
  ExprPtr signed_duration(const Token& sign, ExprPtr inner) const;
  std::unique_ptr<DurationExpr> duration_node(DurationExpr::Op op, ExprPtr left,
                                              ExprPtr right) const;
  void require_duration_expressions(const Expr& expr) const;

  Lexer lexer_;
  const ParseOptions& options_;
  Token next_;
  bool has_next_ = false;
  Context context_;
  uint32_t nesting_ = 0;
  uint32_t args_end_ = 0;  // behind the parenthesis that closed the last arguments or grouping
};

// Binds how tightly; 0 where the token is no binary operator.
int binary_precedence(TokenType type);
inline constexpr int kLowestPrecedence = 1;
inline constexpr int kMulPrecedence = 5;

// Deeper trees are refused, so that everybody who walks one may recurse.
inline constexpr uint32_t kMaxHeight = 1000;

// Seconds as the language has them -> whole milliseconds, rounded as Prometheus does.
DurationMs seconds_to_ms(double seconds);

class ExprParser::NestingScope {
 public:
  explicit NestingScope(ExprParser& parser);
  ~NestingScope() { --parser_.nesting_; }
  NestingScope(const NestingScope&) = delete;
  NestingScope& operator=(const NestingScope&) = delete;

 private:
  ExprParser& parser_;
};

}  // namespace hearth::promql
