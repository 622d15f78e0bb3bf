#include <doctest/doctest.h>

#include <cmath>
#include <functional>
#include <map>

#include "query/kahan.h"
#include "tests/query/engine_fixture.h"

using namespace hearth;
using namespace hearth::promql;

namespace {

using Values = std::vector<double>;

// Irregular times; counters with resets, or gauges with NaN and infinities; holes and stale
// markers.
Columns random_series(TestNumbers& numbers, bool counter) {
  Columns columns;
  double value = 0;
  for (TimeMs t = 0; t < 3'600'000; t += 10'000 + static_cast<TimeMs>(numbers.below(12'000))) {
    if (numbers.below(20) == 0) t += 400'000;
    value += static_cast<double>(numbers.below(50)) / 4;
    if (numbers.below(30) == 0) value = numbers.unit();
    double v = counter
                   ? value
                   : (numbers.unit() - 0.5) * std::pow(10, static_cast<double>(numbers.below(12)));
    if (!counter) {
      const size_t odd = numbers.below(40);
      if (odd == 0) v = std::nan("");
      if (odd == 1) v = INFINITY;
      if (odd == 2) v = -INFINITY;
    }
    columns.t.push_back(t);
    columns.v.push_back(numbers.below(25) == 0 ? stale_marker() : v);
  }
  return columns;
}

struct Window {
  std::vector<TimeMs> t;
  Values v;
  TimeMs start, end;
};

Window window_of(const Columns& columns, TimeMs start, TimeMs end) {
  Window window{{}, {}, start, end};
  for (size_t i = 0; i < columns.t.size(); ++i) {
    if (columns.t[i] <= start || columns.t[i] > end || is_stale(columns.v[i])) continue;
    window.t.push_back(columns.t[i]);
    window.v.push_back(columns.v[i]);
  }
  return window;
}

// What the functions mean, sample by sample. Called for windows with samples; nullopt: no point.
using Meaning = std::function<std::optional<double>(const Window&)>;

std::optional<double> increase(const Window& w, bool counter) {
  if (w.v.size() < 2) return std::nullopt;
  double sum = w.v.back() - w.v.front();
  for (size_t i = 1; counter && i < w.v.size(); ++i) {
    if (w.v[i] < w.v[i - 1]) sum += w.v[i - 1];
  }
  const double sampled = static_cast<double>(w.t.back() - w.t.front()) / 1000;
  const double mean_gap = sampled / static_cast<double>(w.v.size() - 1);
  double before = static_cast<double>(w.t.front() - w.start) / 1000;
  double after = static_cast<double>(w.end - w.t.back()) / 1000;
  if (before >= mean_gap * 1.1) before = mean_gap / 2;
  if (counter && sum > 0 && w.v.front() >= 0)
    before = std::min(before, sampled * (w.v.front() / sum));
  if (after >= mean_gap * 1.1) after = mean_gap / 2;
  return sum * ((sampled + before + after) / sampled);
}

const std::map<std::string, Meaning> kMeanings = {
    {"increase", [](const Window& w) { return increase(w, true); }},
    {"delta", [](const Window& w) { return increase(w, false); }},
    {"sum_over_time",
     [](const Window& w) -> std::optional<double> {
       KahanSum sum;
       for (const double v : w.v) sum.add(v);
       return sum.total();
     }},
    {"avg_over_time",
     [](const Window& w) -> std::optional<double> {
       KahanMean mean(w.v[0]);
       for (size_t i = 1; i < w.v.size(); ++i) mean.add(w.v[i]);
       return mean.mean();
     }},
    {"count_over_time", [](const Window& w) -> std::optional<double> { return w.v.size(); }},
    {"max_over_time",
     [](const Window& w) -> std::optional<double> {
       double max = w.v[0];
       for (const double v : w.v) max = v > max || std::isnan(max) ? v : max;
       return max;
     }},
    {"min_over_time",
     [](const Window& w) -> std::optional<double> {
       double min = w.v[0];
       for (const double v : w.v) min = v < min || std::isnan(min) ? v : min;
       return min;
     }},
    {"ts_of_max_over_time",
     [](const Window& w) -> std::optional<double> {
       size_t best = 0;
       for (size_t i = 0; i < w.v.size(); ++i) {
         if (w.v[i] >= w.v[best] || std::isnan(w.v[best])) best = i;
       }
       return static_cast<double>(w.t[best]) / 1000;
     }},
    {"last_over_time", [](const Window& w) -> std::optional<double> { return w.v.back(); }},
    {"changes",
     [](const Window& w) -> std::optional<double> {
       double count = 0;
       for (size_t i = 1; i < w.v.size(); ++i) {
         count += w.v[i] != w.v[i - 1] && !(std::isnan(w.v[i]) && std::isnan(w.v[i - 1]));
       }
       return count;
     }},
    {"resets",
     [](const Window& w) -> std::optional<double> {
       double count = 0;
       for (size_t i = 1; i < w.v.size(); ++i) count += w.v[i] < w.v[i - 1];
       return count;
     }},
};

bool close(double a, double b) {
  if (std::isnan(a) || std::isnan(b)) return std::isnan(a) && std::isnan(b);
  return a == b || std::fabs(a - b) <= 1e-12 * std::max(std::fabs(a), std::fabs(b));
}

}  // namespace

TEST_CASE("sliding windows give what a look at every sample of every window gives") {
  TestNumbers numbers(42);
  for (int round = 0; round < 6; ++round) {
    EngineFixture fixture;
    fixture.options.parse.experimental_functions = true;
    Columns& columns = fixture.storage.add(Labels{{"__name__", "m_total"}});
    columns = random_series(numbers, round % 2 == 0);
    for (const auto& [name, meaning] : kMeanings) {
      for (const DurationMs range : {20'000, 61'000, 300'000, 1'800'000}) {
        const std::string query = name + "(m_total[" + std::to_string(range) + "ms])";
        const DurationMs step = 7'000 + static_cast<DurationMs>(numbers.below(30'000));
        const QueryResult result = fixture.run(EngineFixture::range(query, 1'000, 3'700'000, step));
        std::map<TimeMs, double> got;
        if (!result.series.empty()) {
          for (const Point& point : result.series[0].points) got[point.t] = point.v;
        }
        for (TimeMs t = 1'000; t <= 3'700'000; t += step) {
          const Window window = window_of(columns, t - range, t);
          const auto expected = window.v.empty() ? std::nullopt : meaning(window);
          CAPTURE(query);
          CAPTURE(t);
          REQUIRE(got.count(t) == (expected ? 1 : 0));
          if (!expected) continue;
          CAPTURE(*expected);
          CAPTURE(got[t]);
          REQUIRE(close(got[t], *expected));
        }
      }
    }
  }
}

TEST_CASE("ranges and the look-back do not hold a sample exactly at their older end") {
  EngineFixture fixture;
  fixture.load(Labels{{"__name__", "x"}}, {1, 2, 3});
  CHECK(fixture.run(EngineFixture::instant("count_over_time(x[30s])", 30'000))
            .series[0]
            .points[0]
            .v == 2);
  CHECK(fixture.run(EngineFixture::instant("x", 30'000 + 299'999)).series.size() == 1);
  CHECK(fixture.run(EngineFixture::instant("x", 30'000 + 300'000)).series.empty());
}

TEST_CASE("a stale marker ends a series at once, and is no sample of a range") {
  EngineFixture fixture;
  fixture.load(Labels{{"__name__", "x"}}, {1, 2, stale_marker()});
  CHECK(fixture.run(EngineFixture::instant("x", 20'000)).series.size() == 1);
  CHECK(fixture.run(EngineFixture::instant("x", 31'000)).series.empty());
  CHECK(
      fixture.run(EngineFixture::instant("count_over_time(x[1m])", 31'000)).series[0].points[0].v ==
      2);
}

TEST_CASE("a NaN that is no stale marker stays a value") {
  EngineFixture fixture;
  fixture.load(Labels{{"__name__", "x"}}, {std::nan("")});
  for (const char* query : {"x", "-x", "abs(x)", "x + 1", "sum(x)", "max_over_time(x[1m])"}) {
    CAPTURE(query);
    const QueryResult result = fixture.run(EngineFixture::instant(query, 1'000));
    REQUIRE(result.series.size() == 1);
    CHECK(std::isnan(result.series[0].points[0].v));
  }
}
