#include "tsdb/series_admission.h"

#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "core/log.h"

using namespace hearth;
using namespace hearth::tsdb;

namespace {

// An admission with memory as the test says.
struct Fixture {
  explicit Fixture(uint64_t limit = 1000)
      : admission(limit, clock, registry, [this] { return used; }) {}
  // Of `count` new series of the source.
  size_t admitted(SeriesSource& source, size_t count) {
    size_t admitted = 0;
    for (size_t i = 0; i < count; ++i) admitted += admission.admit(&source) ? 1 : 0;
    return admitted;
  }
  FakeClock clock{1'700'000'000'000};
  Registry registry;
  uint64_t used = 0;
  SeriesAdmission admission;
  SeriesSource flood{"flood"}, calm{"calm"};
};

}  // namespace

TEST_CASE("the source that brought most is refused first, all are at the limit") {
  CHECK_FALSE(refuses_series(0.89, 100, 100));
  CHECK(refuses_series(0.9, 100, 100));
  CHECK_FALSE(refuses_series(0.9, 99, 100));
  CHECK(refuses_series(0.95, 51, 100));
  CHECK_FALSE(refuses_series(0.95, 49, 100));
  CHECK(refuses_series(1, 0, 100));
  CHECK(refuses_series(1.5, 0, 0));
}

TEST_CASE("while memory is short a flooding target is refused and a calm one is not") {
  Fixture f;
  CHECK(f.admitted(f.flood, 10'000) == 10'000);
  f.used = 920;
  CHECK(f.admitted(f.flood, 1000) < 300);  // memory is looked at every 256 series
  CHECK(f.admitted(f.calm, 1000) == 1000);
  CHECK(f.flood.refused.load() > 700);
  CHECK(f.registry.text().find("hearth_tsdb_source_series_refused_total{source=\"flood\"}") !=
        std::string::npos);
  CHECK(f.registry.text().find("source=\"calm\"") == std::string::npos);
}

TEST_CASE("the log names who brought too much, once a minute") {
  Fixture f;
  static std::vector<std::string> lines;
  lines.clear();
  set_log_level(LogLevel::kInfo);
  set_log_sink([](std::string_view line) { lines.emplace_back(line); });
  CHECK(f.admitted(f.flood, 10'000) == 10'000);
  CHECK(lines.empty());
  f.used = 920;
  f.admitted(f.flood, 2000);
  f.admitted(f.calm, 1000);
  REQUIRE(lines.size() == 1);
  CHECK(lines[0].find("level=WARN") != std::string::npos);
  CHECK(lines[0].find("Memory is short: new series are refused, known ones go on") !=
        std::string::npos);
  CHECK(lines[0].find(" source=flood new_series_lately=10") != std::string::npos);
  CHECK(lines[0].find(" used_bytes=920 limit_bytes=1000") != std::string::npos);
  f.clock.advance(61'000);
  f.admitted(f.flood, 2000);
  set_log_sink(nullptr);
  CHECK(lines.size() == 2);
}

TEST_CASE("what a target brought long ago is forgotten") {
  Fixture f;
  CHECK(f.admitted(f.flood, 10'000) == 10'000);
  f.clock.advance(24 * 3'600'000);
  CHECK(f.admitted(f.calm, 100) == 100);
  f.used = 920;
  CHECK(f.admitted(f.calm, 1000) < 300);
  CHECK(f.admitted(f.flood, 50) == 50);
}

TEST_CASE("at the limit nobody brings new series, and below it all do again") {
  Fixture f;
  f.used = 1001;
  CHECK(f.admitted(f.calm, 512) == 0);
  f.used = 800;
  CHECK(f.admitted(f.calm, 512) > 200);
  CHECK(f.admitted(f.calm, 512) == 512);
}

TEST_CASE("without a limit, and from nobody in particular, all series are admitted") {
  Fixture unlimited(0);
  unlimited.used = 1 << 30;
  CHECK(unlimited.admitted(unlimited.flood, 1000) == 1000);
  Fixture full;
  full.used = 2000;
  CHECK(full.admission.admit(nullptr));
}
