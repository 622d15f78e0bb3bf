#include <doctest/doctest.h>

#include "core/error.h"
#include "query/parser.h"
#include "tests/query/expression_cases.h"

using namespace hearth;
using namespace hearth::promql;

namespace {

constexpr ParseOptions kEverything{true, true, true, true};

std::string error_of(const std::string& query, const ParseOptions& options = kEverything) {
  try {
    parse_expr(query, options);
  } catch (const Error& error) {
    CHECK(error.kind() == ErrorKind::kBadData);
    return error.what();
  }
  return "no error";
}

std::string repeated(size_t count, const std::string& text) {
  std::string out;
  for (size_t i = 0; i < count; ++i) out += text;
  return out;
}

}  // namespace

TEST_CASE("errors have Prometheus' texts and positions") {
  const auto cases = read_expressions("invalid.txt");
  REQUIRE(cases.size() >= 300);
  for (const ExpressionCase& c : cases) {
    CAPTURE(c.query);
    CHECK(error_of(c.query) == c.expected);
  }
}

TEST_CASE("experimental parts of the language are errors until they are switched on") {
  const ParseOptions none{false, false, false, false};
  CHECK(error_of("mad_over_time(foo[5m])", none) ==
        "1:1: parse error: function \"mad_over_time\" is not enabled");
  CHECK(error_of("sum(limitk(2, foo))", none) ==
        "1:5: parse error: limitk() is experimental and must be enabled with "
        "--enable-feature=promql-experimental-functions");
  CHECK(error_of("rate(foo[5m] smoothed)", none) ==
        "1:6: parse error: smoothed modifier is experimental and not enabled");
  CHECK(error_of("1 + foo + fill(0) bar", none) ==
        "1:1: parse error: binop fill modifiers are experimental and not enabled");
  CHECK(error_of("foo[5m*2]", none) ==
        "1:5: parse error: experimental duration expression is not enabled");
  CHECK(error_of("foo offset (5m)", none) ==
        "1:13: parse error: experimental duration expression is not enabled");
}

TEST_CASE("invalid UTF-8 is an error, not a crash") {
  CHECK(error_of("\"a\xff\"") == "1:1: parse error: invalid UTF-8 rune");
  CHECK(error_of("`a\xff`") == "1:1: parse error: invalid UTF-8 rune");
  CHECK(error_of("foo{a=\"\xc3\"}") == "1:7: parse error: invalid UTF-8 rune");
  CHECK(error_of("\xff") == "1:1: parse error: unexpected character: '\xef\xbf\xbd'");
  CHECK(error_of(std::string("foo\0bar", 7)) == "1:4: parse error: unexpected character: '\\x00'");
}

TEST_CASE("deep nesting is an error, not a crash") {
  constexpr size_t kDeep = 10'000;
  const std::string too_deep = "nested more than 1000 levels deep";
  for (const std::string& query : {
           repeated(kDeep, "(") + "1" + repeated(kDeep, ")"),
           repeated(kDeep, "("),
           repeated(kDeep, "-") + "foo",
           repeated(kDeep, "- +") + "foo",
           repeated(kDeep, "abs(") + "foo" + repeated(kDeep, ")"),
           repeated(kDeep, "sum by (a) (") + "foo" + repeated(kDeep, ")"),
           repeated(kDeep, "1 ^ ") + "1",
           repeated(10 * kDeep, "1 + ") + "1",
           repeated(10 * kDeep, "a or ") + "a",
           repeated(kDeep, "foo + (") + "1" + repeated(kDeep, ")"),
           "foo" + repeated(kDeep, "[5m:]"),
           "foo[" + repeated(kDeep, "(") + "5m" + repeated(kDeep, ")") + "]",
           "foo[" + repeated(kDeep, "-") + "5m]",
           "foo[" + repeated(10 * kDeep, "5m + ") + "5m]",
           "foo offset " + repeated(kDeep, "-") + "5m",
           "foo[" + repeated(kDeep, "max_of(1m,") + "5m" + repeated(kDeep, ")") + "]",
       }) {
    CAPTURE(query.substr(0, 20));
    CHECK(error_of(query).find(too_deep) != std::string::npos);
  }
}

TEST_CASE("what is nested up to the limit is parsed") {
  CHECK(error_of(repeated(900, "(") + "foo" + repeated(900, ")")) == "no error");
  CHECK(error_of(repeated(900, "a or ") + "a") == "no error");
}

TEST_CASE("selectors and metrics alone have their own errors") {
  CHECK(parse_metric_selector("up{job=\"x\"}").size() == 2);
  CHECK(parse_metric_selector("{job=~\"x\"}").size() == 1);
  CHECK(parse_metric_selector("sum").size() == 1);
  const auto selector_error = [](const std::string& text) {
    try {
      parse_metric_selector(text);
    } catch (const Error& error) {
      return std::string(error.what());
    }
    return std::string("no error");
  };
  CHECK(selector_error("up[5m]") == "1:3: parse error: unexpected \"[\"");
  CHECK(selector_error("sum(up)") == "1:4: parse error: unexpected \"(\"");
  CHECK(selector_error("1") == "1:1: parse error: unexpected number \"1\"");
  CHECK(selector_error("") == "unknown position: parse error: unexpected end of input");
  CHECK(selector_error("{a") == "1:3: parse error: unexpected end of input inside braces");
  CHECK(selector_error("up up") == "1:4: parse error: unexpected identifier \"up\"");

  CHECK(labels_text(parse_metric("up{job=\"x\", instance='y'}")) ==
        R"({__name__="up", instance="y", job="x"})");
  CHECK(labels_text(parse_metric("{\"a.b\", \"c d\"=\"e\"}")) == R"({__name__="a.b", "c d"="e"})");
  CHECK(labels_text(parse_metric("{}")) == "{}");
  CHECK_THROWS_WITH_AS(parse_metric("up{job=~\"x\"}"),
                       "1:7: parse error: unexpected <op:=~> in label set, expected \"=\"", Error);
  CHECK_THROWS_WITH_AS(parse_metric("up{job=\"x\"} 1"),
                       "1:13: parse error: unexpected number \"1\"", Error);
}
