#include "core/metrics.h"

#include <doctest/doctest.h>

using namespace hearth;

TEST_CASE("metrics are written sorted by name, in text form") {
  Registry registry;
  const Gauge gauge = registry.gauge("b_gauge", "A gauge.");
  const Counter counter = registry.counter("a_total", "A counter.", {{"code", "200"}});
  counter.add();
  counter.add(2);
  gauge.set(1.5);
  CHECK(registry.text() ==
        "# HELP a_total A counter.\n# TYPE a_total counter\na_total{code=\"200\"} 3\n"
        "# HELP b_gauge A gauge.\n# TYPE b_gauge gauge\nb_gauge 1.5\n");
  CHECK(counter.value() == 3);
}

TEST_CASE("asking twice gives the same metric, and a removed one is gone") {
  Registry registry;
  registry.counter("x_total", "X.", {{"pool", "a"}}).add();
  registry.counter("x_total", "X.", {{"pool", "a"}}).add();
  CHECK(registry.counter("x_total", "X.", {{"pool", "a"}}).value() == 2);
  registry.remove("x_total", {{"pool", "a"}});
  CHECK(registry.text().find("pool=\"a\"") == std::string::npos);
}

TEST_CASE("gauges that are read rather than kept are refreshed before each text") {
  Registry registry;
  const Gauge gauge = registry.gauge("reads", "Reads.");
  int reads = 0;
  registry.on_collect([&] { gauge.set(++reads); });
  registry.text();
  CHECK(registry.text().find("reads 2\n") != std::string::npos);
}

TEST_CASE("a handle that was never made ignores what it is told") {
  Counter().add();
  Gauge().set(1);
  Observer().observe(1);
  CHECK(Counter().value() == 0);
}
