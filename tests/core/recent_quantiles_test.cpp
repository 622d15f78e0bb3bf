#include "core/recent_quantiles.h"

#include <doctest/doctest.h>

#include <cmath>
#include <thread>
#include <vector>

using namespace hearth;

TEST_CASE("quantiles of many values are right within a few percent, of equal ones exactly") {
  FakeClock clock(1'000'000);
  RecentQuantiles spread(clock), same(clock);
  for (int i = 1; i <= 10'000; ++i) {
    spread.observe(i * 1e-5);
    same.observe(15);
  }
  CHECK(spread.quantile(0.5) == doctest::Approx(0.05).epsilon(0.04));
  CHECK(spread.quantile(0.99) == doctest::Approx(0.099).epsilon(0.04));
  CHECK(spread.count() == 10'000);
  CHECK(spread.sum() == doctest::Approx(500.05));
  CHECK(same.quantile(0.5) == 15);
}

TEST_CASE("a quantile forgets what is ten minutes old, count and sum do not") {
  FakeClock clock(1'000'000);
  RecentQuantiles quantiles(clock);
  CHECK(std::isnan(quantiles.quantile(0.5)));
  quantiles.observe(1);
  clock.advance(5 * 60'000);
  quantiles.observe(4);
  quantiles.observe(4);
  CHECK(quantiles.quantile(0.1) == 1);
  CHECK(quantiles.quantile(0.9) == 4);
  clock.advance(6 * 60'000);
  CHECK(quantiles.quantile(0.1) == 4);
  clock.advance(10 * 60'000);
  CHECK(std::isnan(quantiles.quantile(0.1)));
  CHECK(quantiles.count() == 3);
  CHECK(quantiles.sum() == 9);
}

TEST_CASE("values of any kind are counted") {
  FakeClock clock(1'000'000);
  RecentQuantiles quantiles(clock);
  for (const double value : {0.0, -1.0, 1e-12, 1e12, HUGE_VAL}) quantiles.observe(value);
  CHECK(quantiles.count() == 5);
  CHECK(quantiles.quantile(1) == HUGE_VAL);
}

TEST_CASE("threads that observe at once lose nothing") {
  RecentQuantiles quantiles;
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&] {
      for (int k = 0; k < 1000; ++k) quantiles.observe(0.5);
    });
  }
  for (std::thread& thread : threads) thread.join();
  CHECK(quantiles.count() == 4000);
  CHECK(quantiles.quantile(0.5) == 0.5);
}
