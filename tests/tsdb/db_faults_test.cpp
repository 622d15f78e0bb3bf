// Full disks, lost pages, leftovers: what is stored stays, the rest answers, life goes on.
#include <doctest/doctest.h>

#include <filesystem>

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
