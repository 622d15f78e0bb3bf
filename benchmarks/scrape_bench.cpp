// ns per scraped line: a real exposition through parser, line cache and relabelling into a Batch.
#include <benchmark/benchmark.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <random>
#include <string>
#include <vector>

#include "core/file.h"
#include "core/go_text.h"
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

  ReadCounts read(const Body& body, ExpositionFormat format = ExpositionFormat::kText) {
    batch.clear();
    stale.clear();
    ReadCounts counts;
    time += 15'000;
    const ReadTask task{body,     format, time,     time + 600'000, target.view(), config,
                        appender, lines,  metadata, source,         {},            histogram_options(config)};
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

// The same samples in each format: counters with five labels, classic histograms, gauges.
struct Formats {
  Body text, open_metrics, protobuf;
};

std::string varint(uint64_t number) {
  std::string out;
  for (; number > 0x7f; number >>= 7) out.push_back(static_cast<char>(number | 0x80));
  out.push_back(static_cast<char>(number));
  return out;
}
std::string bytes_field(unsigned field, const std::string& value) {
  return varint(field << 3 | 2) + varint(value.size()) + value;
}
std::string number_field(unsigned field, uint64_t value) { return varint(field << 3) + varint(value); }
std::string double_field(unsigned field, double value) {
  std::string bytes(sizeof value, '\0');
  std::memcpy(bytes.data(), &value, sizeof value);
  return varint(field << 3 | 1) + bytes;
}

const Formats& formats() {
  static const Formats all = [] {
    constexpr int kFamilies = 40, kSeries = 40, kBuckets = 10;
    std::string text, open_metrics, protobuf;
    const auto label = [](const std::string& name, const std::string& value) {
      return bytes_field(1, bytes_field(1, name) + bytes_field(2, value));
    };
    for (int f = 0; f < kFamilies; ++f) {
      const std::string name = "http_server_things_" + std::to_string(f);
      const bool histogram = f % 4 == 3;
      const std::string comments = "# HELP " + name + " What the server does.\n# TYPE " + name + (histogram ? " histogram\n" : " gauge\n");
      text += comments;
      open_metrics += comments;
      std::string family = bytes_field(1, name) + bytes_field(2, "What the server does.") + number_field(3, histogram ? 4 : 1);
      for (int s = 0; s < (histogram ? kSeries / kBuckets : kSeries); ++s) {
        const std::string code = std::to_string(200 + s), labels = "code=\"" + code + "\",handler=\"/api/v1/query_range\",method=\"get\",zone=\"eu-central-1\"";
        std::string metric = label("code", code) + label("handler", "/api/v1/query_range") + label("method", "get") + label("zone", "eu-central-1");
        const double value = 1000.25 * (s + 1);
        if (!histogram) {
          const std::string line = name + "{" + labels + "} " + float_g(value) + "\n";
          text += line;
          open_metrics += line;
          metric += bytes_field(2, double_field(1, value));
        } else {
          std::string body = number_field(1, 900) + double_field(2, value);
          std::string lines;
          for (int b = 0; b < kBuckets; ++b) {
            lines += name + "_bucket{" + labels + ",le=\"" + float_g(b + 0.5) + "\"} " + std::to_string(90 * b) + "\n";
            body += bytes_field(3, number_field(1, static_cast<uint64_t>(90 * b)) + double_field(2, b + 0.5));
          }
          lines += name + "_bucket{" + labels + ",le=\"+Inf\"} 900\n" + name + "_sum{" + labels + "} " + float_g(value) + "\n" + name + "_count{" + labels + "} 900\n";
          text += lines;
          open_metrics += lines;
          metric += bytes_field(7, body);
        }
        family += bytes_field(4, metric);
      }
      protobuf += varint(family.size()) + family;
    }
    return Formats{Body(std::move(text)), Body(open_metrics + "# EOF\n"), Body(std::move(protobuf))};
  }();
  return all;
}

// One format: known series, or all of them new.
void format(benchmark::State& state, const Body& body, ExpositionFormat format, bool known) {
  const size_t samples = Scraped().read(formats().text).total;
  Scraped scraped;
  verify(scraped.read(body, format).total == samples && samples > 1000, "every format has the same samples");
  verify(scraped.read(body, format).series_added == 0, "the second body is all known");
  for (auto _ : state) {
    if (known) {
      benchmark::DoNotOptimize(scraped.read(body, format));
    } else {
      Scraped fresh;
      benchmark::DoNotOptimize(fresh.read(body, format));
    }
  }
  state.SetBytesProcessed(state.iterations() * static_cast<int64_t>(body.text().size()));
  report(state, samples);
}
BENCHMARK_CAPTURE(format, text, formats().text, ExpositionFormat::kText, true);
BENCHMARK_CAPTURE(format, openmetrics, formats().open_metrics, ExpositionFormat::kOpenMetrics, true);
BENCHMARK_CAPTURE(format, protobuf, formats().protobuf, ExpositionFormat::kProtobuf, true);
BENCHMARK_CAPTURE(format, text_cold, formats().text, ExpositionFormat::kText, false);
BENCHMARK_CAPTURE(format, openmetrics_cold, formats().open_metrics, ExpositionFormat::kOpenMetrics, false);
BENCHMARK_CAPTURE(format, protobuf_cold, formats().protobuf, ExpositionFormat::kProtobuf, false);

// Many targets, each with an order of its own that it keeps: what random_order is to be compared with, as here,
// too, no processor learns by heart how long the next line is.
void known_orders(benchmark::State& state) {
  constexpr unsigned kTargets = 64;
  std::vector<Body> bodies;
  std::vector<Scraped> targets(kTargets);
  for (unsigned seed = 0; seed < kTargets; ++seed) {
    bodies.push_back(shuffled(seed));
    const size_t total = targets[seed].read(bodies[seed]).total;
    const ReadCounts again = targets[seed].read(bodies[seed]);
    verify(again.total == total && again.series_added == 0, "the second body is all known");
  }
  size_t i = 0;
  for (auto _ : state) {
    benchmark::DoNotOptimize(targets[i % kTargets].read(bodies[i % kTargets]));
    ++i;
  }
  report(state, line_count(bodies[0]));
}
BENCHMARK(known_orders);

// The lines of random_order, but in one order, which is known: what order alone costs.
void one_order(benchmark::State& state) {
  const Body body = shuffled(0);
  Scraped scraped;
  const size_t total = scraped.read(body).total;
  verify(scraped.read(body).series_added == 0 && total > 100, "the second body is all known");
  for (auto _ : state) benchmark::DoNotOptimize(scraped.read(body));
  report(state, line_count(body));
}
BENCHMARK(one_order);

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
