#include "query/query_log.h"

#include <doctest/doctest.h>

#include "core/error.h"
#include "tests/query/engine_fixture.h"

using namespace hearth;
using namespace hearth::promql;

TEST_CASE("a line of the query log has Prometheus' fields") {
  RunningQuery::Asked asked{"up{a=\"b\"} < 1", 1'795'384'440'000, 1'795'384'445'503, 15'000, {}};
  QueryStats stats;
  stats.total_samples = 7;
  stats.peak_samples = 3;
  const std::string timings =
      R"("timings":{"evalTotalTime":0,"resultSortTime":0,"queryPreparationTime":0,"innerEvalTime":0,"execQueueTime":0,"execTotalTime":0})";
  const std::string samples = R"("samples":{"totalQueryableSamples":7,"peakSamples":3})";
  CHECK(query_log_line(asked, "", stats, 1'795'384'446'000) ==
        R"({"time":"2026-11-22T21:54:06.000Z","level":"INFO","msg":"promql query logged",)"
        R"("params":{"end":"2026-11-22T21:54:05.503Z","query":"up{a=\"b\"} < 1",)"
        R"("start":"2026-11-22T21:54:00.000Z","step":15},"stats":{)" +
            timings + "," + samples + R"(},"spanID":"0000000000000000"})");
  asked.caller.client = "::1";
  asked.caller.method = "POST";
  asked.caller.path = "/api/v1/query";
  const std::string line = query_log_line(asked, "no \"room\"", stats, 0);
  CHECK(line.find(R"("step":15},"error":"no \"room\"","stats":)") != line.npos);
  CHECK(line.ends_with(
      R"("httpRequest":{"clientIP":"::1","method":"POST","path":"/api/v1/query"}})"));
}

TEST_CASE("queries are logged, also those that fail, to the file of the last load") {
  const TempDir dir;
  EngineFixture fixture;
  fixture.load(Labels{{"__name__", "m"}}, {1, 2, 3});
  fixture.options.max_samples = 2;
  Engine engine(fixture.options, fixture.storage, nullptr, fixture.registry);
  const Gauge enabled = fixture.registry.gauge("prometheus_engine_query_log_enabled", "");
  engine.run(EngineFixture::instant("m", 30'000));
  CHECK(enabled.value() == 0);

  engine.open_query_log(dir.path() + "/a");
  CHECK(enabled.value() == 1);
  engine.run(EngineFixture::instant("m", 30'000));
  CHECK_THROWS_AS(engine.run(EngineFixture::instant("sum_over_time(m[1m])", 30'000)), Error);
  CHECK_THROWS_AS(engine.run(EngineFixture::instant("m +", 30'000)), Error);
  CHECK_THROWS_AS(engine.open_query_log(dir.path() + "/no/such"), Error);
  engine.open_query_log(dir.path() + "/b");
  engine.run(EngineFixture::instant("m + 1", 30'000));
  engine.open_query_log("");
  engine.run(EngineFixture::instant("m + 2", 30'000));

  const std::string a = read_file(dir.path() + "/a"), b = read_file(dir.path() + "/b");
  CHECK(std::count(a.begin(), a.end(), '\n') == 2);
  CHECK(a.find(R"("query":"m","start":"1970-01-01T00:00:30.000Z","step":0},"stats")") != a.npos);
  CHECK(a.find(R"("error":"query processing would load too many samples)") != a.npos);
  CHECK(std::count(b.begin(), b.end(), '\n') == 1);
  CHECK(b.find(R"("query":"m + 1")") != b.npos);
}
