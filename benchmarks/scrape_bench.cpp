// ns per scraped line: a real exposition through parser, line cache and relabelling into a Batch.
#include <benchmark/benchmark.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <random>
#include <string>
#include <vector>

#include "core/file.h"
#include "scraper/series_reader.h"

namespace hearth {
namespace {

constexpr TimeMs kNow = 1'700'000'000'000;

// Gives refs out; stores nothing.
class Refs final : public Appender {
 public:
  SeriesRef intern(LabelsView, SeriesSource*) override { return ++last_; }
  AppendResult append(const Batch&) override { return {}; }

 private:
  SeriesRef last_ = 0;
};

// What node_exporter answers, or the exposition in ../shared; HEARTH_BENCH_BODY names another file.
const std::string& exposition() {
  static const std::string text = [] {
    const char* path = std::getenv("HEARTH_BENCH_BODY");
    return read_file(path != nullptr ? path : HEARTH_SHARED_DIR "/exposition/alltypes.237mfs.prom.txt");
  }();
  return text;
}

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines;
  for (size_t start = 0; start < text.size();) {
    const size_t end = std::min(text.find('\n', start), text.size());
    lines.push_back(text.substr(start, end - start));
    start = end + 1;
  }
  return lines;
}

// The samples of the exposition in another order for each seed.
Body shuffled(unsigned seed) {
  std::vector<std::string> lines = lines_of(exposition());
  std::erase_if(lines, [](const std::string& line) { return line.empty() || line[0] == '#'; });
  std::mt19937 random(seed);
  std::shuffle(lines.begin(), lines.end(), random);
  std::string text;
  for (const std::string& line : lines) text += line + "\n";
  return Body(std::move(text));
}

struct Scraped {
  Refs appender;
  LineCache lines;
  MetadataTable metadata;
  SeriesSource source{"benchmark"};
  ScrapeConfig config;
  const Labels target{{"instance", "localhost:9100"}, {"job", "node"}};
  Batch batch;
  std::vector<SeriesRef> stale;
  TimeMs time = kNow;

  ReadCounts read(const Body& body) {
    batch.clear();
    stale.clear();
    ReadCounts counts;
    time += 15'000;
    const ReadTask task{body,   ExpositionFormat::kText, time,  time + 600'000, target.view(),
                        config, appender,                lines, metadata,       source};
    read_series(task, batch, stale, counts);
    return counts;
  }
};

void verify(bool good, const char* what) {
  if (good) return;
  std::fprintf(stderr, "wrong result: %s\n", what);
  std::exit(1);
}

size_t line_count(const Body& body) {
  return static_cast<size_t>(std::count(body.text().begin(), body.text().end(), '\n'));
}

void report(benchmark::State& state, size_t lines) {
  state.counters["lines"] = static_cast<double>(lines);
  state.counters["per_line"] =
      benchmark::Counter(static_cast<double>(lines),
                         benchmark::Counter::kIsIterationInvariantRate | benchmark::Counter::kInvert);
}

void warm(benchmark::State& state) {
  const Body body(exposition());
  Scraped scraped;
  const ReadCounts first = scraped.read(body);
  const Batch before = scraped.batch;
  const ReadCounts again = scraped.read(body);
  verify(first.total > 100 && first.series_added == first.added, "the first body is all new");
  verify(again.total == first.total && again.series_added == 0, "the second body is all known");
  verify(scraped.batch.refs == before.refs && scraped.stale.empty(), "both give the same series");
  for (auto _ : state) benchmark::DoNotOptimize(scraped.read(body));
  report(state, line_count(body));
}
BENCHMARK(warm);

void cold(benchmark::State& state) {
  const Body body(exposition());
  Scraped check;
  verify(check.read(body).series_added > 100, "the body is all new");
  for (auto _ : state) {
    Scraped scraped;
    benchmark::DoNotOptimize(scraped.read(body));
  }
  report(state, line_count(body));
}
BENCHMARK(cold);

void random_order(benchmark::State& state) {
  std::vector<Body> bodies;
  for (unsigned seed = 0; seed < 8; ++seed) bodies.push_back(shuffled(seed));
  Scraped scraped;
  const size_t total = scraped.read(bodies[0]).total;
  for (const Body& body : bodies) {
    const ReadCounts counts = scraped.read(body);
    verify(counts.total == total && counts.series_added == 0 && scraped.stale.empty(),
           "another order has the same series");
  }
  size_t i = 0;
  for (auto _ : state) benchmark::DoNotOptimize(scraped.read(bodies[i++ % bodies.size()]));
  report(state, line_count(bodies[0]));
}
BENCHMARK(random_order);

}  // namespace
}  // namespace hearth
