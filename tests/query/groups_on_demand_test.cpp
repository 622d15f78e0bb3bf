#include "query/groups_on_demand.h"

#include <doctest/doctest.h>

#include <cmath>

#include "tests/query/engine_fixture.h"

using namespace hearth;
using namespace hearth::promql;

namespace {

constexpr TimeMs kStart = 300'000, kEnd = 840'000, kStep = 60'000;
constexpr size_t kGroups = 80;

// Groups of one to three series that do not stand beside each other; some have gaps, some native
// histograms.
void load(EngineFixture& fixture) {
  for (size_t i = 0; i < 160; ++i) {
    std::vector<double> points;
    for (size_t k = 0; k < 60; ++k) {
      points.push_back((i + k) % 17 == 0 ? absent() : static_cast<double>((i * k) % 101) / 7);
    }
    const Labels labels{{"__name__", "m_total"},
                        {"g", std::to_string(i % kGroups % 70)},
                        {"i", std::to_string(1000 + i)}};
    fixture.load(labels, points);
  }
  for (size_t i = 0; i < 30; ++i) {
    Columns& columns = fixture.storage.add(Labels{
        {"__name__", "m_total"}, {"g", std::to_string(i + 60)}, {"i", std::to_string(5000 + i)}});
    for (TimeMs t = 0; t < 900'000; t += 15'000) {
      columns.histogram_t.push_back(t);
      columns.histograms.emplace_back();
      columns.histograms.back().count = static_cast<double>(t) / 1000;
    }
  }
}

void check_same(const QueryResult& a, const QueryResult& b) {
  CHECK(a.warnings == b.warnings);
  CHECK(a.infos == b.infos);
  CHECK(a.stats.total_samples == b.stats.total_samples);
  REQUIRE(a.series.size() == b.series.size());
  for (size_t i = 0; i < a.series.size(); ++i) {
    CHECK(a.series[i].labels == b.series[i].labels);
    REQUIRE(a.series[i].points.size() == b.series[i].points.size());
    for (size_t k = 0; k < a.series[i].points.size(); ++k) {
      const Point p = a.series[i].points[k], q = b.series[i].points[k];
      CHECK(p.t == q.t);
      CHECK(std::fabs(p.v - q.v) <= 1e-12 * std::fabs(q.v));
    }
    REQUIRE(a.series[i].histograms.size() == b.series[i].histograms.size());
    for (size_t k = 0; k < a.series[i].histograms.size(); ++k) {
      CHECK(a.series[i].histograms[k].h.count == b.series[i].histograms[k].h.count);
    }
  }
}

}  // namespace

TEST_CASE("many small groups that are computed on demand are what they are otherwise") {
  EngineFixture on_demand, ahead;
  on_demand.options.slice_series = 8;
  ahead.options.slice_series = 1000;
  load(on_demand);
  load(ahead);
  Pool pool(2);
  for (const char* op : {"sum", "avg", "min", "max", "count", "group", "stddev", "stdvar"}) {
    for (const char* text :
         {"OP by (g) (m_total)", "-OP by (g) (m_total)", "sort(max by (g) (m_total))",
          "max(OP by (g) (rate(m_total[2m])))", "topk(3, OP by (g) (m_total))",
          "OP by (g) (m_total) or m_total", "m_total unless OP by (g) (m_total)",
          "OP by (g) (m_total) and on (g) m_total", "count_values(\"v\", OP by (g) (m_total))",
          "OP by (g) (m_total) / on (g) sum by (g) (m_total)", "quantile(0.3, OP by (g) (m_total))",
          "histogram_quantile(0.5, OP by (g) (m_total))", "absent(OP by (g) (m_total))",
          "OP by (g) (m_total) * on (g) group_right OP by (g, i) (m_total offset 1m)"}) {
      std::string query = text;
      for (size_t at; (at = query.find("OP")) != query.npos;) query.replace(at, 2, op);
      CAPTURE(query);
      const QueryRequest range = EngineFixture::range(query, kStart, kEnd, kStep);
      check_same(on_demand.run(range), ahead.run(range));
      check_same(on_demand.run(range, &pool), ahead.run(range));
      const QueryRequest instant = EngineFixture::instant(query, kEnd);
      check_same(on_demand.run(instant), ahead.run(instant));
    }
  }
}

TEST_CASE("groups that are asked for once are not kept") {
  EngineFixture fixture;
  fixture.options.slice_series = 16;
  for (size_t i = 0; i < 2'000; ++i) {
    fixture.load(Labels{{"__name__", "m_total"}, {"i", std::to_string(i)}},
                 std::vector<double>(400, static_cast<double>(i)));
  }
  const auto peak = [&](const std::string& text) {
    const QueryResult result =
        fixture.run(EngineFixture::range(text, kStart, 400 * 15'000, 15'000));
    REQUIRE(result.series.size() == 1);
    return result.stats.peak_samples;
  };
  // Samples of 2,000 groups at 380 steps are 760,000.
  CHECK(peak("max(sum by (i) (m_total))") < 100'000);
  CHECK(peak("max(sum by (i) (m_total)) / count(sum by (i) (m_total))") < 100'000);
  CHECK(peak("max(sum by (i) (m_total) or vector(1))") > 700'000);
}

TEST_CASE("histograms are found whose buckets do not stand beside each other") {
  EngineFixture fixture;
  fixture.options.slice_series = 8;
  for (const auto& [le, share] : {std::pair("+Inf", 2.0), {"1", 1.0}, {"2", 2.0}}) {
    for (size_t pod = 0; pod < 100; ++pod) {
      std::vector<double> points;
      for (size_t k = 0; k < 60; ++k) points.push_back(share * static_cast<double>(k * (pod + 1)));
      fixture.load(
          Labels{{"__name__", "b_bucket"}, {"le", le}, {"pod", std::to_string(1000 + pod)}},
          points);
    }
  }
  Pool pool(2);
  for (const char* buckets : {"b_bucket", "rate(b_bucket[2m])", "sum by (le, pod) (b_bucket)",
                              "max by (le, pod) (rate(b_bucket[2m]))"}) {
    const std::string text = std::string("histogram_quantile(0.75, ") + buckets + ")";
    CAPTURE(text);
    for (Pool* threads : {static_cast<Pool*>(nullptr), &pool}) {
      const QueryResult result =
          fixture.run(EngineFixture::range(text, kStart, kEnd, 15'000), threads);
      REQUIRE(result.series.size() == 100);
      for (size_t pod = 0; pod < 100; ++pod) {
        CHECK(result.series[pod].labels == Labels{{"pod", std::to_string(1000 + pod)}});
        REQUIRE(result.series[pod].points.size() == 37);
        for (const Point& point : result.series[pod].points)
          CHECK(std::fabs(point.v - 1.5) < 1e-12);
      }
    }
  }
}
