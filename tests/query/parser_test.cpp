#include "query/parser.h"

#include <doctest/doctest.h>

#include <cmath>

#include "query/print.h"
#include "tests/query/expression_cases.h"

using namespace hearth;
using namespace hearth::promql;

namespace {

constexpr ParseOptions kEverything{true, true, true, true};

ExprPtr parse(const std::string& query) { return parse_expr(query, kEverything); }

double number_of(const std::string& query) {
  const ExprPtr expr = parse(query);
  const auto* literal = as<NumberLiteral>(expr.get());
  REQUIRE(literal != nullptr);
  return literal->value;
}

std::string string_of(const std::string& query) {
  const ExprPtr expr = parse(query);
  const auto* literal = as<StringLiteral>(expr.get());
  REQUIRE(literal != nullptr);
  return literal->value;
}

// Every operand in parentheses.
std::string grouped(const Expr& expr) {
  if (const auto* binary = as<BinaryExpr>(&expr)) {
    return "(" + grouped(*binary->left) + " " + std::string(binary_op_text(binary->op)) + " " +
           grouped(*binary->right) + ")";
  }
  if (const auto* unary = as<UnaryExpr>(&expr)) {
    return std::string(unary->negative ? "-" : "+") + grouped(*unary->expr);
  }
  return print(expr);
}

}  // namespace

TEST_CASE("expressions are formatted as Prometheus formats them") {
  const auto cases = read_expressions("valid.txt");
  REQUIRE(cases.size() >= 300);
  for (const ExpressionCase& c : cases) {
    CAPTURE(c.query);
    CHECK(print_pretty(*parse(c.query)) == c.expected);
  }
}

TEST_CASE("what is printed means the same again") {
  for (const ExpressionCase& c : read_expressions("valid.txt")) {
    CAPTURE(c.query);
    if (c.query == "info(a, {})") continue;  // printed as info(a, ), as Prometheus does
    const std::string printed = print(*parse(c.query));
    CHECK(print(*parse(printed)) == printed);
    CHECK(print(*parse(print_pretty(*parse(c.query)))) == printed);
  }
}

TEST_CASE("numbers have all the forms of Go, and durations") {
  CHECK(number_of("010") == 8);
  CHECK(number_of("08") == 8);
  CHECK(number_of("0x1F") == 31);
  CHECK(number_of("1_000.5") == 1000.5);
  CHECK(number_of(".5e1") == 5);
  CHECK(number_of("-1") == -1);
  CHECK(number_of("+1e-400") == 0);
  CHECK(number_of("9223372036854775808") == 9223372036854775808.0);
  CHECK(std::isinf(number_of("inf")));
  CHECK(std::isnan(number_of("NaN")));
  CHECK(number_of("1h30m") == 5400);
  CHECK(number_of("-1s500ms") == -1.5);
}

TEST_CASE("strings have Go's escapes, backquotes none") {
  CHECK(string_of(R"("a\n\"\x41\u00e9")") == "a\n\"A\xc3\xa9");
  CHECK(string_of(R"('it\'s')") == "it's");
  CHECK(string_of(R"(`a\n"b`)") == R"(a\n"b)");
}

TEST_CASE("operators bind as in Prometheus") {
  CHECK(grouped(*parse("a + b * c ^ d ^ e")) == "(a + (b * (c ^ (d ^ e))))");
  CHECK(grouped(*parse("a - b - c")) == "((a - b) - c)");
  CHECK(grouped(*parse("a or b and c unless d or e")) == "((a or ((b and c) unless d)) or e)");
  CHECK(grouped(*parse("a > b + c == d")) == "((a > (b + c)) == d)");
  CHECK(grouped(*parse("-a ^ b * c")) == "(-(a ^ b) * c)");
  CHECK(grouped(*parse("a ^ -b ^ c")) == "(a ^ -(b ^ c))");
  CHECK(grouped(*parse("a % b atan2 c / d")) == "(((a % b) atan2 c) / d)");
  CHECK(grouped(*parse("a </ b + c")) == "(a </ (b + c))");
  CHECK(grouped(*parse("-1 ^ 2")) == "-(1 ^ 2)");
}

TEST_CASE("modifiers are kept in the selector") {
  const ExprPtr expr = parse("foo{a=\"b\"}[5m] @ 1.5 offset -1h");
  const auto& matrix = *as<MatrixSelector>(expr.get());
  const auto& selector = *as<VectorSelector>(matrix.vector.get());
  CHECK(matrix.range == 300'000);
  CHECK(selector.name == "foo");
  CHECK(selector.offset == -3'600'000);
  CHECK(selector.at_kind == AtKind::kTime);
  CHECK(selector.at == 1500);
  REQUIRE(selector.matchers.size() == 2);
  CHECK(selector.matchers[0].text() == "a=\"b\"");
  CHECK(selector.matchers[1].text() == "__name__=\"foo\"");

  const ExprPtr sub = parse("foo[1h:30s] @ end() offset step()");
  const auto& subquery = *as<SubqueryExpr>(sub.get());
  CHECK(subquery.range == 3'600'000);
  CHECK(subquery.step == 30'000);
  CHECK(subquery.at_kind == AtKind::kEnd);
  REQUIRE(subquery.offset_expr != nullptr);
  CHECK(as<DurationExpr>(subquery.offset_expr.get())->op == DurationExpr::Op::kStep);
}

TEST_CASE("matching is complete after the check") {
  const ExprPtr vectors = parse("a and b");
  CHECK(as<BinaryExpr>(vectors.get())->matching->card == Cardinality::kManyToMany);
  const ExprPtr scalar = parse("a + 1");
  CHECK_FALSE(as<BinaryExpr>(scalar.get())->matching.has_value());
  const ExprPtr grouped_right = parse("a * on(x, y) group_right(z) b");
  const VectorMatching& matching = *as<BinaryExpr>(grouped_right.get())->matching;
  CHECK(matching.card == Cardinality::kOneToMany);
  CHECK(matching.on);
  CHECK(matching.labels == std::vector<std::string>{"x", "y"});
  CHECK(matching.include == std::vector<std::string>{"z"});
}

TEST_CASE("expressions have the documented types") {
  CHECK(value_type(*parse("1 + 2")) == ValueType::kScalar);
  CHECK(value_type(*parse("a + 2")) == ValueType::kVector);
  CHECK(value_type(*parse("-(time())")) == ValueType::kScalar);
  CHECK(value_type(*parse("a[5m]")) == ValueType::kMatrix);
  CHECK(value_type(*parse("a[5m:]")) == ValueType::kMatrix);
  CHECK(value_type(*parse("sum(a)")) == ValueType::kVector);
  CHECK(value_type(*parse("\"a\"")) == ValueType::kString);
  const ExprPtr wrapped = parse("((a))");
  CHECK(unwrap(*wrapped).kind == ExprKind::kVectorSelector);
}
