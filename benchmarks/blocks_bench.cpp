// Blocks: finding series in an index, and writing one block out of three.
#include <benchmark/benchmark.h>
#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <thread>

#include "core/file.h"
#include "core/threads.h"
#include "tsdb/block.h"
#include "tsdb/chunk_builder.h"
#include "tsdb/compact.h"
#include "tsdb/index_writer.h"
#include "tsdb/select.h"

namespace hearth::tsdb {
namespace {

void require(bool right, const char* what) {
  if (right) return;
  std::fprintf(stderr, "wrong result: %s\n", what);
  std::exit(1);
}

// 1,000,000 series with 6 labels, 100,000 values of "instance".
struct LargeIndex {
  TempDir dir;
  std::unique_ptr<IndexReader> reader;

  LargeIndex() {
    IndexWriter writer(dir.path() + "/index");
    const std::vector<ChunkMeta> chunks{{8, 0, 7'199'999}};
    for (int instance = 0; instance < 100'000; ++instance) {
      for (int cpu = 0; cpu < 10; ++cpu) {
        writer.add_series(Labels{{"__name__", "node_cpu_seconds_total"},
                                 {"a_instance", fmt::format("host-{:06}:9100", instance)},
                                 {"cpu", fmt::format("{}", cpu)},
                                 {"job", "node"},
                                 {"mode", "idle"},
                                 {"region", "eu-central-1"}},
                          chunks);
      }
    }
    writer.finish();
    reader = std::make_unique<IndexReader>(dir.path() + "/index");
  }
};

const IndexReader& large_index() {
  static const LargeIndex index;
  return *index.reader;
}

void one_series_of_a_million(benchmark::State& state) {
  const IndexReader& index = large_index();
  int instance = 0;
  const auto find = [&] {
    const std::vector<Matcher> matchers{
        {MatchType::kEqual, "__name__", "node_cpu_seconds_total"},
        {MatchType::kEqual, "a_instance", fmt::format("host-{:06}:9100", instance)},
        {MatchType::kEqual, "cpu", "7"}};
    const Postings refs = select_series(index, matchers);
    NeighbourLabels labels;
    std::vector<ChunkMeta> chunks;
    for (const uint32_t ref : refs) index.series(ref, labels, chunks);
    return refs.size();
  };
  require(find() == 1, "one series");
  for (auto _ : state) {
    instance = (instance + 7919) % 100'000;
    benchmark::DoNotOptimize(find());
  }
}
BENCHMARK(one_series_of_a_million)->Unit(benchmark::kMicrosecond);

void regex_over_100000_values(benchmark::State& state) {
  const IndexReader& index = large_index();
  const std::vector<Matcher> matchers{{MatchType::kRegex, "a_instance", ".*-0.*7:91.+"},
                                      {MatchType::kEqual, "cpu", "7"}};
  require(select_series(index, matchers).size() == 10'000, "a tenth of the instances");
  for (auto _ : state) benchmark::DoNotOptimize(select_series(index, matchers));
}
BENCHMARK(regex_over_100000_values)->Unit(benchmark::kMillisecond);

// Series with chunks of 120 samples: a counter, a gauge, a constant and a random walk.
class MadeSeries final : public SeriesChunks {
 public:
  MadeSeries(int series, TimeMs from, TimeMs to, DurationMs interval)
      : series_(series), from_(from), to_(to), interval_(interval) {}
  bool next() override {
    if (++at_ >= series_) return false;
    labels_ = Labels{{"__name__", "metric"}, {"id", fmt::format("{:07}", at_)}, {"job", "bench"}};
    Columns columns;
    uint64_t random = static_cast<uint64_t>(at_) + 1;
    double walk = 0;
    for (TimeMs t = from_; t < to_; t += interval_) {
      random = random * 6364136223846793005 + 1442695040888963407;
      walk += static_cast<double>(random >> 54) - 512;
      const double step = static_cast<double>(t / 15'000 % 1'000'000);
      columns.t.push_back(t);
      columns.v.push_back(at_ % 4 == 0   ? step * 7
                          : at_ % 4 == 1 ? std::floor(walk)
                          : at_ % 4 == 2 ? 1
                                         : step * 0.1 + walk);
    }
    chunks_.clear();
    builder_.clear();
    builder_.build(columns, chunks_);
    return true;
  }
  LabelsView labels() const override { return labels_; }
  std::span<const ChunkView> chunks() const override { return chunks_; }

 private:
  const int series_;
  const TimeMs from_, to_;
  const DurationMs interval_;
  int at_ = -1;
  Labels labels_;
  ChunkBuilder builder_;
  std::vector<ChunkView> chunks_;
};

constexpr DurationMs kSpan = 7'200'000;

// Three blocks of two hours, one after the other.
struct ThreeBlocks {
  TempDir dir;
  std::vector<std::shared_ptr<const Block>> sources;
  uint64_t samples = 0;
  uint64_t bytes = 0;

  explicit ThreeBlocks(int count, DurationMs interval = 15'000) {
    for (int i = 0; i < 3; ++i) {
      BlockMeta meta;
      meta.ulid = make_ulid(i);
      meta.min_time = i * kSpan;
      meta.max_time = (i + 1) * kSpan;
      MadeSeries series(count, meta.min_time, meta.max_time, interval);
      write_block(dir.path(), series, meta);
      sources.push_back(std::make_shared<const Block>(merged(meta.ulid)));
      samples += sources.back()->meta().stats.samples;
      bytes += sources.back()->bytes();
    }
  }
  std::string merged(const Ulid& ulid) const { return dir.path() + "/" + ulid.text(); }
};

// Argument: samples of a joined chunk; 0 = chunks are copied.
void merge_three_blocks(benchmark::State& state) {
  const ThreeBlocks blocks(50'000);
  uint64_t merged_bytes = 0;
  for (auto _ : state) {
    const Ulid ulid = make_ulid(100);
    merge_blocks(blocks.dir.path(), blocks.sources, ulid,
                 {kChunkSegmentBytes, static_cast<size_t>(state.range(0))});
    state.PauseTiming();
    const Block merged(blocks.merged(ulid));
    require(merged.meta().stats.samples == blocks.samples, "all samples are in the merged block");
    merged_bytes = merged.bytes();
    remove_all(merged.dir());
    state.ResumeTiming();
  }
  const auto rounds = static_cast<double>(state.iterations());
  const auto samples = static_cast<double>(blocks.samples);
  state.counters["MB/s"] = benchmark::Counter(static_cast<double>(blocks.bytes) / 1e6 * rounds,
                                              benchmark::Counter::kIsRate);
  state.counters["samples/s"] = benchmark::Counter(samples * rounds, benchmark::Counter::kIsRate);
  state.counters["bytes/sample_before"] = static_cast<double>(blocks.bytes) / samples;
  state.counters["bytes/sample"] = static_cast<double>(merged_bytes) / samples;
}
BENCHMARK(merge_three_blocks)->Arg(0)->Arg(480)->Unit(benchmark::kMillisecond);

// MB of this process' own memory; of mapped files nothing counts, they can be dropped.
double own_memory() {
  const std::string text = read_file("/proc/self/status");
  const size_t at = text.find("RssAnon:");
  return at == std::string::npos ? 0 : std::atof(text.c_str() + at + 8) / 1e3;
}

double seconds_since(std::chrono::steady_clock::time_point start) {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

double p99_ms(std::vector<double> seconds) {
  std::sort(seconds.begin(), seconds.end());
  return seconds.empty() ? 0 : seconds[seconds.size() * 99 / 100] * 1e3;
}

// Queries of ten series over six hours, alone and then while the blocks they read are merged.
// Arguments: series in a block, seconds between their samples.
void queries_beside_a_merge(benchmark::State& state) {
  const DurationMs interval = state.range(1) * 1000;
  const ThreeBlocks blocks(static_cast<int>(state.range(0)), interval);
  const auto expected = static_cast<size_t>(3 * 10 * (kSpan / interval));
  const int64_t tens = state.range(0) / 10;
  const auto query = [&](int n) {
    const auto start = std::chrono::steady_clock::now();
    Budget budget(0);
    size_t samples = 0;
    const std::vector<Matcher> matchers{
        {MatchType::kEqual, "__name__", "metric"},
        {MatchType::kRegex, "id", fmt::format("{:06}.", int64_t{n} * 7919 % tens)}};
    for (const auto& block : blocks.sources) {
      const auto querier = block_querier(block, {});
      const auto set = querier->select(matchers, {}, budget);
      Columns columns;
      for (size_t i = 0; i < set->size(); ++i) {
        set->read(i, {}, columns);
        samples += columns.t.size();
      }
    }
    require(samples == expected, "ten series");
    return seconds_since(start);
  };
  for (auto _ : state) {
    std::vector<double> alone;
    for (int n = 0; n < 5000; ++n) alone.push_back(query(n));
    std::vector<double> beside(size_t{1} << 20);  // the newest; all there from the beginning
    size_t asked = 0;
    const double before = own_memory();
    double most = before;
    std::atomic<bool> done{false};
    double seconds = 0;
    std::thread merging([&] {
      const auto start = std::chrono::steady_clock::now();
      run_in_background("merge", [&] {
        merge_blocks(blocks.dir.path(), blocks.sources, make_ulid(100), {kChunkSegmentBytes, 480});
      });
      seconds = seconds_since(start);
      done = true;
    });
    for (int n = 0; !done; ++n) {
      beside[asked++ % beside.size()] = query(n);
      if (n % 20 == 0) most = std::max(most, own_memory());
    }
    merging.join();
    beside.resize(std::min(asked, beside.size()));
    state.counters["p99_alone_ms"] = p99_ms(alone);
    state.counters["p99_beside_ms"] = p99_ms(beside);
    state.counters["merge_MB/s"] = static_cast<double>(blocks.bytes) / 1e6 / seconds;
    state.counters["extra_MB"] = most - before;
    state.counters["blocks_MB"] = static_cast<double>(blocks.bytes) / 1e6;
  }
}
BENCHMARK(queries_beside_a_merge)
    ->ArgNames({"series", "seconds"})
    ->Args({100'000, 15})
    ->Args({1'000'000, 60})
    ->Iterations(1)
    ->Unit(benchmark::kSecond);

}  // namespace
}  // namespace hearth::tsdb
