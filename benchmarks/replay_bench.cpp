// Opening a head: samples replayed per second, of the wall's time and of computed time, and how long
// until samples are accepted. Verifies that all samples are there.
#include <benchmark/benchmark.h>

#include <chrono>
#include <string>

#include "benchmarks/node_series.h"
#include "core/file.h"
#include "core/log.h"
#include "tsdb/head.h"
#include "tsdb/wal_record.h"
#include "tsdb/wal_writer.h"

namespace {

using namespace hearth;
using namespace hearth::benchmarks;
using namespace hearth::tsdb;

constexpr TimeMs kStart = 1'700'000'000'000;
constexpr DurationMs kInterval = 15'000;
// The log of scrapes of targets with 2,000 series each; a third of the values stand still.
void write_log(const std::string& dir, size_t series, size_t rounds) {
  make_dirs(dir);
  const Options options;
  WalWriter writer(dir, 0, options.wal_segment_bytes);
  for (size_t round = 0; round < rounds; ++round) {
    for (size_t first = 0; first < series; first += kTargetSeries) {
      if (round == 0) {
        SeriesRecord record;
        for (size_t i = first; i < first + kTargetSeries; ++i) record.add(i + 1, node_labels(i));
        writer.add(make_wal_record(record.take(), options.wal_compression));
      }
      SamplesRecord record;
      record.reserve(kTargetSeries);
      const TimeMs t = kStart + static_cast<TimeMs>(round) * kInterval;
      for (size_t i = first; i < first + kTargetSeries; ++i) {
        record.add(i + 1, t, node_value(i, round));
      }
      writer.add(make_wal_record(record.take(), options.wal_compression));
      writer.flush();
    }
  }
  writer.close();
}

size_t count_samples(Head& head) {
  Budget budget(0);
  const auto querier = head.querier({});
  const auto set = querier->select({}, {}, budget);
  Columns columns;
  size_t samples = 0;
  for (size_t i = 0; i < set->size(); ++i) {
    set->read(i, {}, columns);
    samples += columns.t.size();
  }
  return samples;
}

void replay(benchmark::State& state) {
  const auto series = static_cast<size_t>(state.range(0));
  const auto rounds = static_cast<size_t>(state.range(1));
  const double samples = static_cast<double>(series * rounds);
  TempDir dir;
  write_log(dir.path() + "/wal", series, rounds);
  Pool pool(usable_cores());
  double wall = 0;
  double computed = 0;
  for (auto _ : state) {
    Registry registry;
    const auto start = std::chrono::steady_clock::now();
    const CpuTimer timer;
    Head head(dir.path(), Options(), kMinTime, system_clock(), pool, registry);
    wall += std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
    computed += timer.nanoseconds() * 1e-9;
    state.PauseTiming();
    if (count_samples(head) != series * rounds) return state.SkipWithError("wrong samples");
    state.ResumeTiming();
  }
  const auto runs = static_cast<double>(state.iterations());
  state.counters["log_MB"] = static_cast<double>(dir_bytes(dir.path() + "/wal")) / 1e6;
  state.counters["wall_s"] = wall / runs;
  state.counters["cpu_s"] = computed / runs;
  state.counters["samples/s"] = samples * runs / wall;
  state.counters["samples/s/core"] = samples * runs / computed;
}
BENCHMARK(replay)
    ->ArgNames({"series", "samples"})
    ->Args({200'000, 120})
    ->Iterations(1)
    ->Unit(benchmark::kSecond);
// Two hours at 15 s of a million series: the log has some gigabytes.
BENCHMARK(replay)
    ->ArgNames({"series", "samples"})
    ->Args({1'000'000, 480})
    ->Iterations(1)
    ->Unit(benchmark::kSecond);

}  // namespace
