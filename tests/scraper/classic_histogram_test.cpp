#include "scraper/classic_histogram.h"

#include <doctest/doctest.h>

#include <cmath>

namespace hearth {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();

TEST_CASE("buckets come without those below them, and the last one is not bounded") {
  ClassicHistogram classic;
  classic.set_bucket(1, 2);
  classic.set_bucket(10, 5);
  classic.set_count(7);
  classic.set_sum(3.5);
  const auto h = classic.convert();
  REQUIRE(h);
  CHECK(h->integer);
  CHECK(h->count == 7);
  CHECK(h->sum == 3.5);
  CHECK(h->custom_values == std::vector<double>{1, 10});
  CHECK(h->positive_buckets == std::vector<double>{2, 3, 2});
}

TEST_CASE("empty buckets are left out where they are many, or at the ends") {
  ClassicHistogram classic;
  const double counts[] = {0, 1, 1, 1, 2, 2, 2, 2, 3};
  for (int i = 0; i < 9; ++i) classic.set_bucket(i, counts[i]);
  classic.set_count(3);
  auto h = classic.convert();
  REQUIRE(h);
  CHECK(h->positive_spans == std::vector<HistogramSpan>{{1, 4}, {3, 1}});
  CHECK(h->positive_buckets == std::vector<double>{1, 0, 0, 1, 1});

  classic.clear();
  classic.set_bucket(1, 0.5);
  classic.set_bucket(2, 0.5);
  classic.set_bucket(3, 1.5);
  h = classic.convert();  // floats have none at all
  REQUIRE(h);
  CHECK_FALSE(h->integer);
  CHECK(h->positive_spans == std::vector<HistogramSpan>{{0, 1}, {1, 1}});
}

std::string fault(void (*fill)(ClassicHistogram&)) {
  ClassicHistogram classic;
  fill(classic);
  CHECK_FALSE(classic.convert());
  return classic.fault();
}

TEST_CASE("what is wrong with a classic histogram is said in Prometheus' words") {
  CHECK(fault([](ClassicHistogram& h) { h.set_sum(1); }) == "count must be provided when no buckets are present");
  CHECK(fault([](ClassicHistogram& h) { h.set_bucket(std::nan(""), 1); }) == "bucket boundary must not be NaN");
  CHECK(fault([](ClassicHistogram& h) { h.set_bucket(1, -2); }) ==
        "bucket count must be non-negative: le=1, count=-2");
  CHECK(fault([](ClassicHistogram& h) { h.set_count(-1); }) == "count must be non-negative: count=-1");
  CHECK(fault([](ClassicHistogram& h) { h.set_bucket(1, 3), h.set_bucket(2, 2); }) == "count is not cumulative: 2 < 3");
  CHECK(fault([](ClassicHistogram& h) { h.set_bucket(2, 2), h.set_bucket(1, 3); }) == "count is not cumulative: 3 > 2");
  CHECK(fault([](ClassicHistogram& h) { h.set_bucket(kInfinity, 2), h.set_count(3); }) ==
        "count mismatch: count=3 != le=+Inf count=2");
  CHECK(fault([](ClassicHistogram& h) { h.set_count(std::nan("")), h.set_bucket(1, 1); }) ==
        "count mismatch: count=NaN != le=+Inf count=NaN");
}

}  // namespace
}  // namespace hearth
