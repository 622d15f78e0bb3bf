#include "web/self_metrics.h"

#include <doctest/doctest.h>

#include "core/metrics.h"
#include "tests/web/test_server.h"

using namespace hearth;
using namespace hearth::web;

TEST_CASE("own metrics are told as JSON, in the form of their messages") {
  Registry registry;
  registry.counter("c_total", "Counts.", {{"a", "x\"\\\n"}}).add(3);
  registry.gauge("g", "A <gauge>.").set(1.5);
  const Observer histogram = registry.histogram("h", "Sizes.", {1, 2});
  histogram.observe(1.5);
  histogram.observe(5);
  std::string out;
  const Regex names("c_total|g|h");
  append_families_json(out, registry.text(), &names);
  CHECK(
      out ==
      R"([{"name":"c_total","help":"Counts.","type":"COUNTER","metric":[{"label":[{"name":"a",)"
      R"("value":"x\"\\\n"}],"counter":{"value":3}}]},)"
      R"({"name":"g","help":"A \u003cgauge\u003e.","type":"GAUGE","metric":[{"gauge":{"value":1.5}}]},)"
      R"({"name":"h","help":"Sizes.","type":"HISTOGRAM","metric":[{"histogram":{"sampleCount":"2",)"
      R"("sampleSum":6.5,"bucket":[{"upperBound":1,"cumulativeCount":"0"},)"
      R"({"upperBound":2,"cumulativeCount":"1"},{"upperBound":"Infinity","cumulativeCount":"2"}]}}]}])");
}

TEST_CASE("a pattern chooses among own metrics, one that is none is refused") {
  const TestServer server;
  CHECK(server.get("/api/v1/status/self_metrics?metric_name_pattern=nothing").body ==
        R"({"status":"success","data":[]})");
  CHECK(server.get("/api/v1/status/self_metrics?metric_name_pattern=prometheus_rea.*")
            .body.starts_with(R"({"status":"success","data":[{"name":"prometheus_ready",)"));
  CHECK(server.get("/api/v1/status/self_metrics?metric_name_pattern=(").status == 400);
}
