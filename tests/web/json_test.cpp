#include "core/json.h"

#include <doctest/doctest.h>

#include <limits>

#include "web/json_result.h"

using namespace hearth;
using namespace hearth::web;

namespace {

template <class... Args>
std::string appended(void (*append)(std::string&, Args...), std::type_identity_t<Args>... args) {
  std::string out;
  append(out, args...);
  return out;
}

std::string result_json(const promql::QueryResult& result, size_t limit = 0, bool stats = false) {
  std::string out;
  JsonResult json(result, limit, stats);
  while (json.next(out)) continue;
  return out;
}

}  // namespace

TEST_CASE("strings of label sets are escaped as little as JSON allows") {
  const auto raw = [](std::string_view text) { return appended(append_json_raw_string, text); };
  CHECK(raw("<>&'\"\\\n/") == R"("<>&'\"\\\n/")");
  CHECK(raw("tab\tbs\x08 ff\x0c nul\x01 \x1f\r") ==
        "\"tab\\tbs\\u0008 ff\\u000c nul\\u0001 \\u001f\\r\"");
  CHECK(raw("\xe2\x80\xa8 \x7f \xff h\xc3\xa9") == "\"\xe2\x80\xa8 \x7f \xff h\xc3\xa9\"");
  CHECK(raw("") == "\"\"");
}

TEST_CASE("all other strings are escaped for HTML too") {
  const auto escaped = [](std::string_view text) { return appended(append_json_string, text); };
  CHECK(escaped("<>&'\"\\\n/") == R"("\u003c\u003e\u0026'\"\\\n/")");
  CHECK(escaped("ls\xe2\x80\xa8ps\xe2\x80\xa9 h\xc3\xa9 \xf0\x9f\x98\x80") ==
        "\"ls\\u2028ps\\u2029 h\xc3\xa9 \xf0\x9f\x98\x80\"");
  CHECK(escaped("a\xff\xc3(\xed\xa0\x80") == "\"a\\ufffd\\ufffd(\\ufffd\\ufffd\\ufffd\"");
  CHECK(escaped(std::string_view("\0\x7f", 2)) == "\"\\u0000\x7f\"");
}

TEST_CASE("times have three decimals or none in samples, and as few as needed in scalars") {
  const auto time = [](TimeMs t) { return appended(append_json_time, t); };
  const auto seconds = [](TimeMs t) { return appended(append_json_seconds, t); };
  CHECK(time(1'795'362'731'530) == "1795362731.530");
  CHECK(time(1'000) == "1");
  CHECK(time(0) == "0");
  CHECK(time(-1'500) == "-1.500");
  CHECK(time(-5) == "-0.005");
  CHECK(time(kMinTime) == "-9223372036854775.808");
  CHECK(seconds(1'795'362'731'530) == "1795362731.53");
  CHECK(seconds(4'000) == "4");
  CHECK(seconds(-1'055'827'307'402) == "-1055827307.402");
}

TEST_CASE("values are strings") {
  const auto value = [](double v) { return appended(append_json_value, v); };
  const double infinity = std::numeric_limits<double>::infinity();
  CHECK(value(1e21) == "\"1e+21\"");
  CHECK(value(1e-7) == "\"1e-07\"");
  CHECK(value(123456789.125) == "\"123456789.125\"");
  CHECK(value(-infinity) == "\"-Inf\"");
  CHECK(value(infinity) == "\"+Inf\"");
  CHECK(value(std::numeric_limits<double>::quiet_NaN()) == "\"NaN\"");
}

TEST_CASE("a vector, a matrix, a scalar and a string look as in Prometheus") {
  promql::QueryResult result;
  result.type = promql::ValueType::kVector;
  CHECK(result_json(result) == R"({"resultType":"vector","result":[]})");
  result.series.push_back({{{"__name__", "up"}, {"v", "<\""}}, {{1'500, 1}}, {}});
  result.series.push_back({{}, {{2'000, -0.0}}, {}});
  CHECK(result_json(result) ==
        R"({"resultType":"vector","result":[{"metric":{"__name__":"up","v":"<\""},)"
        R"("value":[1.500,"1"]},{"metric":{},"value":[2,"-0"]}]})");
  result.type = promql::ValueType::kMatrix;
  result.series[0].points.push_back({2'500, 2});
  CHECK(result_json(result) ==
        R"({"resultType":"matrix","result":[{"metric":{"__name__":"up","v":"<\""},)"
        R"("values":[[1.500,"1"],[2.500,"2"]]},{"metric":{},"values":[[2,"-0"]]}]})");
  result.type = promql::ValueType::kScalar;
  result.scalar = {1'500, 1e21};
  CHECK(result_json(result) ==
        R"({"resultType":"scalar","result":[1.5,"1000000000000000000000"]})");
  result.type = promql::ValueType::kString;
  result.string = "a<b\xff";
  CHECK(result_json(result) == R"({"resultType":"string","result":[1.5,"a\u003cb\ufffd"]})");
}

TEST_CASE("a limit leaves out series and says so") {
  promql::QueryResult result;
  result.type = promql::ValueType::kVector;
  for (const char* job : {"a", "b"}) result.series.push_back({{{"job", job}}, {{1'000, 1}}, {}});
  CHECK(result_json(result, 1) ==
        R"({"resultType":"vector","result":[{"metric":{"job":"a"},"value":[1,"1"]}]})");
  CHECK(JsonResult(result, 1, false).truncated());
  CHECK_FALSE(JsonResult(result, 2, false).truncated());
}

TEST_CASE("a long result is written in pieces that make the same text") {
  promql::QueryResult result;
  result.type = promql::ValueType::kMatrix;
  promql::ResultSeries series;
  for (int i = 0; i < 10'000; ++i) series.points.push_back({i * 1'000, 0.25 * i});
  FloatHistogram histogram;
  histogram.count = 1;
  series.histograms.push_back({20'000'000, histogram});
  for (const char* job : {"a", "b"}) {
    series.labels = {{"job", job}};
    result.series.push_back(series);
  }
  JsonResult json(result, 0, false);
  std::string all, piece;
  size_t pieces = 0;
  while (json.next(piece)) {
    ++pieces;
    CHECK(piece.size() < 80 * 1024);
    all += piece;
    piece.clear();
  }
  CHECK(pieces > 4);
  CHECK(all == result_json(result));
  CHECK(all.find(R"([9999,"2499.75"]],"histograms":[[20000,{"count":"1")") != all.npos);
}

TEST_CASE("stats follow the result") {
  promql::QueryResult result;
  result.type = promql::ValueType::kScalar;
  result.scalar = {1'000, 1};
  result.stats.eval_seconds = 0.000017125;
  result.stats.prepare_seconds = 2.91e-7;
  result.stats.total_samples = 3;
  result.stats.peak_samples = 2;
  CHECK(
      result_json(result, 0, true) ==
      R"({"resultType":"scalar","result":[1,"1"],"stats":{"timings":{"evalTotalTime":0.000017125,)"
      R"("resultSortTime":0,"queryPreparationTime":2.91e-07,"innerEvalTime":0,"execQueueTime":0,)"
      R"("execTotalTime":0},"samples":{"totalQueryableSamples":3,"peakSamples":2}}})");
  result.stats.samples_per_step = {{1'000, 3}};
  CHECK(
      result_json(result, 0, true)
          .find(
              R"("samples":{"totalQueryableSamplesPerStep":[[1,3]],"totalQueryableSamples":3,)") !=
      std::string::npos);
}

TEST_CASE("a native histogram lists its buckets from left to right") {
  FloatHistogram h;
  h.count = 8;
  h.sum = 12.5;
  h.zero_threshold = 0.001;
  h.zero_count = 2;
  h.positive_spans = {{0, 2}, {1, 1}};
  h.positive_buckets = {1, 0, 3};
  h.negative_spans = {{1, 1}};
  h.negative_buckets = {2};
  CHECK(appended<const FloatHistogram&>(append_json_histogram, h) ==
        R"({"count":"8","sum":"12.5","buckets":[[1,"-2","-1","2"],[3,"-0.001","0.001","2"],)"
        R"([0,"0.5","1","1"],[0,"4","8","3"]]})");
  h.zero_count = std::numeric_limits<double>::quiet_NaN();
  h.negative_buckets = {0};
  h.positive_buckets = {0, 0, 0};
  CHECK(appended<const FloatHistogram&>(append_json_histogram, h) ==
        R"({"count":"8","sum":"12.5"})");
}

TEST_CASE("the ends of a histogram's buckets are powers of two to the last bit") {
  const auto first_bucket = [](int32_t schema, int32_t index) {
    FloatHistogram h;
    h.schema = schema;
    h.positive_spans = {{index, 1}};
    h.positive_buckets = {1};
    const std::string json = appended<const FloatHistogram&>(append_json_histogram, h);
    return json.substr(json.find("[[") + 2);
  };
  CHECK(first_bucket(2, 1) == R"(0,"1","1.189207115002721","1"]]})");
  CHECK(first_bucket(1, 1) == R"(0,"1","1.414213562373095","1"]]})");
  CHECK(first_bucket(2, -3) == R"(0,"0.5","0.5946035575013605","1"]]})");
  CHECK(first_bucket(-4, 1) == R"(0,"1","65536","1"]]})");
  CHECK(first_bucket(0, 1024) == R"(0,"8.98846567431158e+307","1.7976931348623157e+308","1"]]})");
}

TEST_CASE("custom buckets have their own ends") {
  FloatHistogram h;
  h.schema = kCustomBucketsSchema;
  h.count = 3;
  h.sum = 4;
  h.custom_values = {1, 5};
  h.positive_spans = {{0, 3}};
  h.positive_buckets = {1, 1, 1};
  CHECK(
      appended<const FloatHistogram&>(append_json_histogram, h) ==
      R"({"count":"3","sum":"4","buckets":[[3,"-Inf","1","1"],[0,"1","5","1"],[0,"5","+Inf","1"]]})");
}

TEST_CASE("a histogram stands in a vector and in a matrix under its own name") {
  promql::QueryResult result;
  result.type = promql::ValueType::kVector;
  result.series.push_back({{}, {}, {{1'000, FloatHistogram{}}}});
  CHECK(
      result_json(result) ==
      R"({"resultType":"vector","result":[{"metric":{},"histogram":[1,{"count":"0","sum":"0"}]}]})");
  result.type = promql::ValueType::kMatrix;
  result.series[0].points.push_back({500, 7});
  CHECK(result_json(result) ==
        R"({"resultType":"matrix","result":[{"metric":{},"values":[[0.500,"7"]],)"
        R"("histograms":[[1,{"count":"0","sum":"0"}]]}]})");
}
