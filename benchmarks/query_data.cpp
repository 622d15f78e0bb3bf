// Makes the data that benchmarks/query.py asks for: 20,000 series of 12 labels as a node_exporter
// and a web server behind it give them, one day at 15 s, written as a Hearth that ran for that day
// leaves it: merged blocks, young blocks, and the last hours in the head.
//
// Usage: query_data DIRECTORY END_SECONDS   (END_SECONDS: a multiple of 7200)
#include <fmt/format.h>

#include <cstdio>
#include <cstdlib>
#include <random>
#include <string>
#include <vector>

#include "core/threads.h"
#include "tsdb/db.h"

namespace hearth {
namespace {

constexpr size_t kHosts = 125, kCores = 8, kGauges = 15, kHandlers = 4, kBuckets = 20;
constexpr const char* kModes[] = {"idle",    "iowait", "irq",    "nice",
                                  "softirq", "steal",  "system", "user"};
constexpr DurationMs kInterval = 15'000, kDay = 24 * 3'600'000, kRound = 3'600'000;

// What one series says next. One thread.
struct Source {
  enum class Kind { kCounter, kGauge, kConstant };
  SeriesRef ref;
  DurationMs offset;
  Kind kind;
  double value, pace;  // of counters: in units, and the most by which they grow
  double units = 1;    // in 1
};

// One thread.
class Generator {
 public:
  explicit Generator(tsdb::Db& db) : db_(db) {
    for (size_t host = 0; host < kHosts; ++host) add_host(host);
  }
  size_t series() const { return sources_.size(); }

  // Appends what was scraped in [from, to).
  void append(TimeMs from, TimeMs to) {
    Batch batch;
    for (TimeMs t = from; t < to; t += kInterval) {
      for (size_t i = 0; i < sources_.size(); ++i) {
        batch.push(sources_[i].ref, t + sources_[i].offset, next(sources_[i]));
        if (batch.size() < 2'000 && i + 1 < sources_.size()) continue;
        if (db_.appender().append(batch).stored != batch.size()) {
          std::fprintf(stderr, "samples were refused\n");
          std::exit(1);
        }
        batch.clear();
      }
    }
  }

 private:
  using Pairs = std::vector<std::pair<std::string, std::string>>;

  void add(size_t host, const Pairs& own, Source::Kind kind, double value, double pace,
           double units = 1) {
    LabelsBuilder labels;
    labels.set("instance", fmt::format("node-{:03}.example.net:9100", host));
    labels.set("job", "node");
    labels.set("region", host % 2 == 0 ? "eu-central-1" : "us-east-1");
    labels.set("zone", fmt::format("{}", "abc"[host % 3]));
    labels.set("cluster", fmt::format("cluster-{}", host % 5));
    labels.set("rack", fmt::format("rack-{:02}", host % 20));
    labels.set("env", host % 4 == 0 ? "staging" : "production");
    labels.set("os", "linux");
    for (const auto& [name, label] : own) labels.set(name, label);
    sources_.push_back({db_.appender().intern(labels.build().view()),
                        static_cast<DurationMs>(host * 7919 % kInterval), kind, value, pace,
                        units});
  }

  void add_host(size_t host) {
    const auto uid = [&] { return fmt::format("u-{:05}", uids_++); };
    for (size_t core = 0; core < kCores; ++core) {
      for (const char* mode : kModes) {
        add(host,
            {{"__name__", "node_cpu_seconds_total"},
             {"cpu", std::to_string(core)},
             {"mode", mode},
             {"uid", uid()}},
            Source::Kind::kCounter, 1e7, mode[1] == 'd' ? 1400 : 40, 100);  // hundredths of seconds
      }
    }
    for (size_t gauge = 0; gauge < kGauges; ++gauge) {
      add(host,
          {{"__name__", "node_memory_bytes"},
           {"kind", fmt::format("kind-{:02}", gauge)},
           {"node", fmt::format("{}", host)},
           {"uid", uid()}},
          Source::Kind::kGauge, 1e9, 4096);
    }
    add(host,
        {{"__name__", "node_uname_info"},
         {"nodename", fmt::format("node-{:03}", host)},
         {"release", fmt::format("6.1.{}", host % 7)},
         {"uid", uid()}},
        Source::Kind::kConstant, 1, 0);
    for (size_t handler = 0; handler < kHandlers; ++handler) {
      double bound = 0.001;
      for (size_t bucket = 0; bucket < kBuckets; ++bucket, bound *= 1.7) {
        add(host,
            {{"__name__", "http_request_duration_seconds_bucket"},
             {"code", "200"},
             {"handler", fmt::format("/api/v1/handler-{}", handler)},
             {"le", bucket + 1 == kBuckets ? "+Inf" : fmt::format("{:.4g}", bound)}},
            Source::Kind::kCounter, 0, 3 * static_cast<double>(bucket + 1));
      }
    }
  }

  double next(Source& source) {
    switch (source.kind) {
      case Source::Kind::kConstant:
        break;
      case Source::Kind::kGauge:
        source.value +=
            source.pace * static_cast<double>(static_cast<int64_t>(random_() % 2001) - 1000);
        break;
      case Source::Kind::kCounter:
        if (random_() % 20'000 == 0) source.value = 0;  // somebody restarted it
        if (random_() % 4 != 0) {
          source.value += static_cast<double>(random_() % static_cast<uint64_t>(source.pace + 1));
        }
        break;
    }
    return source.value / source.units;
  }

  tsdb::Db& db_;
  std::vector<Source> sources_;
  size_t uids_ = 0;
  std::mt19937_64 random_{1};
};

int run(const std::string& dir, TimeMs end) {
  FakeClock clock(end - kDay);
  Pool pool(usable_cores());
  Registry registry;
  tsdb::Options options;
  options.snapshot_on_shutdown = false;
  options.retention.time = 0;
  options.max_block_duration = 18LL * 3'600'000;
  options.wal_sync = 0;
  tsdb::Db db(dir, options, clock, pool, registry);
  Generator generator(db);
  for (TimeMs t = end - kDay; t < end; t += kRound) {
    clock.set(t + kRound);
    generator.append(t, t + kRound);
    db.maintain();
  }
  // Everything once more, as blocks: what vmctl reads.
  std::printf("%zu series\n%s/snapshots/%s\n", generator.series(), dir.c_str(),
              db.snapshot(true).c_str());
  return 0;
}

}  // namespace
}  // namespace hearth

int main(int argc, char** argv) {
  if (argc != 3) {
    std::fprintf(stderr, "usage: query_data DIRECTORY END_SECONDS\n");
    return 2;
  }
  return hearth::run(argv[1], std::atoll(argv[2]) * 1000);
}
