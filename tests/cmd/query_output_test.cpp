#include "cmd/tool/query_output.h"

#include <doctest/doctest.h>

#include "core/error.h"

using namespace hearth;

namespace {

std::string error_of(std::string_view body) {
  try {
    read_api_answer(body);
  } catch (const Error& error) {
    return error.what();
  }
  return "no error";
}

constexpr char kVector[] =
    R"({"resultType":"vector","result":[)"
    R"({"metric":{"__name__":"up","instance":"a\"b","job":"self"},"value":[1795365381.500,"1"]},)"
    R"({"metric":{},"value":[1795365382,"NaN"]}]})";
constexpr char kMatrix[] =
    R"({"resultType":"matrix","result":[)"
    R"({"metric":{"__name__":"up"},"values":[[1795365380,"1"],[1795365382,"0.25"]]},)"
    R"({"metric":{"job":"x<y"},"values":[[1795365380,"+Inf"]]}]})";

}  // namespace

TEST_CASE("a vector, a scalar and a string print as promtool prints them") {
  CHECK(query_text(kVector) ==
        "up{instance=\"a\\\"b\", job=\"self\"} => 1 @[1795365381.5]\n{} => NaN @[1795365382]\n");
  CHECK(query_text(R"({"resultType":"vector","result":[]})") == "\n");
  CHECK(query_text(R"({"resultType":"scalar","result":[1795365381.581,"1e-07"]})") ==
        "scalar: 0.0000001 @[1795365381.581]\n");
  CHECK(query_text(R"({"resultType":"string","result":[1795365381.5,"abc"]})") == "abc\n");
}

TEST_CASE("a matrix prints one sample on a line") {
  CHECK(query_text(kMatrix) ==
        "up =>\n1 @[1795365380]\n0.25 @[1795365382]\n{job=\"x<y\"} =>\n+Inf @[1795365380]\n");
}

TEST_CASE("native histograms print their buckets with their boundaries") {
  CHECK(
      query_text(
          R"({"resultType":"vector","result":[{"metric":{},"histogram":[1795365381.765,)"
          R"({"count":"4","sum":"0.017861","buckets":[[0,"0.00002","0.5","1"],[1,"-2","-1","2.5"],)"
          R"([2,"1","2","1"],[3,"-1","1","3"]]}]}]})") ==
      "{} => Count: 4.000000, Sum: 0.017861, Buckets: [(2e-05,0.5]:1 [-2,-1):2.5 (1,2):1 [-1,1]:3] "
      "@[1795365381.765]\n");
}

TEST_CASE("JSON is compact, escaped as Go escapes it, and without zeros behind times") {
  CHECK(
      query_json(kVector) ==
      R"([{"metric":{"__name__":"up","instance":"a\"b","job":"self"},"value":[1795365381.5,"1"]},)"
      R"({"metric":{},"value":[1795365382,"NaN"]}])"
      "\n");
  CHECK(query_json(kMatrix).find(R"("job":"x\u003cy")") != std::string::npos);
  CHECK(plain_json(R"(["a","b"])") == "[\"a\",\"b\"]\n");
}

TEST_CASE("series and label values print one on a line") {
  CHECK(series_text(R"([{"__name__":"up","job":"a"},{"job":"b"}])") ==
        "{__name__=\"up\", job=\"a\"}\n{job=\"b\"}\n");
  CHECK(label_values_text(R"(["a","b"])") == "a\nb\n");
  CHECK(label_values_text("[]") == "");
}

TEST_CASE("the floats of a matrix are there to be drawn") {
  const std::vector<QuerySeries> series = query_series(kMatrix);
  REQUIRE(series.size() == 2);
  CHECK(series[0].name == "up");
  CHECK(series[0].points[1].t == 1795365382);
  CHECK(series[0].points[1].v == 0.25);
  CHECK(query_series(kVector).empty());
}

TEST_CASE("an answer that is an error, or none at all, is told") {
  CHECK(error_of(R"({"status":"error","errorType":"bad_data","error":"invalid parameter"})") ==
        "bad_data: invalid parameter");
  CHECK(error_of("<html>") == "bad_response: the answer is not JSON");
  CHECK(error_of("[1]") == "bad_response: the answer is not an object");
  CHECK(error_of("{}") == "bad_response: inconsistent body for response code");
  CHECK(error_of(R"({"status":5})").starts_with("bad_response: unexpected answer: "));
  CHECK_THROWS_AS(query_text(R"({"resultType":"vector","result":[5]})"), Error);
  CHECK_THROWS_AS(query_text(R"({"resultType":"vector","result":[{"metric":{},"value":[]}]})"),
                  Error);
  const ApiData data =
      read_api_answer(R"({"status":"success","data":[1],"warnings":["w"],"infos":["i"]})");
  CHECK(data.json == "[1]");
  CHECK(data.warnings == std::vector<std::string>{"w", "i"});
}

TEST_CASE("answers as comma separated values and as a table") {
  const std::string data =
      R"({"resultType":"vector","result":[{"metric":{"__name__":"a","l":"x,\"y"},"value":[1.5,"2"]},)"
      R"({"metric":{"m":"z"},"value":[1.5,"NaN"]}]})";
  CHECK(query_csv(data) == "__name__,l,m,timestamp,value\na,\"x,\"\"y\",,1.5,2\n,,z,1.5,NaN\n");
  CHECK(query_table(data) ==
        "__name__  l     m  timestamp  value\n"
        "a         x,\"y     1.5        2\n"
        "                z  1.5        NaN\n");
}
