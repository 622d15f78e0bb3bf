#include "tests/promql/runner.h"

#include <doctest/doctest.h>

#include "core/error.h"

using namespace hearth;
using namespace hearth::promql::script;

namespace {

constexpr const char* kLoad = R"(
load 1m
  up{job="a"} 0+1x10
  up{job="b"} 5 _ stale 7
  histogram {{schema:0 count:4 sum:6 buckets:[1 3]}}x10

)";

Report run(const std::string& text) {
  const auto storage = memory_script_storage();
  return run_script(parse_script("test", kLoad + text), *storage, 1);
}

void passes(const std::string& text) {
  CAPTURE(text);
  const Report report = run(text);
  CHECK(report.total == 1);
  CHECK(report.passed == 1);
  if (!report.failures.empty()) MESSAGE(report.failures[0].text);
}

void fails(const std::string& text, const std::string& because) {
  CAPTURE(text);
  const Report report = run(text);
  CHECK(report.passed == 0);
  REQUIRE(report.failures.size() == 1);
  CHECK(report.failures[0].line == 7);
  CAPTURE(report.failures[0].text);
  CHECK(report.failures[0].text.find(because) != std::string::npos);
}

}  // namespace

TEST_CASE("right answers pass") {
  passes("eval instant at 2m up{job=\"a\"}\n  up{job=\"a\"} 2\n");
  passes("eval instant at 2m up{job=\"a\"}\n  up{job=\"a\"} 2.000000001\n");
  passes("eval instant at 2m nothing\n");
  passes("eval instant at 2m 1 + 1\n  2\n");
  passes("eval range from 0 to 3m step 1m up\n  up{job=\"a\"} 0 1 2 3\n  up{job=\"b\"} 5 5 _ 7\n");
  passes("eval instant at 2m up{\n  expect fail\n");
  passes("eval instant at 2m up{\n  expect fail regex:end of .* inside\n");
  passes("eval instant at 2m histogram\n  histogram {{schema:0 count:4 sum:6 buckets:[1 3]}}\n");
  passes(
      "eval instant at 2m up[1m]\n  expect range vector from 2m to 2m step 1m\n"
      "  up{job=\"a\"} 2\n");
}

TEST_CASE("a wrong value fails") {
  fails("eval instant at 2m up{job=\"a\"}\n  up{job=\"a\"} 3\n", "expected 3, got 2");
  fails("eval instant at 2m 1 + 1\n  3\n", "expected 3, got 2");
  fails("eval instant at 2m up{job=\"a\"}\n  up{job=\"a\"} NaN\n", "expected NaN, got 2");
  fails("eval range from 0 to 1m step 1m up{job=\"a\"}\n  up{job=\"a\"} 0 2\n",
        "expected 2, got 1");
  fails("eval range from 0 to 1m step 1m up{job=\"a\"}\n  up{job=\"a\"} 0 _\n",
        "expected _, got 1");
  fails("eval range from 0 to 1m step 1m up{job=\"a\"}\n  up{job=\"a\"} 0\n", "unexpected point");
  fails("eval instant at 2m histogram\n  histogram {{schema:0 count:4 sum:6 buckets:[2 2]}}\n",
        "buckets:0,2;[2 2]");
  fails("eval instant at 2m histogram\n  histogram 4\n", "expected 4");
}

TEST_CASE("a missing or an extra series fails") {
  fails("eval instant at 2m up{job=\"a\"}\n  up{job=\"a\"} 2\n  up{job=\"c\"} 2\n",
        "missing series up{job=\"c\"}");
  fails("eval instant at 2m up{job=\"a\"}\n", "unexpected series up{job=\"a\"}");
  fails("eval instant at 1m up\n  up{job=\"b\"} 5\n", "unexpected series up{job=\"a\"}");
}

TEST_CASE("a wrong order fails") {
  fails("eval instant at 1m sort(up)\n  expect ordered\n  up{job=\"b\"} 5\n  up{job=\"a\"} 1\n",
        "not at position 1");
}

TEST_CASE("an error that was not expected fails, and so does an answer instead of an error") {
  fails("eval instant at 2m up{\n  up 1\n", "unexpected error: 1:4: parse error");
  fails("eval instant at 2m up{job=\"a\"}\n  expect fail\n", "expected an error, got an answer");
  fails("eval instant at 2m up{\n  expect fail msg: something else\n", "expected the error");
  fails("eval instant at 2m up{\n  expect fail regex: something else\n", "expected the error");
}

TEST_CASE("a missing or an unexpected annotation fails") {
  fails("eval instant at 2m up{job=\"a\"}\n  expect warn\n  up{job=\"a\"} 2\n",
        "expected a warning");
  fails("eval instant at 2m up{job=\"a\"}\n  expect info msg: x\n  up{job=\"a\"} 2\n",
        "expected a info");
  fails("eval instant at 2m quantile(2, up{job=\"a\"})\n  expect no_warn\n  {} +Inf\n",
        "unexpected warning");
  fails("eval instant at 2m quantile(2, up{job=\"a\"})\n  expect warn msg: other\n  {} +Inf\n",
        "expected the warning 'other'");
}

TEST_CASE("scripts that cannot be read are errors with their line") {
  CHECK_THROWS_WITH_AS(parse_script("x", "clear\nfoo"), "x:2: unknown command 'foo'", Error);
  CHECK_THROWS_AS(parse_script("x", "load 1m\n  a 1y2"), Error);
  CHECK_THROWS_AS(parse_script("x", "eval instant at 1m a\n  expect wonders"), Error);
}

TEST_CASE("series lines have all the forms of points") {
  const auto numbers = [](std::string_view text) {
    std::vector<double> out;
    for (const Value& value : parse_values(text))
      out.push_back(value.omitted ? -999 : value.number);
    return out;
  };
  CHECK(numbers("1 -2 3e2 +4 .5") == std::vector<double>{1, -2, 300, 4, 0.5});
  CHECK(numbers("1+2x3") == std::vector<double>{1, 3, 5, 7});
  CHECK(numbers("1-2x2") == std::vector<double>{1, -1, -3});
  CHECK(numbers("-5x2") == std::vector<double>{-5, -5, -5});
  CHECK(numbers("_ 1 _x2") == std::vector<double>{-999, 1, -999, -999});
  CHECK(parse_values("stale")[0].number != parse_values("stale")[0].number);

  const auto histograms = parse_values(
      "{{schema:1 sum:-2.5 count:3 z_bucket:1 z_bucket_w:0.1 buckets:[1 1] offset:2 n_buckets:[1] "
      "n_offset:-1 counter_reset_hint:gauge}} {{}}+{{count:1}}x2");
  REQUIRE(histograms.size() == 4);
  const FloatHistogram& first = *histograms[0].histogram;
  CHECK(first.schema == 1);
  CHECK(first.sum == -2.5);
  CHECK(first.zero_threshold == 0.1);
  CHECK(first.positive_spans == std::vector<HistogramSpan>{{2, 2}});
  CHECK(first.negative_spans == std::vector<HistogramSpan>{{-1, 1}});
  CHECK(first.counter_reset_hint == CounterResetHint::kGauge);
  CHECK(histograms[0].hint_given);
  CHECK(histograms[3].histogram->count == 2);
}
