// hearthtool tsdb bench write: how fast samples of series in a file are stored.
#include <fmt/format.h>

#include <set>

#include "cmd/tool/commands.h"
#include "cmd/tool/exit_code.h"
#include "cmd/tool/interrupt.h"
#include "core/file.h"
#include "core/go_text.h"
#include "core/metrics.h"
#include "core/threads.h"
#include "rules/template_value.h"
#include "tsdb/db.h"

namespace hearth {
namespace {

constexpr DurationMs kBetweenScrapes = 30'000;
constexpr int64_t kRound = 100;  // scrapes, one after the other
constexpr size_t kShard = 1000;  // series of a target

int64_t nanos_of(const std::function<void()>& work) {
  const int64_t start = system_clock().monotonic_nanos();
  work();
  return system_clock().monotonic_nanos() - start;
}

int64_t stage(const char* name, const std::function<void()>& work) {
  fmt::print(">> start stage={}\n", name);
  std::fflush(stdout);
  const int64_t took = nanos_of(work);
  fmt::print(">> completed stage={} duration={}\n", name, rules::go_duration_text({took}));
  return took;
}

// {"__name__":"a","b":"c"}: one set of labels on each line, of which each counts once.
std::vector<Labels> read_series(const std::string& path, size_t limit) {
  if (!path_exists(path)) {
    throw Error(ErrorKind::kIo, "open " + path + ": no such file or directory");
  }
  std::set<Labels> known;
  std::vector<Labels> out;
  const std::string text = read_file(path);
  size_t number = 0;
  for (std::string_view rest = text; !rest.empty() && out.size() < limit;) {
    std::string line(rest.substr(0, rest.find('\n')));
    rest.remove_prefix(std::min(rest.size(), line.size() + 1));
    ++number;
    std::erase_if(line, [](char c) { return c == '{' || c == '}' || c == '"' || c == '\r'; });
    LabelsBuilder labels;
    for (std::string_view pairs = line; !pairs.empty();) {
      const std::string_view pair = pairs.substr(0, pairs.find(','));
      pairs.remove_prefix(std::min(pairs.size(), pair.size() + 1));
      const size_t colon = pair.find(':');
      if (colon == std::string_view::npos) {
        throw Error(ErrorKind::kBadData, fmt::format("{}:{}: {} is no label and its value", path,
                                                     number, go_quote(pair)));
      }
      const std::string_view value = pair.substr(colon + 1);
      labels.set(pair.substr(0, colon), value.substr(0, value.find(':')));
    }
    if (known.insert(labels.build()).second) out.push_back(labels.build());
  }
  return out;
}

// A target that is scraped. One thread at a time.
class Shard {
 public:
  explicit Shard(std::span<const Labels> series) : series_(series) {}

  uint64_t scrape(Appender& appender, int64_t scrapes) {
    uint64_t stored = 0;
    double value = 123'456'789;
    for (int64_t i = 0; i < scrapes; ++i) {
      refuse_when_interrupted();
      t_ += kBetweenScrapes;
      value += 1000;
      if (refs_.empty()) {
        for (const Labels& labels : series_) refs_.push_back(appender.intern(labels));
      }
      batch_.clear();
      for (const SeriesRef ref : refs_) batch_.push(ref, t_, value);
      stored += appender.append(batch_).stored;
    }
    return stored;
  }

 private:
  const std::span<const Labels> series_;
  TimeMs t_ = 0;
  std::vector<SeriesRef> refs_;
  Batch batch_;
};

uint64_t ingest(const std::vector<Labels>& series, int64_t scrapes, Appender& appender,
                Pool& pool) {
  std::vector<Shard> shards;
  for (size_t from = 0; from < series.size(); from += kShard) {
    shards.emplace_back(std::span(series).subspan(from, std::min(kShard, series.size() - from)));
  }
  std::atomic<uint64_t> total = 0;
  for (int64_t i = 0; i < scrapes; i += kRound) {
    pool.parallel_slices(shards.size(),
                         [&](size_t at) { total += shards[at].scrape(appender, kRound); });
  }
  fmt::print("ingestion completed\n");
  return total;
}

int bench_write(const CommandInput& input) {
  notice_signals();
  return exit_code_of([&] {
    const std::string out = input.text("out");
    remove_all(out + "/storage");
    make_dirs(out + "/storage");
    Registry registry;
    Pool pool(usable_cores());
    auto db = std::make_unique<tsdb::Db>(out + "/storage", tsdb::Options(), system_clock(), pool,
                                         registry);
    std::vector<Labels> series;
    stage("readData", [&] {
      series = read_series(input.argument(0, "../../tsdb/testdata/20kseries.json"),
                           static_cast<size_t>(input.count("metrics")));
    });
    uint64_t total = 0;
    const int64_t took = stage("ingestScrapes", [&] {
      total = ingest(series, input.count("scrapes"), db->appender(), pool);
    });
    fmt::print(" > total samples: {}\n > samples/sec: {}\n", total,
               float_g(static_cast<double>(total) * 1e9 / static_cast<double>(took)));
    stage("stopStorage", [&] { db.reset(); });
    return 0;
  });
}

}  // namespace

Command tsdb_bench_write_command() {
  return {"tsdb bench write",
          "Run a write performance benchmark.",
          {{.name = "out",
            .value_name = "OUT",
            .fallback = "benchout",
            .help = "Set the output path.",
            .quoted = true},
           {.name = "metrics",
            .value_name = "METRICS",
            .fallback = "10000",
            .help = "Number of metrics to read.",
            .kind = CommandFlag::Kind::kCount},
           {.name = "scrapes",
            .value_name = "SCRAPES",
            .fallback = "3000",
            .help = "Number of scrapes to simulate.",
            .kind = CommandFlag::Kind::kCount}},
          {{.name = "file",
            .help = "Input file with samples data, default is "
                    "(../../tsdb/testdata/20kseries.json).",
            .optional = true}},
          bench_write};
}

}  // namespace hearth
