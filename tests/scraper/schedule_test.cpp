#include "scraper/schedule.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <string>
#include <vector>

namespace hearth {
namespace {

TEST_CASE("targets are spread over the interval by their hash and the server's identity") {
  CHECK(scrape_phase(1'234'000'000, 0, 1000) == 240);
  CHECK(scrape_phase(1'234'000'000, 1'234'000'000, 1000) == 0);
  CHECK(schedule_seed("host", Labels()) != schedule_seed("other", Labels()));
  CHECK(schedule_seed("host", Labels()) != schedule_seed("host", Labels{{"replica", "1"}}));
}

TEST_CASE("phases are multiples of a fiftieth of the interval, at most a tenth of a second") {
  struct Case {
    DurationMs interval, step;
  };
  for (const Case& c : {Case{10, 1}, Case{1000, 20}, Case{5000, 100}, Case{15'000, 100}, Case{60'000, 100}}) {
    CAPTURE(c.interval);
    const size_t steps = static_cast<size_t>(c.interval / c.step);
    std::vector<size_t> targets(steps);
    for (uint64_t i = 0; i < 100 * steps; ++i) {
      const DurationMs phase = scrape_phase(fnv1a(std::to_string(i)), 1, c.interval);
      REQUIRE(phase % c.step == 0);
      ++targets.at(static_cast<size_t>(phase / c.step));
    }
    CHECK(*std::min_element(targets.begin(), targets.end()) > 40);
    CHECK(*std::max_element(targets.begin(), targets.end()) < 200);
  }
  CHECK(scrape_phase(999'999'999, 0, 1000) == 0);  // the nearest one
}

TEST_CASE("the first scrape is at the next time of the phase") {
  CHECK(first_scrape(10'000, 300, 1000) == 10'300);
  CHECK(first_scrape(10'300, 300, 1000) == 10'300);
  CHECK(first_scrape(10'301, 300, 1000) == 11'300);
}

TEST_CASE("the next scrape comes one interval later, be this one early, late or long missed") {
  CHECK(next_scrape(10'300, 300, 1000) == 11'300);
  CHECK(next_scrape(10'299, 300, 1000) == 11'300);
  CHECK(next_scrape(10'450, 300, 1000) == 11'300);
  CHECK(next_scrape(10'900, 300, 1000) == 12'300);
  CHECK(next_scrape(50'301, 300, 1000) == 51'300);
}

TEST_CASE("samples get the scheduled time within the tolerance, at most a hundredth of the interval") {
  CHECK(sample_time(10'302, 300, 1000, 2) == 10'300);
  CHECK(sample_time(10'298, 300, 1000, 2) == 10'300);
  CHECK(sample_time(10'303, 300, 1000, 2) == 10'303);
  CHECK(sample_time(10'301, 300, 100, 2) == 10'300);
  CHECK(sample_time(10'302, 300, 100, 2) == 10'302);
  CHECK(sample_time(10'301, 300, 50, 2) == 10'301);
}

TEST_CASE("FNV-1a gives the known values") {
  CHECK(fnv1a("") == 0xcbf29ce484222325);
  CHECK(fnv1a("a") == 0xaf63dc4c8601ec8c);
  CHECK(fnv1a("bc", fnv1a("a")) == fnv1a("abc"));
}

}  // namespace
}  // namespace hearth
