#include <doctest/doctest.h>

#include <atomic>
#include <bit>
#include <cmath>
#include <thread>

#include "core/error.h"
#include "tests/query/engine_fixture.h"

using namespace hearth;
using namespace hearth::promql;

namespace {

void load_many(EngineFixture& fixture, size_t count) {
  TestNumbers numbers(7);
  for (size_t i = 0; i < count; ++i) {
    std::vector<double> points;
    for (int k = 0; k < 40; ++k) points.push_back((numbers.unit() - 0.3) * 1e6);
    fixture.load(Labels{{"__name__", "m_total"},
                        {"instance", std::to_string(i)},
                        {"group", std::to_string(i % 7)},
                        {"le", std::to_string(i % 3)}},
                 points);
  }
}

bool same_bits(const QueryResult& a, const QueryResult& b) {
  if (a.series.size() != b.series.size()) return false;
  for (size_t i = 0; i < a.series.size(); ++i) {
    if (!(a.series[i].labels == b.series[i].labels)) return false;
    if (a.series[i].points.size() != b.series[i].points.size()) return false;
    for (size_t k = 0; k < a.series[i].points.size(); ++k) {
      const Point &x = a.series[i].points[k], &y = b.series[i].points[k];
      if (x.t != y.t || std::bit_cast<uint64_t>(x.v) != std::bit_cast<uint64_t>(y.v)) return false;
    }
  }
  return true;
}

// The kind and text of the error that a query ends with.
std::string error_of(EngineFixture& fixture, const QueryRequest& request, Pool* pool = nullptr) {
  try {
    fixture.run(request, pool);
  } catch (const Error& error) {
    return std::string(error_type(error.kind())) + ": " + error.what();
  }
  return "none";
}

constexpr const char* kQueries[] = {
    "sum by (group) (rate(m_total[1m]))",
    "avg without (instance) (m_total)",
    "stddev by (group) (m_total)",
    "stdvar(m_total)",
    "topk by (group) (3, m_total)",
    "bottomk(5, rate(m_total[1m]))",
    "quantile by (group) (0.7, m_total)",
    "count_values(\"v\", round(m_total / 1e5))",
    "limitk by (group) (4, m_total)",
    "limit_ratio(0.4, m_total)",
    "m_total * on (instance) group_left m_total",
    "m_total > 1e5 or m_total unless m_total < 2e5",
    "histogram_quantile(0.5, m_total)",
    "max_over_time(sum by (group) (m_total)[2m:30s])",
    "sort_desc(sum by (group) (m_total))",
    "absent(m_total > 1e9)",
    "label_replace(m_total, \"x\", \"$1\", \"instance\", \"(.).*\")",
};

}  // namespace

TEST_CASE("the answer has the same bits on any number of threads") {
  EngineFixture fixture;
  fixture.options.parse.experimental_functions = true;
  load_many(fixture, 500);
  for (const size_t slice : {3u, 64u, 256u}) {
    fixture.options.slice_series = slice;
    for (const char* query : kQueries) {
      CAPTURE(query);
      CAPTURE(slice);
      const QueryRequest request = EngineFixture::range(query, 60'000, 500'000, 20'000);
      const QueryResult alone = fixture.run(request);
      for (const size_t threads : {1u, 3u, 7u}) {
        Pool pool(threads);
        REQUIRE(same_bits(alone, fixture.run(request, &pool)));
      }
    }
  }
}

TEST_CASE("the answer hardly depends on how series are sliced") {
  EngineFixture fixture;
  fixture.options.parse.experimental_functions = true;
  load_many(fixture, 200);
  for (const char* query : kQueries) {
    CAPTURE(query);
    const QueryRequest request = EngineFixture::range(query, 60'000, 500'000, 20'000);
    fixture.options.slice_series = 256;
    const QueryResult whole = fixture.run(request);
    fixture.options.slice_series = 5;
    const QueryResult sliced = fixture.run(request);
    REQUIRE(whole.series.size() == sliced.series.size());
    for (size_t i = 0; i < whole.series.size(); ++i) {
      REQUIRE(whole.series[i].labels == sliced.series[i].labels);
      REQUIRE(whole.series[i].points.size() == sliced.series[i].points.size());
      for (size_t k = 0; k < whole.series[i].points.size(); ++k) {
        const double x = whole.series[i].points[k].v, y = sliced.series[i].points[k].v;
        const bool equal = x == y || (std::isnan(x) && std::isnan(y)) ||
                           std::fabs(x - y) <= 1e-12 * std::max(std::fabs(x), std::fabs(y));
        REQUIRE(equal);
      }
    }
  }
}

TEST_CASE("a query that would hold too many samples is refused in Prometheus' words") {
  EngineFixture fixture;
  load_many(fixture, 50);
  fixture.options.max_samples = 100;
  const std::string text =
      "execution: query processing would load too many samples into memory in query execution";
  CHECK(error_of(fixture, EngineFixture::range("m_total", 0, 500'000, 10'000)) == text);
  CHECK(error_of(fixture, EngineFixture::instant("sum_over_time(vector(1)[1000d:1s])", 0)) == text);
  CHECK(error_of(fixture, EngineFixture::instant("sum(m_total)", 60'000)) == "none");
}

TEST_CASE("memory is reserved before a sample is read, and the error says what to do") {
  EngineFixture fixture;
  load_many(fixture, 50);
  std::atomic<int> reads{0};
  fixture.storage.on_read = [&] { ++reads; };
  fixture.options.max_memory_bytes = 100'000;
  const std::string error =
      error_of(fixture, EngineFixture::range("sum by (instance) (m_total)", 0, 50'000'000, 10'000));
  CHECK(
      error ==
      "execution: query needs more than 100000 bytes of memory: m_total selects 50 series, at 5001 "
      "steps; select fewer series, a shorter range or a longer step, or raise --query.max-memory");
  CHECK(reads == 0);
  CHECK(error_of(fixture, EngineFixture::instant("sum(m_total)", 60'000)) == "none");
}

TEST_CASE("all queries together keep to the total memory") {
  EngineFixture fixture;
  load_many(fixture, 50);
  fixture.options.max_total_memory_bytes = 50'000;
  Engine engine(fixture.options, fixture.storage, nullptr, fixture.registry);
  CHECK_THROWS_AS(engine.run(EngineFixture::range("m_total + 1", 0, 500'000, 1'000)), Error);
  CHECK(engine.run(EngineFixture::instant("sum(m_total)", 60'000)).series.size() == 1);
}

TEST_CASE("a canceled query ends") {
  EngineFixture fixture;
  load_many(fixture, 600);
  std::atomic<bool> canceled{false};
  fixture.storage.on_read = [&] { canceled = true; };
  QueryRequest request = EngineFixture::instant("sum(rate(m_total[1m]))", 60'000);
  request.canceled = &canceled;
  CHECK(error_of(fixture, request) == "canceled: query was canceled in expression evaluation");
}

TEST_CASE("a query that takes too long ends") {
  EngineFixture fixture;
  load_many(fixture, 600);
  FakeClock clock(0);
  fixture.options.clock = &clock;
  fixture.storage.on_read = [&] { clock.advance(1'000); };
  CHECK(error_of(fixture, EngineFixture::instant("sum(m_total)", 60'000)) ==
        "timeout: query timed out in expression evaluation");
  QueryRequest request =
      EngineFixture::instant("m_total{instance=\"1\"} + m_total{instance=\"1\"}", 60'000);
  CHECK(error_of(fixture, request) == "none");
  request.timeout = 500;
  CHECK(error_of(fixture, request) == "timeout: query timed out in expression evaluation");
}

TEST_CASE("queries beyond the concurrency wait, and time out in the queue") {
  EngineFixture fixture;
  load_many(fixture, 1);
  FakeClock clock(0);
  fixture.options.clock = &clock;
  fixture.options.max_concurrency = 1;
  Engine engine(fixture.options, fixture.storage, nullptr, fixture.registry);
  const Gauge queries = fixture.registry.gauge("prometheus_engine_queries", "");
  std::string waiting;
  fixture.storage.on_read = [&] {  // the first query is inside: the second one must wait
    std::thread second([&] {
      QueryRequest request = EngineFixture::instant("1", 0);
      request.timeout = 10;
      try {
        engine.run(request);
      } catch (const Error& error) {
        waiting = error.what();
      }
    });
    while (queries.value() < 2) std::this_thread::yield();
    clock.advance(20);
    second.join();
  };
  engine.run(EngineFixture::instant("m_total", 60'000));
  CHECK(waiting == "query timed out in query queue");
}

TEST_CASE("only vectors and scalars can be asked over a range") {
  EngineFixture fixture;
  CHECK(error_of(fixture, EngineFixture::range("\"x\"", 0, 10, 1)) ==
        "bad_data: invalid expression type \"string\" for range query, must be Scalar or instant "
        "Vector");
  CHECK(error_of(fixture, EngineFixture::range("x[5m]", 0, 10, 1)) ==
        "bad_data: invalid expression type \"range vector\" for range query, must be Scalar or "
        "instant "
        "Vector");
}

TEST_CASE("times at the edges of the range are no trouble") {
  EngineFixture fixture;
  load_many(fixture, 3);
  for (const char* query : {"m_total @ 9223372036854775", "m_total @ -9223372036854775",
                            "m_total offset -100y", "m_total offset 100y", "rate(m_total[290y])",
                            "max_over_time(m_total[290y:10y])", "m_total[100y:50y]"}) {
    CAPTURE(query);
    CHECK(error_of(fixture, EngineFixture::instant(query, 60'000)) == "none");
  }
}

TEST_CASE("expressions as deep as the parser allows do not exhaust the stack") {
  EngineFixture fixture;
  load_many(fixture, 1);
  std::string deep = "m_total";
  for (int i = 0; i < 200; ++i) deep = "abs(-(" + deep + "))";
  CHECK(error_of(fixture, EngineFixture::instant(deep, 60'000)) == "none");
  std::string hostile = "m_total";
  for (int i = 0; i < 10'000; ++i) hostile = "abs(" + hostile + ")";
  CHECK(error_of(fixture, EngineFixture::instant(hostile, 60'000)) != "none");
}

TEST_CASE("the engine counts its queries and samples") {
  EngineFixture fixture;
  load_many(fixture, 5);
  fixture.run(EngineFixture::instant("sum(m_total)", 60'000));
  const std::string text = fixture.registry.text();
  CHECK(text.find("prometheus_engine_queries 0") != text.npos);
  CHECK(text.find("prometheus_engine_queries_concurrent_max 20") != text.npos);
  CHECK(text.find("prometheus_engine_query_samples_total 5") != text.npos);
  CHECK(text.find("prometheus_engine_query_duration_seconds_count{slice=\"inner_eval\"} 1") !=
        text.npos);
}

TEST_CASE(
    "what is told of a subquery has no position, and stands where the subquery is evaluated") {
  EngineFixture fixture;
  fixture.options.delayed_name_removal = true;
  fixture.load(Labels{{"__name__", "odd"}}, {1, 5, 2, 8, 3, 9, 4});
  const QueryResult result =
      fixture.run(EngineFixture::instant("rate((rate(odd[30s]))[1m:15s])", 90'000));
  REQUIRE(result.infos.size() == 1);
  CHECK(result.infos[0] ==
        "PromQL info: metric might not be a counter, name does not end in "
        "_total/_sum/_count/_bucket: \"odd\" (1:1)");
}

TEST_CASE("of equal warnings that stays which is told last: by the call around the other") {
  EngineFixture fixture;
  fixture.load(Labels{{"__name__", "m"}, {"le", "+Inf"}}, {1});
  const auto warning = [&](const std::string& query) {
    for (const std::string& text : fixture.run(EngineFixture::instant(query, 0)).warnings) {
      if (text.find("quantile value") != text.npos) return text.substr(text.rfind('('));
    }
    return std::string("none");
  };
  CHECK(warning("histogram_quantile(NaN, histogram_quantile(NaN, m))") == "(1:20)");
  CHECK(warning("quantile(2, quantile(2, m))") == "(1:10)");
  CHECK(warning("quantile(2, m) + quantile(2, m)") == "(1:27)");
  CHECK(warning("quantile(\n2, m)") == "(2:1)");
}

TEST_CASE("an aggregation that chooses takes what a sort puts first") {
  EngineFixture fixture;
  fixture.options.parse.experimental_functions = true;
  for (const char* a : {"1", "2", "3", "4"})
    fixture.load(Labels{{"__name__", "m"}, {"a", a}}, {double('5' - a[0])});
  const auto labels = [&](const std::string& query) {
    std::string all;
    for (const ResultSeries& series : fixture.run(EngineFixture::instant(query, 0)).series) {
      all += series.labels.view().get("a");
    }
    return all;
  };
  CHECK(labels("limitk(2, m)") == "21");  // in the order of a heap with the least value first
  CHECK(labels("limitk(4, m)") == "4321");
  CHECK(labels("limitk(2, sort(m))") == "43");
  CHECK(labels("limitk(3, sort_desc(m))") == "312");
}

TEST_CASE("of a query that fails a part with an operand of its own can be tried again") {
  EngineFixture fixture;
  for (const char* a : {"1", "2", "3"})
    fixture.load(Labels{{"__name__", "m"}, {"a", a}}, {1, 2, 3});
  const auto request =
      EngineFixture::range("sum(topk(1, m @ 0) or m) + on (b) m", 0, 30'000, 15'000);
  CHECK(error_of(fixture, request).find("found duplicate series for the match group {}") !=
        std::string::npos);
}
