// Full disks, lost pages, leftovers: what is stored stays, the rest answers, life goes on.
#include <doctest/doctest.h>

#include <algorithm>
#include <atomic>
#include <filesystem>
#include <fstream>

#include "core/error.h"
#include "core/file.h"
#include "core/log.h"
#include "tests/tsdb/block_data.h"
#include "tsdb/db.h"

using namespace hearth;
using namespace hearth::tsdb;

namespace {

constexpr DurationMs kMinute = 60'000;
constexpr DurationMs kHour = 60 * kMinute;
constexpr TimeMs kStart = 1'700'000'000'000 / (2 * kHour) * (2 * kHour);

struct Life {
  explicit Life(int series = 4) : series_count(series) {
    set_log_sink([](std::string_view) {});
    open();
  }
  ~Life() {
    set_file_hook({});
    set_log_sink(nullptr);
  }
  void open() { db = std::make_unique<Db>(dir.path(), Options{}, clock, pool, registry); }
  void reopen() {
    db.reset();
    open();
  }
  void append(DurationMs duration) {
    for (const TimeMs end = clock.now() + duration; clock.now() < end; clock.advance(kMinute)) {
      Batch batch;
      for (int s = 0; s < series_count; ++s) {
        const Labels labels{{"__name__", "metric"}, {"series", std::to_string(s)}};
        const auto value = static_cast<double>((clock.now() * (s + 3)) % 1'000'003);
        batch.push(db->appender().intern(labels), clock.now(), value);
        model[labels].push_back({clock.now(), value});
      }
      REQUIRE(db->appender().append(batch).stored == batch.size());
    }
  }
  std::string differs() { return difference(read_model(*db->querier({})), model); }
  size_t leftovers() const {
    size_t count = 0;
    for (const std::string& name : list_dir(dir.path()))
      count += name.find(".tmp") != std::string::npos ? 1 : 0;
    return count;
  }

  const int series_count;
  TempDir dir;
  FakeClock clock{kStart};
  Pool pool{1};
  Registry registry;
  std::unique_ptr<Db> db;
  Model model;
};

}  // namespace

TEST_CASE("wherever the disk is full during maintenance, nothing is lost and it goes on later") {
  bool failed = true;
  size_t failures = 0;
  for (size_t last = 0; failed; last += 3) {
    CAPTURE(last);
    failed = false;
    Life life;
    life.append(12 * kHour);  // enough for six blocks and two merges
    size_t operations = 0;
    set_file_hook([&](FileOp op, const std::string&, size_t* bytes) {
      // A full disk refuses what needs room; what gives room back it takes.
      const bool needs_room = op == FileOp::kCreate || op == FileOp::kWrite || op == FileOp::kSync;
      if (!needs_room || operations++ < last) return;
      failed = true;
      *bytes /= 2;
      throw Error(ErrorKind::kIo, "no space left on device");
    });
    life.db->maintain();
    failures += failed ? 1 : 0;
    REQUIRE(life.differs() == "");
    CHECK(life.leftovers() == 0);
    set_file_hook({});
    life.db->maintain();
    REQUIRE(life.differs() == "");
    CHECK_FALSE(life.db->maintenance_due());
    life.reopen();
    REQUIRE(life.differs() == "");
  }
  CHECK(failures > 10);
}

TEST_CASE("a file of a block that is made shorter under a query ends the query, not the server") {
  Life life(400);
  life.append(3 * kHour + 2 * kMinute);
  life.db->maintain();
  REQUIRE(life.db->block_metas().size() == 1);
  const std::string block = life.dir.path() + "/" + life.db->block_metas()[0].ulid.text();
  const TimeMs covered = life.db->block_metas()[0].max_time;
  for (const std::string file : {"/chunks/000001", "/index"}) {
    CAPTURE(file);
    life.reopen();
    const std::string whole = read_file(block + file);
    REQUIRE(whole.size() > 3 * 4096);
    const auto querier = life.db->querier({});
    std::filesystem::resize_file(block + file, 4096);
    try {
      (void)read_model(*querier);
      FAIL("the query should have failed");
    } catch (const Error& e) {
      CHECK(e.kind() == ErrorKind::kExecution);
      CHECK(std::string(e.what()).find(block) != std::string::npos);
    }
    // The next one goes without the block.
    Model rest;
    for (const auto& [labels, samples] : life.model) {
      for (const Sample& sample : samples) {
        if (sample.t >= covered) rest[labels].push_back(sample);
      }
    }
    CHECK(difference(read_model(*life.db->querier({})), rest) == "");
    CHECK(life.db->block_metas().empty());
    write_file(block + file, whole);
  }
  life.reopen();
  CHECK(life.differs() == "");
}

TEST_CASE("leftovers of interrupted work are removed at start, other directories are not touched") {
  Life life;
  life.append(3 * kHour + 2 * kMinute);
  life.db->maintain();
  const std::string ulid = make_ulid(kStart).text();
  for (const char* suffix : {".tmp-for-creation", ".tmp-for-deletion"})
    make_dirs(life.dir.path() + "/" + ulid + suffix + "/chunks");
  make_dirs(life.dir.path() + "/" + ulid + "-damaged-20261122T000000Z");
  make_dirs(life.dir.path() + "/other.tmp-for-creation");
  life.reopen();
  CHECK(life.differs() == "");
  CHECK(life.leftovers() == 1);
  CHECK(path_exists(life.dir.path() + "/" + ulid + "-damaged-20261122T000000Z"));
}

TEST_CASE("on a full disk appends fail, queries go on, retention makes room, and storing resumes") {
  Life life(100);
  Options options;
  options.wal_segment_bytes = 64 << 10;
  life.db.reset();
  life.db = std::make_unique<Db>(life.dir.path(), options, life.clock, life.pool, life.registry);
  life.append(9 * kHour);
  life.db->maintain();
  life.append(4 * kHour);  // makes another block due, with its log to be truncated
  const size_t blocks = life.db->block_metas().size();
  REQUIRE(blocks > 1);
  const size_t log_bytes = dir_bytes(life.dir.path() + "/wal");

  static std::atomic<bool> full{true};
  full = true;
  set_file_hook([](FileOp op, const std::string& path, size_t* bytes) {
    if (op == FileOp::kRemove && path.find(".tmp-for-deletion") != std::string::npos) full = false;
    if (!full || (op != FileOp::kCreate && op != FileOp::kWrite && op != FileOp::kSync)) return;
    *bytes /= 2;
    throw Error(ErrorKind::kIo, "no space left on device");
  });
  const auto failed_writes = [&] {
    const std::string text = life.registry.text();
    const std::string name = "\nprometheus_tsdb_wal_writes_failed_total ";
    return std::stod(text.substr(text.find(name) + name.size()));
  };
  Batch batch;
  batch.push(life.db->appender().intern(Labels{{"__name__", "metric"}, {"series", "0"}}),
             life.clock.now(), 1);
  CHECK_THROWS_WITH_AS(life.db->appender().append(batch),
                       doctest::Contains("nothing was stored. Make room on the disk"), Error);
  CHECK(failed_writes() == 1);
  CHECK(life.differs() == "");
  life.db->maintain();  // without a limit there is nothing to delete
  CHECK(full.load());
  CHECK(life.db->block_metas().size() == blocks);
  CHECK(life.differs() == "");

  life.db->set_retention({.time = 2 * kHour, .bytes = 0, .percentage = 0});
  life.db->maintain();
  CHECK_FALSE(full.load());
  const TimeMs oldest = life.db->block_metas().front().min_time;
  CHECK(oldest > kStart);
  CHECK(dir_bytes(life.dir.path() + "/wal") < log_bytes);
  for (auto& [labels, samples] : life.model)
    std::erase_if(samples, [&](const Sample& sample) { return sample.t < oldest; });
  life.append(10 * kMinute);
  CHECK(failed_writes() == 1);
  CHECK(life.differs() == "");
  set_file_hook({});
  life.reopen();
  CHECK(life.differs() == "");
}

TEST_CASE("a chunk of the head that its file lost is left out with a warning, and a restart heals it") {
  Life life(1);
  life.append(4 * kHour);  // two full chunks
  const std::string file = life.dir.path() + "/chunks_head/000001";
  life.reopen();  // now they are read from the file
  CHECK(life.db->querier({})->warnings().empty());
  const auto damaged = static_cast<char>(read_file(file).at(60) ^ 1);
  std::fstream(file, std::ios::in | std::ios::out | std::ios::binary).seekp(60).put(damaged);
  {
    const auto querier = life.db->querier({});
    const Model got = read_model(*querier);
    REQUIRE(got.size() == 1);
    CHECK(got.begin()->second.size() < life.model.begin()->second.size());
    CHECK(got.begin()->second.size() >= 100);
    REQUIRE(querier->warnings().size() == 1);
    CHECK(querier->warnings()[0].find("the head is damaged") == 0);
    // A range that does not need the chunk says nothing.
    const TimeRange late{life.clock.now() - kMinute, kMaxTime};
    const auto later = life.db->querier(late);
    CHECK(read_model(*later, {}, late).size() == 1);
    CHECK(later->warnings().empty());
  }
  life.reopen();
  CHECK(life.differs() == "");
  CHECK(life.db->querier({})->warnings().empty());
}

TEST_CASE("damaged tombstones or meta.json take their block out of service, nothing else") {
  Life life;
  life.append(8 * kHour);
  life.db->maintain();
  const std::vector<BlockMeta> metas = life.db->block_metas();
  REQUIRE(metas.size() >= 2);
  const std::string block = life.dir.path() + "/" + metas[0].ulid.text();
  for (const std::string file : {"/tombstones", "/meta.json"}) {
    CAPTURE(file);
    const std::string whole = read_file(block + file);
    write_file(block + file, whole.substr(0, whole.size() / 2));
    life.reopen();
    Model rest;
    for (const auto& [labels, samples] : life.model) {
      for (const Sample& sample : samples) {
        if (sample.t >= metas[0].max_time) rest[labels].push_back(sample);
      }
    }
    {
      const auto querier = life.db->querier({});
      CHECK(difference(read_model(*querier), rest) == "");
      REQUIRE(querier->warnings().size() == 1);
      CHECK(querier->warnings()[0].find("block " + metas[0].ulid.text()) == 0);
    }
    write_file(block + file, whole);
  }
  life.reopen();
  CHECK(life.differs() == "");
}
