// The write-ahead log alone: nanoseconds and bytes per sample from the batch to the file, for
// batches of a scrape. Each verifies once that what it wrote can be read.
#include <benchmark/benchmark.h>
#include <time.h>

#include <stdexcept>

#include "core/file.h"
#include "tsdb/wal.h"
#include "tsdb/wal_reader.h"
#include "tsdb/wal_record.h"

namespace {

using namespace hearth;
using namespace hearth::tsdb;

constexpr TimeMs kStart = 1'700'000'000'000;

double cpu_nanoseconds() {
  timespec t{};
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
  return static_cast<double>(t.tv_sec) * 1e9 + static_cast<double>(t.tv_nsec);
}

// As benchmarks/tsdb_bench.cpp: a third of the values stand still, the others are counters.
std::string encode(size_t first, size_t count, size_t round) {
  SamplesRecord record;
  record.reserve(count);
  const TimeMs t = kStart + static_cast<TimeMs>(round) * 15'000;
  for (size_t i = first; i < first + count; ++i) {
    record.add(i + 1, t,
               i % 3 == 0 ? static_cast<double>(i)
                          : static_cast<double>(i * 1000 + round * (i % 97 + 1)));
  }
  return record.take();
}

void verify(const std::string& dir, size_t wanted) {
  size_t samples = 0;
  for (const uint32_t segment : wal_segments(dir)) {
    const std::string bytes = read_file(wal_segment_path(dir, segment));
    WalReader reader(bytes);
    while (reader.next() == WalReader::Outcome::kRecord)
      read_samples(reader.record(), [&](uint64_t, TimeMs, double) { ++samples; });
  }
  if (samples != wanted) throw std::runtime_error("samples are missing");
}

// Arguments: compression, samples per batch.
void wal_append(benchmark::State& state) {
  constexpr size_t kSeries = 100'000;
  const auto compression = static_cast<WalCompression>(state.range(0));
  const auto batch = static_cast<size_t>(state.range(1));
  const TempDir dir;
  Registry registry;
  Wal wal(dir.path(), 0, 128u << 20, registry);
  size_t next = 0, round = 0, samples = 0, bytes = 0;
  const auto one = [&] {
    const std::array<WalRecord, 1> records{make_wal_record(encode(next, batch, round), compression)};
    bytes += records[0].bytes.size();
    wal.append(records);
    samples += batch;
    next += batch;
    if (next >= kSeries) next = 0, ++round;
  };
  one();
  verify(dir.path(), batch);
  double nanoseconds = 0;
  for (auto _ : state) {
    const double start = cpu_nanoseconds();
    one();
    nanoseconds += cpu_nanoseconds() - start;
    if (wal.segment() > 4) {  // does not fill the disk
      state.PauseTiming();
      wal.next_segment();
      wal.truncate(wal.segment());
      state.ResumeTiming();
    }
  }
  state.counters["ns/sample"] = nanoseconds / static_cast<double>(samples - batch);
  state.counters["bytes/sample"] = static_cast<double>(bytes) / static_cast<double>(samples);
}
BENCHMARK(wal_append)
    ->ArgNames({"compression", "batch"})
    ->Args({0, 1000})
    ->Args({1, 1000})
    ->Args({2, 1000})
    ->Args({1, 5000})
    ->Args({1, 20});

// The parts, without a file.
void wal_encode(benchmark::State& state) {
  for (auto _ : state) benchmark::DoNotOptimize(encode(5000, 1000, 7));
  state.counters["ns/sample"] = benchmark::Counter(
      1e-9 * 1000 * static_cast<double>(state.iterations()),
      benchmark::Counter::kIsRate | benchmark::Counter::kInvert);
}
BENCHMARK(wal_encode);

void wal_compress(benchmark::State& state) {
  const std::string raw = encode(5000, 1000, 7);
  for (auto _ : state)
    benchmark::DoNotOptimize(make_wal_record(raw, static_cast<WalCompression>(state.range(0))));
  state.counters["ns/sample"] = benchmark::Counter(
      1e-9 * 1000 * static_cast<double>(state.iterations()),
      benchmark::Counter::kIsRate | benchmark::Counter::kInvert);
}
BENCHMARK(wal_compress)->ArgName("compression")->Arg(1)->Arg(2);

}  // namespace

