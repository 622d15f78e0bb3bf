// OpenMetrics text, entry by entry; what Prometheus 3.5 says about the same bodies.
#include "scraper/openmetrics_parser.h"

#include <doctest/doctest.h>
#include <fmt/format.h>

#include "core/error.h"
#include "tests/scraper/parsed_body.h"

namespace hearth {
namespace {

using namespace std::string_view_literals;

struct Malformed {
  std::string_view body;
  std::string_view error;
};

TEST_CASE("OpenMetrics that Prometheus refuses is refused in the same words") {
  const Malformed cases[] = {
      {"foo 1\n"sv,
       R"(data does not end with # EOF)"},
      {"foo 1\n# EOF\n\n"sv,
       R"(unexpected data after # EOF)"},
      {"foo  1\n# EOF\n"sv,
       R"(expected value after metric, got "  " ("INVALID") while parsing: "foo  ")"},
      {"foo 1 2 3\n# EOF\n"sv,
       R"(expected next entry after timestamp, got " 3\n" ("TIMESTAMP") while parsing: "foo 1 2 3\n")"},
      {"foo"sv,
       R"(expected value after metric, got "foo" ("EOF") while parsing: "foo")"},
      {"foo 1"sv,
       R"(data does not end with # EOF)"},
      {"foo 1 "sv,
       R"(data does not end with # EOF)"},
      {"foo{a=\"b"sv,
       R"(expected label value, got "\"b" ("INVALID") while parsing: "foo{a=\"b")"},
      {"# TYPE a counter\na_total 1 # {x=\"y\"\n# EOF\n"sv,
       R"(expected comma or brace close, got "\n" ("INVALID") while parsing: "a_total 1 # {x=\"y\"\n")"},
      {"# UNIT a_seconds x\n# EOF\n"sv,
       R"(unit "x" not a suffix of metric "a_seconds")"},
      {"# TYPE a foo\n# EOF\n"sv,
       R"(invalid metric type "foo")"},
      {"\nfoo 1\n# EOF\n"sv,
       R"(expected a valid start token, got "\n" ("INVALID") while parsing: "\n")"},
      {"foo 1 1e400\n# EOF\n"sv,
       R"(strconv.ParseFloat: parsing "1e400": value out of range while parsing: "foo 1 1e400")"},
      {"foo 1 NaN\n# EOF\n"sv,
       R"(invalid timestamp NaN)"},
      {"#foo\n# EOF\n"sv,
       R"(expected a valid start token, got "#f" ("INVALID") while parsing: "#f")"},
      {"# foo\n# EOF\n"sv,
       R"(expected a valid start token, got "# f" ("INVALID") while parsing: "# f")"},
      {"a 1 # {a=\"b\"} x\n# EOF\n"sv,
       R"(strconv.ParseFloat: parsing "x": invalid syntax while parsing: "a 1 # {a=\"b\"} x")"},
      {"foo{,} 1\n# EOF\n"sv,
       R"(expected label name, got ",}" ("COMMA") while parsing: "foo{,}")"},
      {"foo{a=\"b\" ,c=\"d\"} 1\n# EOF\n"sv,
       R"(expected comma or brace close, got " " ("INVALID") while parsing: "foo{a=\"b\" ")"},
      {"# HELP foo\n# EOF\n"sv,
       R"(expected text in HELP)"},
      {"# HELP foo bar"sv,
       R"(expected text in HELP)"},
      {"foo{a=\"x\ny\"} 1\n# EOF\n"sv,
       R"(expected label value, got "\"x\n" ("INVALID") while parsing: "foo{a=\"x\n")"},
      {"foo 1 ct@1\n# EOF\n"sv,
       R"(strconv.ParseFloat: parsing "ct@1": invalid syntax while parsing: "foo 1 ct@1")"},
      {"a 1 # {a=\"b\"} 1 NaN\n# EOF\n"sv,
       R"(invalid exemplar timestamp NaN)"},
      {"a 1 # {\"a\"} 1\n# EOF\n"sv,
       R"(expected label name, got "} " ("BCLOSE") while parsing: "a 1 # {\"a\"} ")"},
      {"a 1 # {a=\"b\"}\n# EOF\n"sv,
       R"(expected value after exemplar labels, got "\n" ("INVALID") while parsing: "a 1 # {a=\"b\"}\n")"},
      {"a 1 # x\n# EOF\n"sv,
       R"(expected a valid start token, got "x" ("INVALID") while parsing: "x")"},
  };
  for (const Malformed& c : cases) {
    CAPTURE(c.body);
    CHECK(parsed_body<OpenMetricsParser>(c.body).back() == "error: " + std::string(c.error));
  }
}

struct WellFormed {
  std::string_view body;
  Lines lines;
};

TEST_CASE("OpenMetrics is read as Prometheus reads it") {
  const WellFormed cases[] = {
      {"# EOF"sv, {}},
      {"foo 1\n# EOF\n"sv, {R"({__name__="foo"} 1)"}},
      {"foo NaN\nbar 1.5 1.5\nbaz 1 -0.001\n# EOF\n"sv,
       {R"({__name__="foo"} NaN)", R"({__name__="bar"} 1.5 @1500)", R"({__name__="baz"} 1 @-1)"}},
      {"{\"a.b\",x=\"y\"} 1\nfoo{a=\"b\",} 1\n# EOF\n"sv,
       {R"({__name__="a.b",x="y"} 1)", R"({__name__="foo",a="b"} 1)"}},
      {"# TYPE a_seconds counter\n# UNIT a_seconds seconds\n# HELP a_seconds x \\\"y\\\" \\n\n"
       "a_seconds_total 1\na_seconds_created 1.5e9\n# EOF\n"sv,
       {"type a_seconds counter", "unit a_seconds seconds", R"(help a_seconds "x \"y\" \n")",
        R"({__name__="a_seconds_total"} 1)", R"({__name__="a_seconds_created"} 1.5e+09)"}},
      {"# TYPE a info\n# TYPE b stateset\n# TYPE c gaugehistogram\n# TYPE d unknown\n# EOF\n"sv,
       {"type a info", "type b stateset", "type c gaugehistogram", "type d unknown"}},
      {"# UNIT a \n# HELP a \n# EOF\n"sv, {"unit a ", R"(help a "")"}},
      {"a_total 1 # {x=\"y\"} 1 2\na_total 1 3 # {x=\"y\",\"b c\"=\"d\",} 1\na 1 # {} 2.5\n# EOF\n"sv,
       {R"({__name__="a_total"} 1 # {x="y"} 1 @2000)", R"({__name__="a_total"} 1 @3000 # {"b c"="d", x="y"} 1)",
        R"({__name__="a"} 1 # {} 2.5)"}},
      {"# TYPE h histogram\nh_bucket{le=\"1\"} 1\n# EOF\n"sv,
       {"type h histogram", R"({__name__="h_bucket",le="1.0"} 1)"}},
  };
  for (const WellFormed& c : cases) {
    CAPTURE(c.body);
    CHECK(parsed_body<OpenMetricsParser>(c.body) == c.lines);
  }
}

TEST_CASE("an OpenMetrics body cut anywhere before its end is refused") {
  const std::string body =
      "# HELP a text \\n x\n# TYPE h histogram\n# UNIT a_s s\nh_bucket{le=\"1\",x=\"a\\\"\\\\b\"} 1 1234.5 # "
      "{t=\"1\"} 0.5 12.5\n{\"a.b\",\"c d\"=\"e\"} -2.5e-3\n# EOF";
  CHECK(parsed_body<OpenMetricsParser>(body).back().starts_with("{"));
  for (size_t length = 0; length < body.size(); ++length) {
    const Lines lines = parsed_body<OpenMetricsParser>(std::string_view(body).substr(0, length));
    REQUIRE(!lines.empty());
    CAPTURE(length);
    CHECK(lines.back().starts_with("error: "));
  }
  for (size_t at = 0; at < body.size(); ++at) {
    for (const char c : {'\0', '\n', '"', '\\', '{', '}', ' ', '#', '\xff', 'a', '='}) {
      std::string changed = body;
      changed[at] = c;
      CHECK(parsed_body<OpenMetricsParser>(changed).size() < 10);
    }
  }
}

}  // namespace
}  // namespace hearth
