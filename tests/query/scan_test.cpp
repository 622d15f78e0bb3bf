#include "query/scan.h"

#include <doctest/doctest.h>

#include <bit>
#include <cmath>
#include <random>

#include "query/rows.h"
#include "query/sum_cell.h"

using namespace hearth;
using namespace hearth::promql;

namespace {

using Random = std::mt19937_64;

// Values of all kinds; `absent_of` in 100 are stale markers.
std::vector<double> make_values(Random& random, size_t count, unsigned absent_of) {
  constexpr double kOdd[] = {0, -0.0, INFINITY, -INFINITY, 1e308, -1e308, 5e-324, 1e16, 1};
  std::vector<double> values(count);
  for (double& value : values) {
    value = static_cast<double>(random() % 1'000'000) / 7;
    if (random() % 200 == 0) value = kOdd[random() % std::size(kOdd)];
    if (random() % 300 == 0) value = std::nan("");
    if (random() % 100 < absent_of) value = absent();
  }
  return values;
}

bool same(double a, double b) { return a == b || (std::isnan(a) && std::isnan(b)); }

}  // namespace

TEST_CASE("markers and falls are found where they are, in rows of any length") {
  Random random(1);
  for (size_t count = 0; count < 400; ++count) {
    const std::vector<double> values = make_values(random, count, count % 5 == 0 ? 2 : 0);
    size_t first = count, absent_ones = 0;
    std::vector<uint32_t> falls{7};  // what was there stays
    for (size_t i = 0; i < count; ++i) {
      if (is_absent(values[i])) {
        first = std::min(first, i);
        ++absent_ones;
      }
      if (i > 0 && values[i] < values[i - 1]) falls.push_back(static_cast<uint32_t>(i));
    }
    CAPTURE(count);
    CHECK(find_stale(values.data(), count) == first);
    CHECK(count_absent(values.data(), count) == absent_ones);
    std::vector<uint32_t> found{7};
    find_falls(values.data(), count, found);
    CHECK(found == falls);
  }
}

TEST_CASE("values that keep to their bars are counted up to the first that does not") {
  Random random(3);
  for (size_t count = 0; count < 300; ++count) {
    std::vector<double> values(count, 1), bars(count, 1);
    for (size_t odd = random() % 3; odd > 0 && count > 0; --odd) {
      constexpr double kBars[] = {0, 2, NAN};
      bars[random() % count] = kBars[random() % std::size(kBars)];
    }
    size_t up = 0, down = 0;
    while (up < count && values[up] <= bars[up]) ++up;
    while (down < count && values[down] >= bars[down]) ++down;
    CAPTURE(count);
    CHECK(count_up_to(values.data(), bars.data(), count) == up);
    CHECK(count_down_to(values.data(), bars.data(), count) == down);
  }
}

TEST_CASE("a row is added as its values one after another") {
  Random random(2);
  for (size_t count = 1; count < 200; ++count) {
    std::vector<SumCell> together(count), singly(count);
    for (int row = 0; row < 12; ++row) {
      const std::vector<double> values = make_values(random, count, row % 3 == 0 ? 20 : 0);
      add_row(together.data(), values.data(), count);
      for (size_t i = 0; i < count; ++i) {
        if (!is_absent(values[i])) singly[i].add(values[i]);
      }
    }
    for (size_t i = 0; i < count; ++i) {
      CAPTURE(count);
      CAPTURE(i);
      REQUIRE(is_absent(together[i].sum.sum) == is_absent(singly[i].sum.sum));
      REQUIRE(same(together[i].sum.sum, singly[i].sum.sum));
      REQUIRE(same(together[i].sum.lost, singly[i].sum.lost));
    }
  }
}
