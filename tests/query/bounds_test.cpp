// What bounds a query: memory, samples, cancellation; and what is seen of it while it runs.
#include <doctest/doctest.h>

#include <atomic>
#include <thread>

#include "core/error.h"
#include "tests/query/engine_fixture.h"

using namespace hearth;
using namespace hearth::promql;

namespace {

void load(EngineFixture& fixture, size_t series, size_t points) {
  for (size_t i = 0; i < series; ++i) {
    fixture.load(Labels{{"__name__", "m"}, {"i", std::to_string(i)}},
                 std::vector<double>(points, static_cast<double>(i)));
  }
}

FloatHistogram wide_histogram() {
  FloatHistogram h;
  h.count = 1000;
  h.positive_spans = {{0, 1000}};
  h.positive_buckets.assign(1000, 1);
  return h;
}

std::string error_of(EngineFixture& fixture, const QueryRequest& request) {
  try {
    fixture.run(request);
  } catch (const Error& error) {
    return std::string(error_type(error.kind())) + ": " + error.what();
  }
  return "none";
}

constexpr const char* kTooMany =
    "execution: query processing would load too many samples into memory in query execution";

}  // namespace

TEST_CASE("samples are counted as Prometheus does: points that are there") {
  EngineFixture fixture;
  load(fixture, 10, 4);
  // Ten series with one point each inside of a hundred steps, cells of which are empty.
  const QueryRequest sparse = EngineFixture::range("m", 45'000, 45'000 + 99 * 600'000, 600'000);
  fixture.options.max_samples = 10;
  CHECK(error_of(fixture, sparse) == "none");
  CHECK(error_of(fixture, EngineFixture::instant("m", 45'000)) == "none");
  CHECK(error_of(fixture, EngineFixture::instant("m[30s]", 45'000)) == kTooMany);
  fixture.options.max_samples = 9;
  CHECK(error_of(fixture, sparse) == kTooMany);
  CHECK(error_of(fixture, EngineFixture::instant("m", 45'000)) == kTooMany);
}

TEST_CASE("the samples of a window count, those of other windows do not") {
  EngineFixture fixture;
  load(fixture, 1, 1000);
  const QueryRequest request =
      EngineFixture::range("sum_over_time(m[10m])", 900'000, 900'000 + 9 * 60'000, 60'000);
  fixture.options.max_samples = 40;
  CHECK(error_of(fixture, request) == "none");
  fixture.options.max_samples = 39;
  CHECK(error_of(fixture, request) == kTooMany);
}

TEST_CASE("histograms count by their size, in samples and in bytes") {
  EngineFixture fixture;
  Columns& columns = fixture.storage.add(Labels{{"__name__", "h"}});
  for (int i = 0; i < 200; ++i) {
    columns.histogram_t.push_back(i * 15'000);
    columns.histograms.push_back(wide_histogram());
  }
  fixture.options.max_samples = 100;
  CHECK(error_of(fixture, EngineFixture::instant("h", 60'000)) == kTooMany);
  fixture.options.max_samples = 50'000'000;
  const QueryRequest all = EngineFixture::range("h", 0, 199 * 15'000, 15'000);
  const QueryResult result = fixture.run(all);
  CHECK(result.stats.peak_bytes > 200 * 8000);
  CHECK(result.query->budget().used() >= 200 * 8000);
  fixture.options.max_memory_bytes = 1'000'000;
  CHECK(error_of(fixture, all) ==
        "execution: query needs more than 1000000 bytes of memory: h selects 1 series, at 200 "
        "steps; select fewer series, a shorter range or a longer step, or raise "
        "--query.max-memory");
}

TEST_CASE("the total memory names itself, and what a result holds is charged until it goes") {
  EngineFixture fixture;
  load(fixture, 100, 100);
  fixture.options.max_total_memory_bytes = 1'000'000;
  Engine engine(fixture.options, fixture.storage, nullptr, fixture.registry);
  const QueryRequest request = EngineFixture::range("m{i=~\".+\"}", 0, 1'500'000, 5'000);
  std::string refused;
  {
    const QueryResult first = engine.run(request);
    CHECK(first.query->budget().used() > 100 * 300 * sizeof(Point));
    try {
      engine.run(request);
    } catch (const Error& error) {
      refused = error.what();
    }
  }
  CHECK(refused ==
        "all queries together need more than 1000000 bytes of memory: m{i=~\".+\"} selects 100 "
        "series, at 301 steps; select fewer series, a shorter range or a longer step, try again "
        "when others have ended, or raise --query.max-total-memory");
  CHECK(engine.run(request).series.size() == 100);
}

TEST_CASE("running queries are seen with who asked, and one of them can be ended") {
  EngineFixture fixture;
  load(fixture, 600, 10);
  Engine engine(fixture.options, fixture.storage, nullptr, fixture.registry);
  QueryRequest request = EngineFixture::range("sum(m + 1)", 15'000, 60'000, 15'000);
  request.caller.client = "10.0.0.7";
  request.caller.dashboard = "abc";
  std::vector<QueryView> seen;
  bool known = false, unknown = true;
  fixture.storage.on_read = [&] {
    if (!seen.empty()) return;
    seen = engine.running();
    known = engine.cancel(seen.at(0).id);
    unknown = engine.cancel(seen.at(0).id + 1);
  };
  std::string error;
  try {
    engine.run(request);
  } catch (const Error& e) {
    error = e.what();
    CHECK(e.kind() == ErrorKind::kCanceled);
  }
  CHECK(error == "query was canceled in expression evaluation");
  CHECK(known);
  CHECK_FALSE(unknown);
  REQUIRE(seen.size() == 1);
  CHECK(seen[0].asked.text == "sum(m + 1)");
  CHECK(seen[0].asked.step == 15'000);
  CHECK(seen[0].asked.caller.client == "10.0.0.7");
  CHECK(seen[0].asked.caller.dashboard == "abc");
  CHECK(state_name(seen[0].state) == "running");
  CHECK(seen[0].memory_bytes > 0);
  CHECK(engine.running().empty());
  {
    fixture.storage.on_read = {};
    const QueryResult result = engine.run(request);
    REQUIRE(engine.running().size() == 1);
    CHECK(state_name(engine.running()[0].state) == "answering");
    CHECK(engine.running()[0].samples == 4 * 600);
  }
  CHECK(engine.running().empty());
}

TEST_CASE("a query in the queue can be ended") {
  EngineFixture fixture;
  load(fixture, 1, 10);
  fixture.options.max_concurrency = 1;
  Engine engine(fixture.options, fixture.storage, nullptr, fixture.registry);
  std::string error;
  fixture.storage.on_read = [&] {
    std::thread second([&] {
      try {
        engine.run(EngineFixture::instant("1", 0));
      } catch (const Error& e) {
        error = e.what();
      }
    });
    while (engine.running().size() < 2) std::this_thread::yield();
    CHECK(state_name(engine.running()[1].state) == "queued");
    engine.cancel(engine.running()[1].id);
    second.join();
  };
  engine.run(EngineFixture::instant("m", 60'000));
  CHECK(error == "query was canceled in query queue");
}

TEST_CASE("long work on one series, and long sorts, end soon after they are canceled") {
  EngineFixture fixture;
  load(fixture, 1, 20'000);
  for (int i = 0; i < 20'000; ++i) {
    fixture.load(Labels{{"__name__", "many"}, {"i", "node-" + std::to_string(i * 7919 % 20'000)}},
                 {1.0 * (i * 7919 % 20'000)});
  }
  FakeClock clock(0);
  fixture.options.clock = &clock;
  const auto ends = [&](const char* query, DurationMs step) {
    CAPTURE(query);
    std::atomic<bool> canceled{false};
    fixture.storage.on_read = [&] { canceled = true; };
    QueryRequest request = EngineFixture::range(query, 150'000'000, 300'000'000, step);
    if (step == 0) request = EngineFixture::instant(query, 1'000);
    request.canceled = &canceled;
    const int64_t began = system_clock().monotonic_nanos();
    CHECK(error_of(fixture, request) == "canceled: query was canceled in expression evaluation");
    CHECK(system_clock().monotonic_nanos() - began < 5'000'000'000);
  };
  // Each of these would take many seconds.
  for (const char* query :
       {"quantile_over_time(0.5, m[40h])", "mad_over_time(m[40h])", "stddev_over_time(m[40h])",
        "deriv(m[40h])", "double_exponential_smoothing(m[40h], 0.5, 0.5)"}) {
    fixture.options.parse.experimental_functions = true;
    ends(query, 15'000);
  }
  for (const char* query : {"sort(many)", "sort_by_label(many, \"i\")", "topk(20000, many)",
                            "count_values(\"v\", many)", "many * on(i) many"}) {
    ends(query, 0);
  }
}

TEST_CASE("explain tells the plan, and what each node did") {
  EngineFixture fixture;
  load(fixture, 10, 100);
  QueryRequest request =
      EngineFixture::range("sum by (i) (rate(m[1m])) / on(i) sum by (i) (m) + scalar(sum(m @ 60))",
                           60'000, 600'000, 60'000);
  for (const size_t threads : {0u, 2u}) {
    const auto pool = threads == 0 ? nullptr : std::make_unique<Pool>(threads);
    CHECK(fixture.run(request, pool.get()).explain.empty());
    request.explain = true;
    const QueryResult result = fixture.run(request, pool.get());
    request.explain = false;
    CHECK(result.series.size() == 10);
    const std::string& text = result.explain;
    CHECK(text.starts_with("{\"operator\":\"+\",\"expr\":\"sum by (i) (rate(m[1m])) / on (i) "));
    CHECK(text.find("{\"operator\":\"rate\",\"expr\":\"rate(m[1m])\",\"series\":10,\"steps\":10,"
                    "\"samples\":400,") != text.npos);
    CHECK(text.find("\"shares its series with another\"") != text.npos);
    CHECK(text.find("\"the same at every step\"") != text.npos);
    CHECK(text.find("\"seconds\":") != text.npos);
  }
}

TEST_CASE("what the operators of a running query have done so far is seen by others") {
  EngineFixture fixture;
  load(fixture, 10, 100);
  fixture.options.slice_series = 2;
  Engine engine(fixture.options, fixture.storage, nullptr, fixture.registry);
  std::vector<std::string> plans;
  fixture.storage.on_read = [&] {
    const std::vector<QueryView> running = engine.running();
    REQUIRE(running.size() == 1);
    CHECK(running[0].plan.empty());  // only of one query at a time
    plans.push_back(engine.running(running[0].id)->plan);
  };
  engine.run(EngineFixture::range("sum(rate(m[1m]))", 60'000, 600'000, 60'000));
  REQUIRE(plans.size() == 10);
  const std::string rate = R"x({"operator":"rate","expr":"rate(m[1m])","series":10,"steps":10,)x";
  CHECK(plans.front().starts_with(R"x({"operator":"sum","expr":"sum(rate(m[1m]))","series":1,)x"));
  CHECK(plans.front().find(rate + R"x("samples":0,"rows":0,)x") != std::string::npos);
  CHECK(plans.back().find(rate + R"x("samples":320,"rows":8,)x") != std::string::npos);
  CHECK_FALSE(engine.running(1).has_value());
}

TEST_CASE("what pairs tell at each step counts as memory") {
  EngineFixture fixture;
  Columns& columns = fixture.storage.add(Labels{{"__name__", "h"}});
  columns.histogram_t.push_back(0);
  columns.histograms.push_back(wide_histogram());
  fixture.options.lookback_delta = 11'000'000;
  fixture.options.max_memory_bytes = 3'000'000;
  const auto ask = [&](const std::string& text) {
    return error_of(fixture, EngineFixture::range(text, 0, 10'999'000, 1'000));
  };
  CHECK(ask("h % 1") == "none");
  CHECK(ask("(h % 1) or (h % 1) or (h % 1)").find("needs more than 2.861 MB of memory") !=
        std::string::npos);
}

TEST_CASE("of an expression of many large parts one is held at a time") {
  EngineFixture fixture;
  load(fixture, 10, 200);
  // Nine parts that share nothing. Each has 10 series at 91 steps.
  const auto ask = [&](const std::string& before, const std::string& after) {
    QueryRequest request = EngineFixture::range("", 0, 900'000, 10'000);
    for (int i = 0; i < 9; ++i) {
      request.text += (i == 0 ? "" : " + ") + before + R"(m{i!="x)" + std::to_string(i) + R"("})";
      request.text += after;
    }
    return error_of(fixture, request);
  };
  // 10 groups at 2,400 times, of which 91 steps stay.
  fixture.options.max_samples = 14'000;
  CHECK(ask("max_over_time(sum by (i) (", ")[25m:1s])") == "none");
  CHECK(ask("quantile_over_time(0.5, avg by (i) (", ")[25m:1s])") == "none");
  fixture.options.max_samples = 8'000;
  CHECK(ask("max_over_time(sum by (i) (", ")[25m:1s])") == kTooMany);
  // 910 points of each sum, of what was added up so far, of the two added up, and of the result.
  fixture.options.max_samples = 3'700;
  CHECK(ask("sum by (i) (", ")") == "none");
  CHECK(ask("(sum by (i) (", ") or vector(1))") == "none");
  fixture.options.max_samples = 1'900;
  CHECK(ask("sum by (i) (", ")") == kTooMany);
}

TEST_CASE("what is computed ahead to hold less is what is computed when it is asked for") {
  EngineFixture fixture;
  load(fixture, 30, 100);
  for (const char* text :
       {"max_over_time(sum by (i) (m)[10m:15s]) - on (i) sum by (i) (m)", "sum(m) + sum(m) * 2",
        "sum by (i) (m) or m", "(sum(m) or m) and on (i) m", "m - on () group_left sum(m)",
        "absent_over_time(sum(m > 100)[5m:1m]) + vector(1)"}) {
    CAPTURE(text);
    const QueryRequest request = EngineFixture::range(text, 60'000, 600'000, 30'000);
    fixture.options.settled_share = 1;
    const QueryResult later = fixture.run(request);
    fixture.options.settled_share = 0;
    const QueryResult ahead = fixture.run(request);
    REQUIRE(ahead.series.size() == later.series.size());
    REQUIRE_FALSE(ahead.series.empty());
    for (size_t i = 0; i < ahead.series.size(); ++i) {
      CHECK(ahead.series[i].labels == later.series[i].labels);
      REQUIRE(ahead.series[i].points.size() == later.series[i].points.size());
      for (size_t k = 0; k < ahead.series[i].points.size(); ++k) {
        CHECK(ahead.series[i].points[k].v == later.series[i].points[k].v);
      }
    }
  }
}
