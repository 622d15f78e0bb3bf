#include "cmd/tool/query_matrix.h"

#include <doctest/doctest.h>

#include <string>

#include "core/error.h"
#include "query/histogram_text.h"

using namespace hearth;

namespace {

// The histogram of a series whose JSON has these buckets, as text.
std::string rebuilt(const std::string& buckets) {
  const auto matrix = read_matrix(
      R"({"resultType":"matrix","result":[{"metric":{"a":"b"},"histograms":[[1.5,{"count":"7","sum":"2.5","buckets":[)" +
      buckets + "]}]]}]}");
  REQUIRE(matrix.has_value());
  REQUIRE(matrix->size() == 1);
  CHECK(matrix->front().labels == Labels{{"a", "b"}});
  const Columns samples = rebuilt_samples(matrix->front());
  REQUIRE(samples.histogram_t == std::vector<TimeMs>{1500});
  return promql::histogram_text(samples.histograms.front());
}
FloatHistogram first(const std::string& json) {
  return rebuilt_samples(read_matrix(json)->front()).histograms.front();
}

}  // namespace

TEST_CASE("histograms come back with the schema of their buckets") {
  CHECK(rebuilt("") == "{count:7, sum:2.5}");
  CHECK(rebuilt(R"([0,"1","2","3"],[0,"4","8","4"])") == "{count:7, sum:2.5, (1,2]:3, (4,8]:4}");
  CHECK(rebuilt(R"([1,"-2","-1","1"],[3,"-0.001","0.001","2"],[0,"1","2","4"])") ==
        "{count:7, sum:2.5, [-2,-1):1, [-0.001,0.001]:2, (1,2]:4}");
  // Schema 8 and -4.
  CHECK(rebuilt(R"([0,"1","1.0027112750502025","7"])") ==
        "{count:7, sum:2.5, (1,1.0027112750502025]:7}");
  CHECK(rebuilt(R"([0,"1","65536","7"])") == "{count:7, sum:2.5, (1,65536]:7}");
  // The widest bucket of all, and what is above it.
  CHECK(rebuilt(R"([0,"0.5","1","1"],[0,"8.98846567431158e+307","+Inf","6"])").find(":6") !=
        std::string::npos);
}

TEST_CASE("bounds of no schema are custom ones, and shared by a series") {
  CHECK(rebuilt(R"([3,"-Inf","0.1","1"],[0,"0.1","0.25","2"],[0,"1","+Inf","4"])") ==
        "{count:7, sum:2.5, [-Inf,0.1]:1, (0.1,0.25]:2, (1,+Inf]:4}");
  const FloatHistogram histogram = first(
      R"({"resultType":"matrix","result":[{"metric":{},"histograms":[[1,{"count":"1","sum":"1","buckets":[[0,"1","2","1"]]}],[2,{"count":"1","sum":"1","buckets":[[0,"3","5","1"]]}]]}]})");
  CHECK(histogram.schema == kCustomBucketsSchema);
  CHECK(histogram.custom_values == std::vector<double>{1, 2, 3, 5});
  CHECK(histogram.positive_spans == std::vector<HistogramSpan>{{1, 1}});
}

TEST_CASE("answers of another form are told apart from those that are damaged") {
  CHECK(!read_matrix(R"({"resultType":"vector","result":[]})").has_value());
  CHECK_THROWS_AS(read_matrix("{"), Error);
  CHECK_THROWS_AS(read_matrix(R"({"resultType":"matrix","result":[{"values":[[1]]}]})"), Error);
  CHECK_THROWS_AS(rebuilt(R"([0,"0","0","1"])"), Error);
}
