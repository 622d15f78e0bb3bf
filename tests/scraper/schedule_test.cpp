#include "scraper/schedule.h"

#include <doctest/doctest.h>

namespace hearth {
namespace {

TEST_CASE("targets are spread over the interval by their hash and the server's identity") {
  CHECK(scrape_phase(1'234'000'000, 0, 1000) == 234);
  CHECK(scrape_phase(1'234'000'000, 1'234'000'000, 1000) == 0);
  CHECK(schedule_seed("host", Labels()) != schedule_seed("other", Labels()));
  CHECK(schedule_seed("host", Labels()) != schedule_seed("host", Labels{{"replica", "1"}}));
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
