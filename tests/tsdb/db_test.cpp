#include "tsdb/db.h"

#include <doctest/doctest.h>

#include <atomic>
#include <thread>

#include "core/error.h"
#include "core/file.h"
#include "tests/tsdb/block_data.h"
#include "tests/tsdb/db_fixture.h"

using namespace hearth;
using namespace hearth::tsdb;

namespace {

constexpr DurationMs kMinute = 60'000;
constexpr DurationMs kHour = 60 * kMinute;
constexpr TimeMs kStart = 1'700'000'000'000 / (2 * kHour) * (2 * kHour) + 17 * kMinute;

// A database, a series set that is appended to, and the model of what it must answer.
struct Life : DbFixture {
  explicit Life(Options db_options = {}) : DbFixture(kStart, db_options) { open(); }

  // One sample a minute for each series; every fifth series lives for a part of the time only.
  void append(DurationMs duration) {
    for (const TimeMs end = clock.now() + duration; clock.now() < end; clock.advance(kMinute)) {
      Batch batch;
      for (int s = 0; s < 20; ++s) {
        const TimeMs hour = (clock.now() - kStart) / kHour;
        if (s % 5 == 4 && hour % 7 != s % 7) continue;
        const Labels labels{{"__name__", "metric"}, {"series", std::to_string(s)}};
        const double value = static_cast<double>((clock.now() - kStart) / kMinute * (s + 1) % 1009);
        batch.push(db->appender().intern(labels), clock.now(), value);
        model[labels].push_back({clock.now(), value});
      }
      const AppendResult result = db->appender().append(batch);
      REQUIRE(result.stored == batch.size());
    }
  }

  // With maintenance each hour.
  void live(int hours) {
    for (int hour = 0; hour < hours; ++hour) {
      append(kHour);
      db->maintain();
    }
  }

  std::string differs(TimeRange range = {}) {
    Model want;
    for (const auto& [labels, samples] : model) {
      for (const Sample& sample : samples) {
        if (range.contains(sample.t)) want[labels].push_back(sample);
      }
    }
    return difference(read_model(*db->querier(range), {}, range), want);
  }

  size_t blocks() const {
    size_t count = 0;
    for (const std::string& name : list_dir(dir.path())) count += parse_ulid(name) ? 1 : 0;
    return count;
  }

  Model model;
};

// Blocks of two hours, which stay.
Options without_retention() {
  Options options;
  options.retention.time = 0;
  options.max_block_duration = 2 * kHour;
  return options;
}

}  // namespace

TEST_CASE("through hours of life a database answers the same, before and after each start") {
  Life life;
  for (int hour = 0; hour < 30; ++hour) {
    life.append(kHour);
    life.db->maintain();
    REQUIRE(life.differs() == "");
    const TimeMs now = life.clock.now();
    REQUIRE(life.differs({now - 3 * kHour, now}) == "");
    REQUIRE(life.differs({now - 11 * kHour, now - 4 * kHour}) == "");
    if (hour % 4 == 3) {
      life.open();
      REQUIRE(life.differs() == "");
    }
  }
  // 28 h are in blocks: those older than the newest are merged into spans of 6 h and 18 h.
  CHECK(life.blocks() < 9);
  CHECK(life.db->oldest_time() == kStart);
  CHECK_FALSE(life.db->maintenance_due());
  const std::string metrics = life.registry.text();
  CHECK(metrics.find("prometheus_tsdb_compactions_failed_total 0\n") != std::string::npos);
  CHECK(metrics.find("prometheus_tsdb_blocks_loaded " + std::to_string(life.blocks()) + "\n") !=
        std::string::npos);
  const auto querier = life.db->querier({});
  CHECK(querier->label_values("series", {}, 0).size() == 20);
  CHECK(querier->label_names({}, 0) == std::vector<std::string>{"__name__", "series"});
}

TEST_CASE("maintenance is due when the head spans three hours, and then no more") {
  Life life;
  life.append(3 * kHour);
  CHECK_FALSE(life.db->maintenance_due());
  life.append(2 * kMinute);
  CHECK(life.db->maintenance_due());
  life.db->maintain();
  CHECK_FALSE(life.db->maintenance_due());
  CHECK(life.blocks() == 1);
  CHECK(life.differs() == "");
}

TEST_CASE("retention by time deletes whole blocks") {
  Options options;
  options.retention.time = 6 * kHour;
  options.max_block_duration = 2 * kHour;
  Life life(options);
  life.live(16);
  CHECK(life.blocks() == 3);
  const TimeMs oldest = life.db->oldest_time();
  CHECK(oldest >= life.clock.now() - 10 * kHour);
  CHECK(life.differs({oldest, kMaxTime}) == "");
  CHECK(life.registry.text().find("prometheus_tsdb_retention_limit_seconds 21600\n") !=
        std::string::npos);
}

TEST_CASE("retention by size keeps the head and the newest blocks") {
  Life life(without_retention());
  life.live(12);
  REQUIRE(life.blocks() == 5);
  life.options.retention.bytes = dir_bytes(life.dir.path()) - 100;
  life.open();
  CHECK(life.db->maintenance_due());
  life.db->maintain();
  CHECK(life.blocks() == 4);
  CHECK(life.differs({life.db->oldest_time(), kMaxTime}) == "");
}

TEST_CASE("retention can be changed while the database runs") {
  Life life(without_retention());
  life.live(12);
  REQUIRE(life.blocks() == 5);
  life.db->set_retention({4 * kHour, 0, 0});
  CHECK(life.db->maintenance_due());
  life.db->maintain();
  CHECK(life.blocks() == 2);
  life.db->set_retention({0, 0, 1e-9});  // percent: less than any block
  life.db->maintain();
  CHECK(life.blocks() == 0);
  const std::string metrics = life.registry.text();
  CHECK(metrics.find("prometheus_tsdb_retention_limit_percentage 1e-09\n") != std::string::npos);
  CHECK(metrics.find("prometheus_tsdb_size_retentions_total 1\n") != std::string::npos);
}

TEST_CASE("a compaction that is delayed waits that long once it may begin") {
  Options options;
  options.compaction_delay = 10 * kMinute;
  Life life(options);
  life.append(3 * kHour + 2 * kMinute);
  life.db->maintain();
  CHECK_FALSE(life.db->maintenance_due());
  life.append(9 * kMinute);
  life.db->maintain();
  CHECK(life.blocks() == 0);
  life.append(kMinute);
  CHECK(life.db->maintenance_due());
  life.db->maintain();
  CHECK(life.blocks() == 1);
  CHECK(life.differs() == "");
}

TEST_CASE("blocks that are not uploaded are not merged") {
  Life life;
  const std::string list = life.dir.path() + "/thanos.shipper.json";
  write_file(list, "{\"uploaded\":[]}");
  life.options.delay_compact_file = list;
  life.open();
  life.live(14);
  const size_t apart = life.blocks();
  CHECK(apart == 6);
  std::string names;
  for (const BlockMeta& meta : life.db->block_metas())
    names += (names.empty() ? "\"" : ",\"") + meta.ulid.text() + "\"";
  write_file(list, "{\"uploaded\":[" + names + "]}");
  life.db->maintain();
  CHECK(life.blocks() < apart);
  CHECK(life.differs() == "");
}

TEST_CASE("a second database in the same directory is refused") {
  Life life;
  CHECK_THROWS_AS(Db(life.dir.path(), {}, life.clock, life.pool, life.registry), Error);
  Options unlocked;
  unlocked.use_lockfile = false;
  TempDir other;
  const Db first(other.path(), unlocked, life.clock, life.pool, life.registry);
  CHECK_FALSE(path_exists(other.path() + "/lock"));
}

TEST_CASE("a damaged block is left out and everything else answers") {
  Life life;
  life.live(8);
  life.db.reset();
  std::vector<std::string> blocks;
  for (const std::string& name : list_dir(life.dir.path())) {
    if (parse_ulid(name)) blocks.push_back(life.dir.path() + "/" + name);
  }
  REQUIRE(blocks.size() >= 2);
  const BlockMeta damaged = read_block_meta(blocks[0]);
  write_file(blocks[0] + "/index", "no index");
  life.open();
  for (auto& [labels, samples] : life.model) {
    std::erase_if(samples, [&](const Sample& sample) {
      return sample.t >= damaged.min_time && sample.t < damaged.max_time;
    });
  }
  CHECK(life.differs() == "");
  life.append(3 * kHour);
  life.db->maintain();
  CHECK(life.differs() == "");
  CHECK(is_directory(blocks[0]));
}

TEST_CASE("a block that is found damaged while it is compacted does not stop the others") {
  Life life;
  life.live(6);
  std::string first;
  for (const std::string& name : list_dir(life.dir.path())) {
    if (parse_ulid(name) && first.empty()) first = life.dir.path() + "/" + name;
  }
  const BlockMeta damaged = read_block_meta(first);
  const std::string chunks = first + "/chunks/000001";
  const std::string bytes = read_file(chunks);
  File file(chunks, File::Mode::kAppend);
  file.truncate(0);  // the same file, so that the open block sees it
  file.write(std::string(bytes.size(), 'x'));
  file.close();

  life.live(16);
  for (auto& [labels, samples] : life.model) {
    std::erase_if(samples, [&](const Sample& sample) {
      return sample.t >= damaged.min_time && sample.t < damaged.max_time;
    });
  }
  CHECK(life.differs() == "");
  CHECK(is_directory(first));
  CHECK(life.blocks() < 9);
}

TEST_CASE("a full disk fails a compaction, and the next round makes it good") {
  Life life;
  life.append(3 * kHour + 2 * kMinute);
  set_file_hook([](FileOp op, const std::string& path, size_t*) {
    if (op == FileOp::kWrite && path.find("/chunks/") != std::string::npos)
      throw Error(ErrorKind::kIo, "no space left on device");
  });
  life.db->maintain();
  set_file_hook({});
  CHECK(life.blocks() == 0);
  CHECK(life.differs() == "");
  CHECK(life.registry.text().find("prometheus_tsdb_compactions_failed_total 1\n") !=
        std::string::npos);
  life.db->maintain();
  CHECK(life.blocks() == 1);
  CHECK(life.differs() == "");
}

TEST_CASE("overlapping blocks are merged into one") {
  Life life;
  life.db.reset();
  Model first;
  Model second;
  const Labels labels{{"__name__", "m"}};
  for (TimeMs t = kStart; t < kStart + 2 * kHour; t += kMinute) first[labels].push_back({t, 1});
  for (TimeMs t = kStart + kHour; t < kStart + 3 * kHour; t += 7 * kMinute + 1)
    second[labels].push_back({t, 2});
  write_model(life.dir.path(), first, kStart, kStart + 2 * kHour);
  write_model(life.dir.path(), second, kStart + kHour, kStart + 3 * kHour);
  std::map<TimeMs, double> want;
  for (const Sample& sample : first[labels]) want.emplace(sample.t, sample.v);
  for (const Sample& sample : second[labels]) want.emplace(sample.t, sample.v);
  for (const auto& [t, v] : want) life.model[labels].push_back({t, v});

  life.open();
  CHECK(life.differs() == "");
  life.db->maintain();
  CHECK(life.blocks() == 1);
  CHECK(life.differs() == "");
}

TEST_CASE("a query keeps its blocks while they are merged away") {
  Life life;
  for (int hour = 0; hour < 8; ++hour) life.append(kHour);
  life.db->maintain();
  const auto querier = life.db->querier({kMinTime, kStart + 4 * kHour});
  Budget budget(0);
  const auto set = querier->select({}, {}, budget);
  REQUIRE(set->size() > 0);
  const std::string before = life.differs();
  for (int hour = 0; hour < 4; ++hour) life.append(kHour);
  life.db->maintain();
  life.append(kHour);
  Columns columns;
  set->read(0, {kMinTime, kStart + 4 * kHour}, columns);
  CHECK(before == "");
  CHECK(columns.t.front() == kStart);
  CHECK(life.differs() == "");
}

TEST_CASE("queries during maintenance never miss a sample") {
  Life life;
  for (int hour = 0; hour < 24; ++hour) life.append(kHour);
  std::atomic<bool> done{false};
  std::atomic<int> queries{0};
  std::string seen;
  std::thread reader([&] {
    while (!done.load() || queries.load() < 3) {
      const std::string difference = life.differs();
      if (!difference.empty()) seen = difference;
      queries.fetch_add(1);
    }
  });
  life.db->maintain();
  done.store(true);
  reader.join();
  CHECK(seen == "");
  CHECK(life.blocks() < 8);
}
