#include "query/repeats.h"

#include <doctest/doctest.h>

#include "tests/query/engine_fixture.h"

using namespace hearth;
using namespace hearth::promql;

namespace {

// A gauge whose name tells rate() nothing good, some of it with histograms.
void load(EngineFixture& fixture, size_t series) {
  for (size_t i = 0; i < series; ++i) {
    std::vector<double> points;
    for (size_t k = 0; k < 60; ++k) points.push_back(static_cast<double>(i * k));
    fixture.load(Labels{{"__name__", "m"}, {"i", std::to_string(i)}, {"g", std::to_string(i % 3)}},
                 points);
  }
}

constexpr TimeMs kStart = 300'000, kEnd = 840'000, kStep = 60'000;

}  // namespace

TEST_CASE("repeats inside of repeats are for each of those around") {
  CHECK(Repeats::current().empty());
  {
    const Repeats outer({100});
    const Repeats inner({10, 20});
    CHECK(Repeats::current() == std::vector<int64_t>{10, 20, 100, 110, 120});
    const Repeats::Scope nobody(nullptr);
    CHECK(Repeats::current().empty());
  }
  CHECK(Repeats::current().empty());
}

TEST_CASE("an operand of several aggregations is computed once, and counted for each") {
  EngineFixture fixture;
  fixture.options.slice_series = 4;
  load(fixture, 50);
  const auto ask = [&](const std::string& text, Pool* pool = nullptr) {
    return fixture.run(EngineFixture::range(text, kStart, kEnd, kStep), pool);
  };
  const QueryResult sum = ask("sum by (g) (m)"), count = ask("count by (g) (m)");
  Pool pool(2);
  for (Pool* threads : {static_cast<Pool*>(nullptr), &pool}) {
    const QueryResult mean = ask("sum by (g) (m) / count by (g) (m)", threads);
    CHECK(mean.stats.total_samples == sum.stats.total_samples + count.stats.total_samples);
    REQUIRE(mean.series.size() == 3);
    for (size_t i = 0; i < 3; ++i) {
      for (size_t k = 0; k < sum.series[i].points.size(); ++k) {
        CHECK(mean.series[i].points[k].v ==
              sum.series[i].points[k].v / count.series[i].points[k].v);
      }
    }
  }
  QueryRequest request = EngineFixture::range("sum(m) / count(m)", kStart, kEnd, kStep);
  request.explain = true;
  CHECK(fixture.run(request).explain.find("shares its operand with another") != std::string::npos);
}

TEST_CASE("operands with other steps, times or texts are not shared") {
  EngineFixture fixture;
  load(fixture, 5);
  for (const char* other : {"m offset 1m", "m @ 600", "m{i!=\"1\"}", "max_over_time(m[1m:30s])"}) {
    const std::string text = std::string("sum(m) - sum(") + other + ")";
    QueryRequest request = EngineFixture::range(text, kStart, kEnd, kStep);
    request.explain = true;
    CAPTURE(text);
    const QueryResult result = fixture.run(request);
    CHECK(result.explain.find("shares its operand") == std::string::npos);
    CHECK(result.series.size() == 1);
  }
}

TEST_CASE("what an operation tells of two equal operands is told where it stands") {
  EngineFixture fixture;
  Columns& columns = fixture.storage.add(Labels{{"__name__", "h"}});
  for (TimeMs t = 0; t < 900'000; t += 15'000) {
    columns.histogram_t.push_back(t);
    columns.histograms.emplace_back();
  }
  const QueryResult result = fixture.run(EngineFixture::range("h / h", kStart, kEnd, kStep));
  CHECK(result.infos ==
        std::vector<std::string>{"PromQL info: incompatible sample types encountered for binary "
                                 "operator \"/\": histogram / histogram (1:1)"});
}

TEST_CASE("what an expression that stands twice tells is told of both places") {
  EngineFixture fixture;
  load(fixture, 5);
  const std::string info =
      "PromQL info: metric might not be a counter, name does not end in "
      "_total/_sum/_count/_bucket: \"m\"";
  for (const char* text : {"sum(rate(m[1m])) / count(rate(m[1m]))", "rate(m[1m]) / rate(m[1m])"}) {
    CAPTURE(text);
    const QueryResult twice = fixture.run(EngineFixture::range(text, kStart, kEnd, kStep));
    const std::string second = std::string(text).substr(std::string(text).rfind('/') + 2);
    const QueryResult once = fixture.run(EngineFixture::range(second, kStart, kEnd, kStep));
    CHECK(twice.stats.total_samples == 2 * once.stats.total_samples);
    // Of equal texts that of the right operand stays.
    const size_t at = std::string(text).rfind("rate(") + 6;
    CHECK(twice.infos == std::vector<std::string>{info + " (1:" + std::to_string(at) + ")"});
  }
}
