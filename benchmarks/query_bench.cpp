// The parts of a query: nanoseconds per expression parsed, per sample decoded (sixteen chunks in
// step) or looked through for resets, per window of a rate, per value added to a sum. Each verifies
// its result once before it is timed.
#include <benchmark/benchmark.h>

#include <bit>
#include <cmath>
#include <random>
#include <string>
#include <vector>

#include "query/parser.h"
#include "query/print.h"
#include "query/scan.h"
#include "query/sum_cell.h"
#include "tests/query/engine_fixture.h"
#include "tsdb/chunk_xor.h"
#include "tsdb/chunk_xor_run.h"

namespace {

using namespace hearth;
using namespace hearth::promql;

constexpr DurationMs kInterval = 15'000;

// The time that each of the things takes that an iteration does.
benchmark::Counter time_of_each(size_t things) {
  return {static_cast<double>(things),
          benchmark::Counter::kIsIterationInvariantRate | benchmark::Counter::kInvert};
}

// A counter of hundredths, as node_exporter's; `shaken` by a millisecond or two.
std::vector<tsdb::XorEncoder> make_chunks(size_t count, bool shaken, Columns& all) {
  std::mt19937_64 random(1);
  std::vector<tsdb::XorEncoder> chunks(count);
  TimeMs t = 1'700'000'000'000;
  double value = 1e7;
  for (tsdb::XorEncoder& chunk : chunks) {
    for (int i = 0; i < 120; ++i) {
      t += kInterval + (shaken ? static_cast<TimeMs>(random() % 3) : 0);
      if (random() % 4 != 0) value += static_cast<double>(random() % 41);
      chunk.append(t, value / 100);
      all.t.push_back(t);
      all.v.push_back(value / 100);
    }
  }
  return chunks;
}

void decode_together(benchmark::State& state) {
  if (!tsdb::has_xor_run()) {
    state.SkipWithError("this processor has no AVX-512");
    return;
  }
  Columns expected, got;
  const auto chunks = make_chunks(96, state.range(0) != 0, expected);
  std::vector<std::string> padded;
  for (const auto& chunk : chunks)
    padded.push_back(std::string(chunk.bytes()) + std::string(tsdb::kXorRoom, '\0'));
  got.t.resize(expected.t.size());
  got.v.resize(expected.v.size());
  const auto decode = [&] {
    std::vector<tsdb::XorJob> jobs;
    for (size_t c = 0; c < padded.size(); ++c) {
      const std::string_view bytes = padded[c];
      jobs.push_back({bytes.substr(0, bytes.size() - tsdb::kXorRoom), tsdb::kXorRoom, 120,
                      got.t.data() + c * 120, got.v.data() + c * 120});
    }
    tsdb::decode_xor_jobs(jobs);
  };
  decode();
  if (got.t != expected.t || got.v != expected.v) state.SkipWithError("decoded otherwise");
  for (auto _ : state) decode();
  state.counters["each_sample"] = time_of_each(expected.t.size());
}
BENCHMARK(decode_together)->ArgName("shaken")->Arg(0)->Arg(1);

void parse(benchmark::State& state) {
  const std::string text =
      "histogram_quantile(0.99, sum by (le, job) "
      "(rate(http_request_duration_seconds_bucket{job=~\"a|b\"}[5m]))) > 0.5";
  if (print(*parse_expr(text, {})) != text) state.SkipWithError("printed otherwise");
  for (auto _ : state) benchmark::DoNotOptimize(parse_expr(text, {}));
}
BENCHMARK(parse);

void add_to_sums(benchmark::State& state) {
  constexpr size_t kSteps = 1440;
  std::vector<SumCell> cells(kSteps);
  std::vector<double> row(kSteps);
  for (size_t i = 0; i < kSteps; ++i) row[i] = i % 50 == 0 ? absent() : static_cast<double>(i) / 7;
  add_row(cells.data(), row.data(), kSteps);
  add_row(cells.data(), row.data(), kSteps);
  for (size_t i = 0; i < kSteps; ++i) {
    const double expected = is_absent(row[i]) ? absent() : 2 * row[i];
    if (std::bit_cast<uint64_t>(cells[i].result()) != std::bit_cast<uint64_t>(expected)) {
      state.SkipWithError("added otherwise");
    }
  }
  for (auto _ : state) add_row(cells.data(), row.data(), kSteps);
  state.counters["each_value"] = time_of_each(kSteps);
}
BENCHMARK(add_to_sums);

void find_resets(benchmark::State& state) {
  std::vector<double> values(5760);
  for (size_t i = 0; i < values.size(); ++i) values[i] = static_cast<double>(i % 5000);
  std::vector<uint32_t> at;
  find_falls(values.data(), values.size(), at);
  if (at != std::vector<uint32_t>{5000}) state.SkipWithError("found otherwise");
  for (auto _ : state) {
    at.clear();
    find_falls(values.data(), values.size(), at);
  }
  state.counters["each_sample"] = time_of_each(values.size());
}
BENCHMARK(find_resets);

// Of series that have their samples at the same times, a day of them.
void rate_windows(benchmark::State& state) {
  constexpr size_t kSeries = 64, kSamples = 5760;
  EngineFixture fixture;
  std::vector<double> values(kSamples);
  for (size_t i = 0; i < kSamples; ++i) values[i] = 1e6 + 15.0 * static_cast<double>(i);
  for (size_t i = 0; i < kSeries; ++i) {
    fixture.load(Labels{{"__name__", "m_total"}, {"i", std::to_string(i)}}, values, kInterval);
  }
  Engine engine(fixture.options, fixture.storage, nullptr, fixture.registry);
  const QueryRequest request =
      EngineFixture::range("sum(rate(m_total[5m]))", 300'000, 86'385'000, 60'000);
  const QueryResult result = engine.run(request);
  const std::vector<Point>& points = result.series.at(0).points;
  for (const Point& point : points) {
    if (std::fabs(point.v - kSeries) > 1e-9) state.SkipWithError("another rate");
  }
  for (auto _ : state) benchmark::DoNotOptimize(engine.run(request));
  state.counters["each_window"] = time_of_each(kSeries * points.size());
}
BENCHMARK(rate_windows)->Unit(benchmark::kMillisecond);

}  // namespace
