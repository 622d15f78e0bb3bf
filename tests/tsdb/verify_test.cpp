#include "tsdb/verify.h"

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

// A directory with a block, a log and finished head chunks, as a server leaves it.
struct Directory : DbFixture {
  Directory() : DbFixture(kStart) {
    set_log_sink([](std::string_view) {});
    open();
    for (int minute = 0; minute < 6 * 60; ++minute) {
      scrape(*db, model, minute, clock.now(), 30);
      clock.advance(kMinute);
      if (minute == 182) db->maintain();
    }
    block = db->block_metas().at(0).ulid.text();
    const std::vector<Matcher> first{Matcher(MatchType::kEqual, "series", "0")};
    db->delete_series(std::vector<std::vector<Matcher>>{first}, {kStart, kStart + 5 * kMinute});
    std::erase_if(model.begin()->second,
                  [](const Sample& s) { return s.t <= kStart + 5 * kMinute; });
    close();
  }
  ~Directory() { set_log_sink(nullptr); }
  // How many samples of the model are answered after a start; none may be wrong.
  size_t answered() {
    open();
    const Model got = read_model(*db->querier({}));
    close();
    size_t count = 0;
    for (const auto& [labels, samples] : got) {
      for (const Sample& sample : samples) {
        const auto& want = model[labels];
        const bool known = std::any_of(want.begin(), want.end(), [&](const Sample& s) {
          return s.t == sample.t && s.v == sample.v;
        });
        count += known ? 1 : 0;
      }
    }
    return count;
  }
  size_t samples() const {
    size_t count = 0;
    for (const auto& [labels, list] : model) count += list.size();
    return count;
  }
  void flip(const std::string& path, size_t at) {
    std::string bytes = read_file(dir.path() + "/" + path);
    bytes.at(at) = static_cast<char>(bytes[at] ^ 0x10);
    write_file(dir.path() + "/" + path, bytes);
  }
  std::vector<std::string> damaged() const {
    std::vector<std::string> paths;
    for (const Damage& damage : verify_directory(dir.path()).damages) paths.push_back(damage.path);
    return paths;
  }
  size_t size(const std::string& path) const { return read_file(dir.path() + "/" + path).size(); }

  Model model;
  std::string block;
};

}  // namespace

TEST_CASE("a directory without damage is found to have none") {
  Directory d;
  const VerifyReport report = verify_directory(d.dir.path());
  for (const Damage& damage : report.damages) FAIL_CHECK(damage.path << ": " << damage.what);
  CHECK(report.blocks == 1);
  CHECK(report.series == 30);
  CHECK(report.samples == 30 * 120);
  CHECK(report.log_segments > 0);
  CHECK(d.answered() == d.samples());
}

TEST_CASE("any flipped bit of a block is found, and what is whole is saved") {
  for (const std::string file : {"/index", "/chunks/000001", "/tombstones"}) {
    for (size_t part = 0; part < 4; ++part) {
      Directory d;
      const size_t at = d.size(d.block + file) * part / 4 + (part == 0 ? 2 : 0);
      CAPTURE(file);
      CAPTURE(at);
      d.flip(d.block + file, at);
      const auto report = verify_directory(d.dir.path());
      REQUIRE(!report.damages.empty());
      CHECK(report.damages.front().path.starts_with(d.block + file.substr(0, 6)));
      repair_directory(d.dir.path(), report.damages, "now");
      CHECK(d.damaged().empty());
      bool kept = false;
      for (const std::string& name : list_dir(d.dir.path()))
        kept = kept || name == d.block + "-damaged-now";
      CHECK(kept);
      CHECK(d.answered() > 0);
    }
  }
}

TEST_CASE("a damaged chunk costs its own samples only") {
  Directory d;
  d.flip(d.block + "/chunks/000001", d.size(d.block + "/chunks/000001") / 2);
  repair_directory(d.dir.path(), verify_directory(d.dir.path()).damages, "now");
  CHECK(d.answered() == d.samples() - 120);
}

TEST_CASE("wrong numbers in meta.json are corrected, and a lost one is made again") {
  Directory d;
  const std::string path = d.dir.path() + "/" + d.block;
  BlockMeta meta = read_block_meta(path);
  meta.stats.samples += 7;
  write_block_meta(path, meta);
  auto report = verify_directory(d.dir.path());
  REQUIRE(report.damages.size() == 1);
  CHECK(report.damages[0].path == d.block + "/meta.json");
  CHECK(report.damages[0].repair == Repair::kWriteMeta);
  repair_directory(d.dir.path(), report.damages, "now");
  CHECK(d.damaged().empty());
  CHECK(read_block_meta(path).stats.samples == meta.stats.samples - 7);
  CHECK(path_exists(d.dir.path() + "/" + d.block + "-damaged-now/meta.json"));

  write_file(path + "/meta.json", "{");
  repair_directory(d.dir.path(), verify_directory(d.dir.path()).damages, "later");
  CHECK(d.damaged().empty());
  CHECK(d.answered() == d.samples());
}

TEST_CASE("damage in the log is found and cut away, with a copy of what is lost") {
  Directory d;
  std::string segment;
  for (const std::string& name : list_dir(d.dir.path() + "/wal")) {
    if (name.size() == 8 && d.size("wal/" + name) > 1000) segment = "wal/" + name;
  }
  REQUIRE(!segment.empty());
  const std::string whole = read_file(d.dir.path() + "/" + segment);
  d.flip(segment, whole.size() / 2);
  const auto report = verify_directory(d.dir.path());
  REQUIRE(report.damages.size() == 1);
  CHECK(report.damages[0].repair == Repair::kCutLog);
  repair_directory(d.dir.path(), report.damages, "now");
  CHECK(d.damaged().empty());
  CHECK(read_file(d.dir.path() + "/wal-damaged-now/" + segment.substr(4)).size() == whole.size());
}
