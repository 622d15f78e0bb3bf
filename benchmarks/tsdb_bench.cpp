// The storage head: nanoseconds per sample appended (log included), decoded and replayed, and bytes
// of memory per active series. Each verifies its result once before it is timed.
#include <benchmark/benchmark.h>

#include <random>
#include <string>

#include "benchmarks/node_series.h"
#include "core/file.h"
#include "core/log.h"
#include "tsdb/chunk_xor.h"
#include "tsdb/head.h"

namespace {

using namespace hearth;
using namespace hearth::benchmarks;
using namespace hearth::tsdb;

constexpr TimeMs kStart = 1'700'000'000'000;
constexpr DurationMs kInterval = 15'000;

// A head in a directory of its own, with some series.
struct HeadUnderTest {
  explicit HeadUnderTest(size_t series) {
    set_log_level(LogLevel::kError);
    open();
    for (size_t i = 0; i < series; ++i) refs.push_back(head->appender().intern(node_labels(i)));
  }
  void open() {
    head.reset();
    registry = std::make_unique<Registry>();
    head = std::make_unique<Head>(dir.path(), Options(), kMinTime, system_clock(), pool, *registry);
  }
  // One scrape of a target: a sample for each of `count` series; a third of the values stand still.
  void scrape(size_t first, size_t count, size_t round) {
    prepare(first, count, round);
    store();
  }
  void prepare(size_t first, size_t count, size_t round) {
    batch.clear();
    const TimeMs t = kStart + static_cast<TimeMs>(round) * kInterval;
    for (size_t i = first; i < first + count; ++i) {
      batch.push(refs[i], t, node_value(i, round));
    }
  }
  void store() {
    if (head->appender().append(batch).stored != batch.size()) {
      throw std::runtime_error("not all stored");
    }
  }
  size_t samples() const {
    Budget budget(0);
    const auto querier = head->querier({});
    const auto set = querier->select({}, {}, budget);
    Columns columns;
    size_t samples = 0;
    for (size_t i = 0; i < set->size(); ++i) {
      set->read(i, {}, columns);
      samples += columns.t.size();
    }
    return samples;
  }

  TempDir dir;
  Pool pool{1};
  std::unique_ptr<Registry> registry;
  std::unique_ptr<Head> head;
  std::vector<SeriesRef> refs;
  Batch batch;
};

// First, while the process is small: resident memory of 200,000 series with 60 samples each: half
// an open chunk.
void series_memory(benchmark::State& state) {
  constexpr size_t kSeries = 200'000;
  const auto rounds = static_cast<size_t>(state.range(0));
  for (auto _ : state) {
    const size_t before = resident_bytes();
    HeadUnderTest test(kSeries);
    for (size_t round = 0; round < rounds; ++round) {
      for (size_t i = 0; i < kSeries; i += 2000) test.scrape(i, 2000, round);
    }
    const size_t after = resident_bytes();
    if (test.samples() != kSeries * rounds) return state.SkipWithError("wrong samples");
    state.counters["bytes/series"] = static_cast<double>(after - before) / kSeries;
  }
}
// Half an open chunk; and two hours at 15 s, the most the head holds before a block is due.
BENCHMARK(series_memory)->ArgName("samples")->Arg(60)->Arg(480)->Iterations(1)->Unit(benchmark::kSecond);

// Batches of 1,000 of 100,000 series, so that a series is cold when its turn comes.
void append(benchmark::State& state) {
  constexpr size_t kSeries = 100'000;
  constexpr size_t kBatch = 1000;
  HeadUnderTest test(kSeries);
  for (size_t i = 0; i < kSeries; i += kBatch) test.scrape(i, kBatch, 0);
  if (test.samples() != kSeries) return state.SkipWithError("wrong samples");
  size_t round = 1;
  size_t next = 0;
  double nanoseconds = 0;
  for (auto _ : state) {
    test.prepare(next, kBatch, round);
    const CpuTimer timer;
    test.store();
    nanoseconds += timer.nanoseconds();
    next += kBatch;
    if (next == kSeries) {
      next = 0;
      ++round;
    }
  }
  state.counters["ns/sample"] = nanoseconds / static_cast<double>(state.iterations()) / kBatch;
}
BENCHMARK(append)->Iterations(6000)->Unit(benchmark::kMicrosecond);

void decode(benchmark::State& state) {
  std::mt19937_64 random(1);
  XorEncoder encoder;
  std::vector<double> values;
  double v = 0;
  for (int i = 0; i < 120; ++i) {
    switch (state.range(0)) {
      case 0:
        break;  // constant
      case 1:
        v += static_cast<double>(random() % 1000);
        break;  // counter
      default:
        v = static_cast<double>(random() % 100'000) / 1000;
        break;  // gauge with decimals
    }
    encoder.append(kStart + i * kInterval, v);
    values.push_back(v);
  }
  Columns columns;
  decode_xor(encoder.bytes(), columns);
  if (columns.v != values) return state.SkipWithError("wrong values");
  const CpuTimer timer;
  for (auto _ : state) {
    columns.clear();
    decode_xor(encoder.bytes(), columns);
    benchmark::DoNotOptimize(columns.v.data());
  }
  state.counters["ns/sample"] = timer.nanoseconds() / static_cast<double>(state.iterations()) / 120;
  state.counters["bytes/sample"] = static_cast<double>(encoder.bytes().size()) / 120;
}
BENCHMARK(decode)->ArgName("constant0_counter1_gauge2")->Arg(0)->Arg(1)->Arg(2);

void replay(benchmark::State& state) {
  constexpr size_t kSeries = 20'000;
  constexpr size_t kRounds = 240;
  HeadUnderTest test(kSeries);
  for (size_t round = 0; round < kRounds; ++round) {
    for (size_t i = 0; i < kSeries; i += 1000) test.scrape(i, 1000, round);
  }
  test.open();
  if (test.samples() != kSeries * kRounds) return state.SkipWithError("wrong samples");
  for (auto _ : state) test.open();
  state.counters["samples/s"] = benchmark::Counter(
      static_cast<double>(state.iterations()) * kSeries * kRounds, benchmark::Counter::kIsRate);
}
BENCHMARK(replay)->Unit(benchmark::kMillisecond)->Iterations(3);

}  // namespace
