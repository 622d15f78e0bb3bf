#include "query/go_math.h"

#include <doctest/doctest.h>

#include <cmath>
#include <initializer_list>
#include <limits>

using namespace hearth::promql;

namespace {
constexpr double kInfinite = std::numeric_limits<double>::infinity();
}

// What Prometheus 3.5 answers on amd64; C's functions differ in the last digit from most of them.
TEST_CASE("logarithms and powers have Go's last digit") {
  CHECK(go_log10(0.13167991554874137) == -0.880480460661023);
  CHECK(go_log10(8.3746908209646) == 0.9229687826070847);
  CHECK(go_log2(8) == 3);
  CHECK(go_log2(0.125) == -3);
  CHECK(go_log(1) == 0);
  CHECK(go_exp2(10) == 1024);
  CHECK(go_exp2(-2) == 0.25);
  CHECK(go_pow(3, 4) == 81);
  CHECK(go_pow(2, -2) == 0.25);
  CHECK(go_pow(-2, 3) == -8);
  CHECK(go_pow(9, 0.5) == 3);
  CHECK(go_pow(4, -0.5) == 0.5);
  CHECK(go_pow(2, 2000) == kInfinite);
  CHECK(go_pow(2, -2000) == 0);
}

TEST_CASE("logarithms and powers stay near C's everywhere") {
  for (double x = 1e-300; x < 1e300; x *= 1.7e3) {
    CHECK(go_log(x) == doctest::Approx(std::log(x)).epsilon(1e-15));
    CHECK(go_log2(x) == doctest::Approx(std::log2(x)).epsilon(1e-15));
    CHECK(go_log10(x) == doctest::Approx(std::log10(x)).epsilon(1e-15));
    for (const double y : {0.3, -0.7, 1.5, 2.0, 0.999}) {
      const double expected = std::pow(x, y);
      if (!std::isnormal(expected)) continue;
      CHECK(go_pow(x, y) / expected == doctest::Approx(1).epsilon(1e-12));
    }
  }
  for (double x = -1000; x < 1000; x += 7.3) {
    CHECK(go_exp2(x) / std::exp2(x) == doctest::Approx(1).epsilon(1e-14));
  }
}

TEST_CASE("logarithms and powers of what is no ordinary number") {
  CHECK(go_log(0) == -kInfinite);
  CHECK(go_log(kInfinite) == kInfinite);
  CHECK(std::isnan(go_log(-1)));
  CHECK(std::isnan(go_log2(std::nan(""))));
  CHECK(go_exp2(2000) == kInfinite);
  CHECK(go_exp2(-kInfinite) == 0);
  CHECK(std::isnan(go_pow(-8, 1.5)));
  CHECK(go_pow(std::nan(""), 0) == 1);
  CHECK(go_pow(0, -1) == kInfinite);
  CHECK(go_pow(-1, 1e300) == 1);
}
