#include "query/classic_buckets.h"

#include <doctest/doctest.h>

#include <cmath>
#include <limits>
#include <random>

using namespace hearth::promql;

namespace {

constexpr size_t kSteps = ManyQuantiles::kSteps;
constexpr double kInf = std::numeric_limits<double>::infinity();

bool same(double a, double b) { return a == b || (std::isnan(a) && std::isnan(b)); }

}  // namespace

TEST_CASE("quantiles of many steps are those of each step, or are left out") {
  std::mt19937_64 random(7);
  const auto unit = [&] { return static_cast<double>(random() % 1'000'000) / 1e6; };
  size_t found = 0, fixed = 0, left_out = 0;
  for (size_t round = 0; round < 3'000; ++round) {
    const size_t buckets = 2 + random() % 8;
    std::vector<double> bounds;
    double bound = static_cast<double>(random() % 5) - 2;
    for (size_t b = 0; b + 1 < buckets; ++b) bounds.push_back(bound += 0.1 + unit());
    bounds.push_back(kInf);
    const size_t first = random() % 3;
    std::vector<std::vector<double>> rows(buckets, std::vector<double>(first + kSteps));
    std::vector<double> q(kSteps);
    for (size_t i = 0; i < kSteps; ++i) {
      q[i] = random() % 50 == 0 ? unit() * 4 - 2 : random() % 7 == 0 ? 1 : unit();
      if (random() % 99 == 0) q[i] = std::nan("");
      double count = random() % 9 == 0 ? 0 : unit() * 1e3;
      const bool falls = random() % 4 == 0, flat = random() % 5 == 0;
      for (size_t b = 0; b < buckets; ++b) {
        rows[b][first + i] = count;
        if (!flat && random() % 3 != 0) count += unit() * 10;
        if (falls && random() % 4 == 0) count -= unit() * 15;
        if (random() % 40 == 0) count *= 1 + 1e-13;
        if (random() % 40 == 0) count = -count;
        if (random() % 300 == 0) count = kInf;
        if (random() % 300 == 0) count = 1e-310;
        if (random() % 300 == 0) rows[b][first + i] = std::nan("");
      }
    }
    std::vector<const double*> counts;
    for (const auto& row : rows) counts.push_back(row.data());
    ManyQuantiles many(bounds);
    const auto& quantiles = many.find(q.data(), counts, first);
    for (size_t i = 0; i < kSteps; ++i) {
      CAPTURE(round);
      CAPTURE(i);
      if (!quantiles[i].found) {
        ++left_out;
        continue;
      }
      ++found;
      std::vector<ClassicBucket> one;
      for (size_t b = 0; b < buckets; ++b) one.push_back({bounds[b], rows[b][first + i]});
      std::optional<Annotations::Fix> fix;
      CHECK(same(quantiles[i].value, bucket_quantile(q[i], one, fix)));
      REQUIRE(quantiles[i].fix.has_value() == fix.has_value());
      if (!fix) continue;
      ++fixed;
      CHECK(quantiles[i].fix->min_bucket == fix->min_bucket);
      CHECK(quantiles[i].fix->max_bucket == fix->max_bucket);
      CHECK(quantiles[i].fix->max_diff == fix->max_diff);
    }
  }
  CHECK(found > 30'000);
  CHECK(fixed > 3'000);
  CHECK(left_out > 1'000);
}
