#include "tests/promql/runner.h"

#include <doctest/doctest.h>

#include <algorithm>

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
  const auto lines_before =
      std::count(text.begin(), text.begin() + static_cast<long>(text.find("eval")), '\n');
  CHECK(report.failures[0].line == 7 + lines_before);
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

TEST_CASE("every kind of expectation passes where it holds") {
  passes("eval instant 1 + 1\n  2\n");
  passes("eval instant at 2m \"a b\"\n  expect string \"a b\"\n");
  passes("eval instant at 2m \"a\\\\b\"\n  expect string `a\\b`\n");
  passes("eval instant at 2m sum(nothing)\n  expect no_warn\n  expect no_info\n");
  passes(
      "eval instant at 2m quantile(2, up{job=\"a\"})\n  expect warn msg:PromQL warning: quantile "
      "value should be between 0 and 1, got 2\n  {} +Inf\n");
  passes("eval instant at 2m quantile(2, up{job=\"a\"})\n  expect warn regex: got 2\n  {} +Inf\n");
  passes(
      "eval instant at 2m rate(up{job=\"a\"}[2m])\n  expect info\n  {job=\"a\"} 0.016666666666\n");
  passes("eval instant at 1m sort(up)\n  expect ordered\n  up{job=\"a\"} 1\n  up{job=\"b\"} 5\n");
}

TEST_CASE("the older form of expectations is understood") {
  passes("eval_fail instant at 2m up{\n");
  passes("eval_fail instant at 2m ceil(1)\n  expected_fail_regexp expected type .* got scalar\n");
  passes(
      "eval_fail instant at 2m up{\n  expected_fail_message 1:4: parse error: unexpected end of "
      "input inside braces\n");
  passes("eval_warn instant at 2m quantile(2, up{job=\"a\"})\n  {} +Inf\n");
  passes("eval_info instant at 2m rate(up{job=\"a\"}[2m])\n  {job=\"a\"} 0.016666666666\n");
  passes("eval_ordered instant at 0 sort_desc(up)\n  up{job=\"b\"} 5\n  up{job=\"a\"} 0\n");

  fails("eval_fail instant at 2m up{job=\"a\"}\n", "expected an error, got an answer");
  fails("eval_fail instant at 2m up{\n  expected_fail_message no\n", "expected the error 'no'");
  fails("eval_fail instant at 2m up{\n  expected_fail_regexp ^no\n", "expected the error '^no'");
  fails("eval_warn instant at 2m up{job=\"a\"}\n  up{job=\"a\"} 2\n", "expected a warning");
  fails("eval_info instant at 2m up{job=\"a\"}\n  up{job=\"a\"} 2\n", "expected a info");
  fails("eval_ordered instant at 0 sort(up)\n  up{job=\"b\"} 5\n  up{job=\"a\"} 0\n",
        "not at position 1");
  CHECK_THROWS_AS(parse_script("x", "eval instant at 0 a\n  expected_fail_message b"), Error);
}

TEST_CASE("strings and range vectors are told from other results") {
  fails("eval instant at 2m \"a\"\n  expect string \"b\"\n", "expected \"b\", got \"a\"");
  fails("eval instant at 2m \"a\"\n", "unexpected string");
  fails("eval instant at 2m up{job=\"a\"}\n  expect string \"a\"\n", "got series");
  fails("eval instant at 2m up{job=\"a\"}[1m]\n  up{job=\"a\"} 2\n", "got a range vector");
  fails(
      "eval instant at 2m up{job=\"a\"}\n  expect range vector from 2m to 2m step 1m\n  "
      "up{job=\"a\"} 2\n",
      "got an instant vector");
  fails(
      "eval instant at 2m up{job=\"a\"}[2m]\n  expect range vector from 1m to 2m step 1m\n  "
      "up{job=\"a\"} 1 3\n",
      "expected 3, got 2");
}

TEST_CASE("each of several annotations must be expected") {
  const std::string two =
      "eval instant at 2m quantile(2, up{job=\"a\"}) + quantile(3, up{job=\"a\"})\n";
  passes(two + "  expect warn regex:got 2\n  expect warn regex:got 3\n  {} +Inf\n");
  passes(two + "  expect warn\n  {} +Inf\n");
  passes(two + "  {} +Inf\n");
  fails(two + "  expect warn regex:got 2\n  {} +Inf\n", "unexpected warning");
  fails(two + "  expect warn regex:got 2\n  expect warn regex:got 4\n  {} +Inf\n",
        "expected the warning 'got 4'");
  fails(two + "  expect no_info\n  expect no_warn\n  {} +Inf\n", "unexpected warning");
}

TEST_CASE("the hint of a histogram is compared where it is given") {
  const std::string at =
      "eval instant at 2m histogram\n  histogram {{schema:0 count:4 sum:6 buckets:[1 3]";
  passes(at + " counter_reset_hint:not_reset}}\n");
  fails(at + " counter_reset_hint:gauge}}\n", "hint:not_reset");
}

TEST_CASE("loads add up until a clear") {
  passes("load 1m\n  up{job=\"c\"} 1\n\neval instant at 0 count(up)\n  {} 3\n");
  passes("clear\n\nload 1m\n  up 1\n\neval instant at 0 count(up)\n  {} 1\n");
  passes("# only a comment\n\neval instant at 0 count(up)\n  {} 2\n");
}

TEST_CASE("classic histograms are loaded as histograms with custom buckets, too") {
  const std::string load =
      "load_with_nhcb 1m\n  h_bucket{le=\"1\"} 2\n  h_bucket{le=\"+Inf\"} 5\n  h_count 5\n  h_sum "
      "9\n\n";
  passes(load +
         "eval instant at 0 h\n  h {{schema:-53 count:5 sum:9 custom_values:[1] buckets:[2 3]}}\n");
  passes(load + "eval instant at 0 h_bucket{le=\"1\"}\n  h_bucket{le=\"1\"} 2\n");
}

TEST_CASE("start timestamps belong to the samples of the other line of their series") {
  const std::string load = "load 1m\n  c_total@st _ -30s -1m\n  c_total 0 5 9\n\n";
  passes(load + "eval instant at 1m start_timestamp(c_total)\n  {} 30\n");
  passes(load + "eval range from 0 to 2m step 1m start_timestamp(c_total)\n  {} 0 30 60\n");
  fails(load + "eval instant at 1m start_timestamp(c_total)\n  {} 31\n", "expected 31, got 30");
  CHECK_THROWS_AS(parse_script("x", "load 1m\n  a@st -1m"), Error);
  CHECK_THROWS_AS(parse_script("x", "load 1m\n  a@st -1m -1m\n  a 1"), Error);

  CHECK(parse_starts("_ -30s-1mx2 0 +1ms _x2") ==
        std::vector<std::optional<DurationMs>>{{}, -30'000, -90'000, -150'000, 0, 1, {}, {}});
  CHECK_THROWS_AS(parse_starts("-5q"), Error);
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
