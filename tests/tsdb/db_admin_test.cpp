// Deletes, cleaning up after them, and snapshots.
#include <doctest/doctest.h>

#include "core/error.h"
#include "core/file.h"
#include "core/log.h"
#include "tests/tsdb/db_data.h"
#include "tests/tsdb/db_fixture.h"

using namespace hearth;
using namespace hearth::tsdb;

namespace {

constexpr DurationMs kMinute = 60'000;
constexpr DurationMs kHour = 60 * kMinute;
constexpr TimeMs kStart = 1'700'000'000'000 / (2 * kHour) * (2 * kHour);

// A database with blocks of 12 hours and what a head has beyond them.
struct Life : DbFixture {
  Life() : DbFixture(kStart) {
    open();
    for (const TimeMs end = clock.now() + 13 * kHour; clock.now() < end; clock.advance(kMinute)) {
      REQUIRE(scrape(*db, model, (clock.now() - kStart) / kMinute, clock.now(), 10) == 10);
      if (db->maintenance_due()) db->maintain();
    }
    covered = db->block_metas().back().max_time;
  }
  void forget(const std::string& series, TimeRange range) {
    db->delete_series(
        std::vector<std::vector<Matcher>>{{Matcher(MatchType::kEqual, "series", series)}}, range);
    auto& samples = model[Labels{{"__name__", "metric"}, {"series", series}}];
    std::erase_if(samples, [&](const Sample& s) { return range.contains(s.t); });
    if (samples.empty()) model.erase(Labels{{"__name__", "metric"}, {"series", series}});
  }
  std::string differs() { return difference(read_model(*db->querier({})), model); }
  uint64_t tombstones() const {
    uint64_t count = 0;
    for (const BlockMeta& meta : db->block_metas()) count += meta.stats.tombstones;
    return count;
  }

  Model model;
  TimeMs covered = 0;  // by blocks
};

}  // namespace

TEST_CASE("a delete is seen at once, after a start, and after cleaning up") {
  Life life;
  REQUIRE(life.db->block_metas().size() > 1);
  auto before = life.db->querier({});
  const Model all = life.model;

  life.forget("3", {kStart + kHour, kStart + 7 * kHour});
  CHECK(life.differs() == "");
  life.forget("3", {kStart + 7 * kHour + 1, kStart + 8 * kHour});
  life.forget("4", {kStart, kStart});
  life.forget("5", {kMinTime, kStart - 1});
  CHECK(life.differs() == "");
  CHECK(difference(read_model(*before), all) == "");
  before.reset();

  const uint64_t count = life.tombstones();
  CHECK(count > 1);
  life.db.reset();
  life.open();
  CHECK(life.differs() == "");
  CHECK(life.tombstones() == count);

  life.db->clean_tombstones();
  CHECK(life.tombstones() == 0);
  CHECK(life.differs() == "");
  for (const BlockMeta& meta : life.db->block_metas()) {
    CHECK(read_tombstones(life.dir.path() + "/" + meta.ulid.text()).count() == 0);
  }
  CHECK(life.registry.text().find("prometheus_tsdb_tombstone_cleanup_seconds_count 1\n") !=
        std::string::npos);
}

TEST_CASE("a block of which everything is deleted goes away when cleaned") {
  Life life;
  const BlockMeta oldest = life.db->block_metas().front();
  for (int s = 0; s < 10; ++s) life.forget(std::to_string(s), {kMinTime, oldest.max_time - 1});
  CHECK(life.differs() == "");
  life.db->clean_tombstones();
  CHECK(life.differs() == "");
  CHECK(life.db->block_metas().front().min_time == oldest.max_time);
  CHECK_FALSE(path_exists(life.dir.path() + "/" + oldest.ulid.text()));
}

TEST_CASE("a cleaned block names what it took the place of, and keeps its hints") {
  BlockMeta block;
  block.ulid = make_ulid(kStart);
  block.min_time = 10;
  block.max_time = 20;
  block.level = 3;
  block.hints = {"from-out-of-order"};
  const BlockMeta cleaned = cleaned_meta(make_ulid(kStart), block);
  CHECK(cleaned.level == 1);
  CHECK(cleaned.sources == std::vector<Ulid>{cleaned.ulid});
  REQUIRE(cleaned.parents.size() == 1);
  CHECK(cleaned.parents[0].ulid == block.ulid);
  CHECK(parse_block_meta(block_meta_json(cleaned)).hints == block.hints);
}

TEST_CASE("a snapshot is a database of its own, with the head's samples when asked") {
  Life life;
  life.forget("3", {kStart + kHour, kStart + 2 * kHour});
  for (const bool with_head : {true, false}) {
    const std::string name = life.db->snapshot(with_head);
    CHECK(name.substr(0, 16) == "20231115T110000Z");
    CHECK(name.size() == 16 + 1 + 16);
    const std::string path = life.dir.path() + "/snapshots/" + name;
    Model want;
    for (const auto& [labels, samples] : life.model) {
      for (const Sample& sample : samples) {
        if (with_head || sample.t < life.covered) want[labels].push_back(sample);
      }
    }
    Registry registry;
    Db copy(path, Options{}, life.clock, life.pool, registry);
    CHECK(difference(read_model(*copy.querier({})), want) == "");
  }
  // What happens to the original does not happen to the snapshot.
  const std::string name = life.db->snapshot(false);
  const Model want =
      read_model(*life.db->querier({kMinTime, life.covered - 1}), {}, {kMinTime, life.covered - 1});
  life.forget("7", {kMinTime, life.covered - 1});
  life.db->clean_tombstones();
  Registry registry;
  Db copy(life.dir.path() + "/snapshots/" + name, Options{}, life.clock, life.pool, registry);
  CHECK(difference(read_model(*copy.querier({})), want) == "");
}

TEST_CASE("a snapshot that fails leaves nothing behind") {
  Life life;
  size_t links = 0;
  set_file_hook([&](FileOp op, const std::string& path, size_t*) {
    if (op == FileOp::kCreate && path.find("/snapshots/") != std::string::npos && ++links > 7)
      throw Error(ErrorKind::kIo, "no space left on device");
  });
  CHECK_THROWS_AS(life.db->snapshot(true), Error);
  set_file_hook({});
  CHECK(list_dir(life.dir.path() + "/snapshots").empty());
  CHECK(life.differs() == "");
}

TEST_CASE("wherever a delete fails, all of it is done in a block or nothing") {
  Life life;
  const Model before = life.model;
  Model after = before;
  const TimeRange range{kStart + kHour, kStart + 90 * kMinute};  // within one block
  for (const std::string name : {"1", "2"}) {
    std::erase_if(after[Labels{{"__name__", "metric"}, {"series", name}}],
                  [&](const Sample& s) { return range.contains(s.t); });
  }
  set_log_sink([](std::string_view) {});
  bool failed = true;
  for (size_t last = 0; failed; ++last) {
    CAPTURE(last);
    failed = false;
    size_t operations = 0;
    set_file_hook([&](FileOp, const std::string&, size_t* bytes) {
      if (operations++ < last) return;
      failed = true;
      *bytes /= 2;
      throw Error(ErrorKind::kIo, "no space left on device");
    });
    try {
      life.db->delete_series(
          std::vector<std::vector<Matcher>>{{Matcher(MatchType::kRegex, "series", "1|2")}}, range);
    } catch (const Error&) {
      CHECK(failed);
    }
    set_file_hook({});
    const Model now = read_model(*life.db->querier({}));
    CHECK((difference(now, before) == "" || difference(now, after) == ""));
    life.db.reset();
    life.open();
    // What was put in its place but perhaps not for good may be found later.
    const Model later = read_model(*life.db->querier({}));
    CHECK((difference(later, now) == "" || difference(later, after) == ""));
  }
  set_log_sink(nullptr);
  CHECK(life.tombstones() == 2);
}
