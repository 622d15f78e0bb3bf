// Opening a head: samples replayed per second, of the wall's time and of computed time, and how long
// until samples are accepted. Verifies that all samples are there.
#include <benchmark/benchmark.h>
#include <time.h>

#include <string>

#include "core/file.h"
#include "core/log.h"
#include "tsdb/head.h"
#include "tsdb/wal_record.h"
#include "tsdb/wal_writer.h"

namespace {

using namespace hearth;
using namespace hearth::tsdb;

constexpr TimeMs kStart = 1'700'000'000'000;
constexpr DurationMs kInterval = 15'000;
constexpr size_t kPerTarget = 2000;

Labels node_labels(size_t i) {
  const size_t series = i % kPerTarget;
  const std::string target = std::to_string(i / kPerTarget);
  return Labels{{"__name__", "node_some_subsystem_metric_" + std::to_string(series / 50) + "_total"},
                {"cluster", "production-eu-1"},
                {"container", "node-exporter"},
                {"device", "device" + std::to_string(series % 50)},
                {"endpoint", "metrics"},
                {"instance", "10.0." + target + ".17:9100"},
                {"job", "node-exporter"},
                {"mode", "standard"},
                {"namespace", "monitoring"},
                {"node", "worker-" + target},
                {"pod", "node-exporter-" + target + "-x7k2p"},
                {"prometheus", "monitoring/k8s"}};
}

// The log of scrapes of targets with 2,000 series each; a third of the values stand still.
void write_log(const std::string& dir, size_t series, size_t rounds) {
  make_dirs(dir);
  const Options options;
  WalWriter writer(dir, 0, options.wal_segment_bytes);
  for (size_t round = 0; round < rounds; ++round) {
    for (size_t first = 0; first < series; first += kPerTarget) {
      if (round == 0) {
        SeriesRecord record;
        for (size_t i = first; i < first + kPerTarget; ++i) record.add(i + 1, node_labels(i));
        writer.add(make_wal_record(record.take(), options.wal_compression));
      }
      SamplesRecord record;
      record.reserve(kPerTarget);
      const TimeMs t = kStart + static_cast<TimeMs>(round) * kInterval;
      for (size_t i = first; i < first + kPerTarget; ++i) {
        record.add(i + 1, t,
                   i % 3 == 0 ? static_cast<double>(i)
                              : static_cast<double>(i * 1000 + round * (i % 97 + 1)));
      }
      writer.add(make_wal_record(record.take(), options.wal_compression));
      writer.flush();
    }
  }
  writer.close();
}

double seconds(clockid_t clock) {
  timespec t{};
  clock_gettime(clock, &t);
  return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_nsec) * 1e-9;
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
    const double wall_start = seconds(CLOCK_MONOTONIC);
    const double computed_start = seconds(CLOCK_PROCESS_CPUTIME_ID);
    Head head(dir.path(), Options(), kMinTime, system_clock(), pool, registry);
    wall += seconds(CLOCK_MONOTONIC) - wall_start;
    computed += seconds(CLOCK_PROCESS_CPUTIME_ID) - computed_start;
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
