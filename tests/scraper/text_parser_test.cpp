// The text formats, entry by entry; what Prometheus 3.5 says about the same bodies.
#include "scraper/text_parser.h"

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

TEST_CASE("text that Prometheus refuses is refused in the same words") {
  const Malformed cases[] = {
      {"foo"sv,
       R"(expected value after metric, got "\n" ("INVALID") while parsing: "foo\n")"},
      {"foo "sv,
       R"(expected value after metric, got "\n" ("INVALID") while parsing: "foo \n")"},
      {"foo{"sv,
       R"(expected label name, got "\n" ("INVALID") while parsing: "foo{\n")"},
      {"foo{a"sv,
       R"(expected equal, got "\n" ("INVALID") while parsing: "foo{a\n")"},
      {"foo{a="sv,
       R"(expected label value, got "\n" ("INVALID") while parsing: "foo{a=\n")"},
      {"foo{a=\"b"sv,
       R"(expected label value, got "\"b\n" ("INVALID") while parsing: "foo{a=\"b\n")"},
      {"foo{a=\"b\""sv,
       R"(expected label name, got "\n" ("INVALID") while parsing: "foo{a=\"b\"\n")"},
      {"foo{a=\"b\"}"sv,
       R"(expected value after metric, got "\n" ("INVALID") while parsing: "foo{a=\"b\"}\n")"},
      {"foo 1 2 3\n"sv,
       R"(expected next entry after timestamp, got "3\n" ("TIMESTAMP") while parsing: "foo 1 2 3\n")"},
      {"foo 1 -2\n"sv,
       R"(expected timestamp or new record, got "-" ("INVALID") while parsing: "foo 1 -")"},
      {"foo abc\n"sv,
       R"(strconv.ParseFloat: parsing "abc": invalid syntax while parsing: "foo abc")"},
      {"foo 1_0\n"sv,
       R"(unsupported character in float while parsing: "foo 1_0")"},
      {"foo 0x10\n"sv,
       R"(strconv.ParseFloat: parsing "0x10": invalid syntax while parsing: "foo 0x10")"},
      {"foo 1e400-0\n"sv,
       R"(strconv.ParseFloat: parsing "1e400-0": invalid syntax while parsing: "foo 1e400-0")"},
      {"foo 1 99999999999999999999\n"sv,
       R"(strconv.ParseInt: parsing "99999999999999999999": value out of range while parsing: "foo 1 99999999999999999999")"},
      {"1foo 1\n"sv,
       R"(expected a valid start token, got "1" ("INVALID") while parsing: "1")"},
      {"# TYPE foo xx\n"sv,
       R"(invalid metric type "xx")"},
      {"# TYPE foo\n"sv,
       R"(invalid metric type "")"},
      {"# HELP 1foo x\n"sv,
       R"(expected metric name after HELP, got "1" ("INVALID") while parsing: "# HELP 1")"},
      {"# HELP foo a\377\n"sv,
       R"(help text "a\xff" is not a valid utf8 string)"},
      {"foo{a=\"\377\"} 1\n"sv,
       R"(invalid UTF-8 label value: "\"\xff\"")"},
      {"{\"a.b\",\"c\"} 1\n"sv,
       R"(metric name already set while parsing: "{\"a.b\",\"c\"}")"},
      {"{x=\"y\"} 1\n"sv,
       R"(metric name not set while parsing: "{x=\"y\"} 1")"},
      {"foo\000 1\n"sv,
       R"(expected value after metric, got "\x00" ("INVALID") while parsing: "foo\x00")"},
      {"foo 1\r\n"sv,
       R"(strconv.ParseFloat: parsing "1\r": invalid syntax while parsing: "foo 1\r")"},
      {"foo{,} 1\n"sv,
       R"(expected label name, got ",}" ("COMMA") while parsing: "foo{,}")"},
      {"foo{a=b} 1\n"sv,
       R"(expected label value, got "b" ("INVALID") while parsing: "foo{a=b")"},
      {"foo{a=\"b\"} 1 # {x=\"y\"} 2\n"sv,
       R"(expected timestamp or new record, got "#" ("INVALID") while parsing: "foo{a=\"b\"} 1 #")"},
      {"foo +NaN\n"sv,
       R"(strconv.ParseFloat: parsing "+NaN": invalid syntax while parsing: "foo +NaN")"},
      {"{} 1\n"sv,
       R"(metric name not set while parsing: "{} 1")"},
      {"foo{\"x\"} 1\n"sv,
       R"(metric name already set while parsing: "foo{\"x\"}")"},
      {"foo 1 123 # x\n"sv,
       R"(expected next entry after timestamp, got "#" ("INVALID") while parsing: "foo 1 123 #")"},
      {"foo{0a=\"b\"} 1\n"sv,
       R"(expected label name, got "0" ("INVALID") while parsing: "foo{0")"},
      {"\"foo\" 1\n"sv,
       R"(expected a valid start token, got "\"" ("INVALID") while parsing: "\"")"},
      {"}\n"sv,
       R"(expected a valid start token, got "}" ("INVALID") while parsing: "}")"},
      {"foo{a=\"b\"} {\n"sv,
       R"(expected value after metric, got "{\n" ("BOPEN") while parsing: "foo{a=\"b\"} {\n")"},
      {"foo 1 2{\n"sv,
       R"(expected next entry after timestamp, got "{" ("INVALID") while parsing: "foo 1 2{")"},
      {"foo \n"sv,
       R"(expected value after metric, got "\n" ("INVALID") while parsing: "foo \n")"},
      {"foo 1{\n"sv,
       R"(expected timestamp or new record, got "{" ("INVALID") while parsing: "foo 1{")"},
  };
  for (const Malformed& c : cases) {
    CAPTURE(c.body);
    CHECK(parsed_body<TextParser>(c.body) == Lines{"error: " + std::string(c.error)});
  }
}

struct WellFormed {
  std::string_view body;
  Lines lines;
};

TEST_CASE("text is read as Prometheus reads it, oddities included") {
  const WellFormed cases[] = {
      {""sv, {}},
      {"foo 1"sv, {R"({__name__="foo"} 1)"}},
      {"\n\n foo 1\n"sv, {R"({__name__=" foo"} 1)"}},
      {"foo{a=\"b\"}1\n"sv, {R"({__name__="foo",a="b"} 1)"}},
      {"foo{a=\"b\" b=\"c\"} 1\n"sv, {R"({__name__="foo",a="b",b="c"} 1)"}},
      {"foo\t{a=\"b\"\t,\tc=\"d\"\t,}\t-1.5e3\t1234\t\n"sv, {R"({__name__="foo",a="b",c="d"} -1500 @1234)"}},
      {"foo {a=\"b\"} 1\n"sv, {R"({__name__="foo",a="b"} 1)"}},
      {"{\"a.b\"} 1\n{\"a.c\",x=\"y\"} 2\n{x=\"y\",\"a.d\"} 3\n"sv,
       {R"({__name__="a.b"} 1)", R"({__name__="a.c",x="y"} 2)", R"({__name__="a.d",x="y"} 3)"}},
      {"foo{\"a b\"=\"c\"} 1\n"sv, {R"({__name__="foo",a b="c"} 1)"}},
      {"{\"a\\\"b\"} 1\n"sv, {R"({__name__="a\"b"} 1)"}},
      {"foo{a=\"x\ny\"} 1\n"sv, {R"({__name__="foo",a="x\ny"} 1)"}},
      {"foo{a=\"\\n\\\\\\\"\\x\"} 1\n"sv, {R"({__name__="foo",a="\n\\\"\\x"} 1)"}},
      {"foo{a=\"x\0y\"} 1\n"sv, {R"({__name__="foo",a="x\x00y"} 1)"}},
      {"foo 1\n\0bar 2\n"sv, {R"({__name__="foo"} 1)"}},  // a NUL where a line begins ends the body
      {"\0\1\2garbage"sv, {}},
      {"foo Inf\nbar +inf\nbaz -Infinity\nqux nan\n"sv,
       {R"({__name__="foo"} +Inf)", R"({__name__="bar"} +Inf)", R"({__name__="baz"} -Inf)",
        R"({__name__="qux"} NaN)"}},
      {"foo 1e-400\n"sv, {R"({__name__="foo"} 0)"}},
      {"#comment\n#\n# \n# TYPE\n# HELPfoo\nfoo 1\n"sv,
       {"comment", "comment", "comment", "comment", "comment", R"({__name__="foo"} 1)"}},
      {"# HELP foo  a \\n \\\\ \\\" b\n# TYPE foo untyped\n"sv, {R"(help foo " a \n \\ \\\" b")", "type foo unknown"}},
      {"# HELP foo\n#\tTYPE  \"a.b\"\tcounter\n"sv, {R"(help foo "")", "type a.b counter"}},
      {"# TYPE foo summary\nfoo{quantile=\"0.50\"} 1\nfoo{quantile=\"1\",le=\"1\"} 1\n"sv,
       {"type foo summary", R"({__name__="foo",quantile="0.5"} 1)",
        R"({__name__="foo",quantile="1.0",le="1"} 1)"}},
      {"# TYPE h histogram\nh_bucket{le=\"1e3\"} 1\nh_bucket{le=\"+Inf\"} 1\nh_bucket{le=\"x\"} 1\n"sv,
       {"type h histogram", R"({__name__="h_bucket",le="1000.0"} 1)", R"({__name__="h_bucket",le="+Inf"} 1)",
        R"({__name__="h_bucket",le="x"} 1)"}},
  };
  for (const WellFormed& c : cases) {
    CAPTURE(c.body);
    CHECK(parsed_body<TextParser>(c.body) == c.lines);
  }
}

TEST_CASE("a bare word between braces is no metric name") {
  CHECK(parsed_body<TextParser>("foo{a=\"b\"x} 1\n") ==
        Lines{R"(error: expected equal, got "} " ("BCLOSE") while parsing: "foo{a=\"b\"x} ")"});
}

TEST_CASE("an error quotes no more than the first kilobyte of what it found") {
  const Lines lines = parsed_body<TextParser>(std::string(1 << 20, 'x') + "\n");
  REQUIRE(lines.size() == 1);
  CHECK(lines[0].size() < 2000);
  CHECK(lines[0].find("... (1048577 bytes)") != std::string::npos);
}

TEST_CASE("a body cut anywhere, or with any byte changed, is read or refused") {
  const std::string body =
      "# HELP a.b text \\n x\n# TYPE h histogram\nh_bucket{le=\"1\",x=\"a\\\"\\\\b\"} 1 1234\n"
      "{\"a.b\", \"c d\"=\"e\"} -2.5e-3\n  foo\t{a=\"b\",} NaN\n";
  size_t refused = 0;
  for (size_t length = 0; length <= body.size(); ++length) {
    const Lines lines = parsed_body<TextParser>(std::string_view(body).substr(0, length));
    refused += !lines.empty() && lines.back().starts_with("error: ");
  }
  CHECK(refused > 20);
  for (size_t at = 0; at < body.size(); ++at) {
    for (const char c : {'\0', '\n', '"', '\\', '{', '}', ' ', '#', '\xff', 'a', '='}) {
      std::string changed = body;
      changed[at] = c;
      CHECK(parsed_body<TextParser>(changed).size() < 10);
    }
  }
}

}  // namespace
}  // namespace hearth
