// How fast results of queries become JSON: bytes of text per second of one core.
#include <benchmark/benchmark.h>

#include <cmath>
#include <cstdlib>
#include <nlohmann/json.hpp>

#include "web/json_result.h"

using namespace hearth;
using namespace hearth::promql;

namespace {

constexpr TimeMs kStart = 1'795'362'731'000;
constexpr size_t kSeries = 200, kPoints = 1000;

enum Kind { kCounters, kGauges, kRates, kMilliseconds, kHistograms };

double value_of(Kind kind, size_t series, size_t point) {
  const auto n = static_cast<double>(series * 7919 + point * 15);
  switch (kind) {
    case kCounters:
      return std::floor(n * 137);
    case kGauges:
      return std::round(1000 * (20 + 5 * std::sin(n))) / 1000;
    case kRates:
    case kMilliseconds:
    case kHistograms:
      break;
  }
  return std::sqrt(n) / 3;
}

FloatHistogram histogram_of(size_t point) {
  FloatHistogram h;
  h.schema = 3;
  h.zero_threshold = 1e-128;
  h.positive_spans = {{-8, 16}};
  for (int i = 0; i < 16; ++i) {
    h.positive_buckets.push_back(static_cast<double>(point + static_cast<size_t>(i) * 13));
    h.count += h.positive_buckets.back();
  }
  h.sum = h.count * 1.1;
  return h;
}

QueryResult result_of(Kind kind) {
  QueryResult result;
  result.type = ValueType::kMatrix;
  for (size_t s = 0; s < kSeries; ++s) {
    ResultSeries& series = result.series.emplace_back();
    series.labels = {{"__name__", "http_requests_total"},
                     {"code", "200"},
                     {"instance", "host-" + std::to_string(s) + ":9100"},
                     {"job", "node"}};
    for (size_t p = 0; p < kPoints; ++p) {
      const TimeMs t = kStart + static_cast<TimeMs>(p) * (kind == kMilliseconds ? 15'123 : 15'000);
      if (kind == kHistograms) {
        if (p % 10 == 0) series.histograms.push_back({t, histogram_of(p)});
      } else {
        series.points.push_back({t, value_of(kind, s, p)});
      }
    }
  }
  return result;
}

size_t write(web::JsonResult& json, std::string* all) {
  static std::string piece;
  size_t bytes = 0;
  for (piece.clear(); json.next(piece); piece.clear()) {
    bytes += piece.size();
    if (all != nullptr) *all += piece;
  }
  return bytes;
}

void require(bool holds, const char* what) {
  if (holds) return;
  fprintf(stderr, "json_bench: %s\n", what);
  exit(1);
}

// Read back, the text says the same numbers.
void verify(Kind kind) {
  std::string text;
  web::JsonResult json(result_of(kind), 0, false);
  write(json, &text);
  const QueryResult expected = result_of(kind);
  const auto read = nlohmann::json::parse(text);
  require(read["resultType"] == "matrix" && read["result"].size() == kSeries, "not all series");
  for (size_t s = 0; s < kSeries; ++s) {
    const auto& series = read["result"][s];
    require(series["metric"]["instance"] == "host-" + std::to_string(s) + ":9100", "other labels");
    if (kind == kHistograms) {
      require(series["histograms"].size() == kPoints / 10, "not all histograms");
      require(series["histograms"][1][1]["buckets"].size() == 16, "not all buckets");
      continue;
    }
    require(series["values"].size() == kPoints, "not all points");
    for (size_t p = 0; p < kPoints; ++p) {
      const Point& point = expected.series[s].points[p];
      const auto& got = series["values"][p];
      require(std::llround(got[0].get<double>() * 1000) == point.t, "another time");
      require(strtod(got[1].get<std::string>().c_str(), nullptr) == point.v, "another value");
    }
  }
}

void run(benchmark::State& state, Kind kind) {
  verify(kind);
  const QueryResult result = result_of(kind);
  size_t bytes = 0;
  for (auto _ : state) {
    state.PauseTiming();
    auto json = std::make_unique<web::JsonResult>(result, 0, false);
    state.ResumeTiming();
    bytes += write(*json, nullptr);
    state.PauseTiming();
    json.reset();
    state.ResumeTiming();
  }
  state.SetBytesProcessed(static_cast<int64_t>(bytes));
}

}  // namespace

BENCHMARK_CAPTURE(run, counters, kCounters);
BENCHMARK_CAPTURE(run, gauges, kGauges);
BENCHMARK_CAPTURE(run, rates, kRates);
BENCHMARK_CAPTURE(run, odd_milliseconds, kMilliseconds);
BENCHMARK_CAPTURE(run, histograms, kHistograms);
