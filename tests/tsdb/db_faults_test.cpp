// Full disks, lost pages, leftovers: what is stored stays, the rest answers, life goes on.
#include <doctest/doctest.h>

#include <algorithm>
#include <atomic>
#include <filesystem>
#include <fstream>

#include "core/error.h"
#include "core/file.h"
#include "core/log.h"
#include "core/read_fault.h"
#include "tests/tsdb/block_data.h"
#include "tests/tsdb/db_fixture.h"

using namespace hearth;
using namespace hearth::tsdb;

namespace {

constexpr DurationMs kMinute = 60'000;
constexpr DurationMs kHour = 60 * kMinute;
constexpr TimeMs kStart = 1'700'000'000'000 / (2 * kHour) * (2 * kHour);

struct Life : DbFixture {
  explicit Life(int series = 4, Options db_options = {})
      : DbFixture(kStart, db_options), series_count(series) {
    set_log_sink([](std::string_view) {});
    open();
  }
  ~Life() {
    set_file_hook({});
    set_log_sink(nullptr);
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
  Model model;
};

}  // namespace

TEST_CASE("wherever the disk is full during maintenance, nothing is lost and it goes on later") {
  // The log is synced by another thread, too: that fails like the rest, but does not count.
  std::atomic<bool> failed{true};
  size_t failures = 0, checkpoints = 0;
  for (size_t last = 0; failed; ++last) {
    CAPTURE(last);
    failed = false;
    Life life;
    life.append(12 * kHour);  // enough for six blocks and two merges
    std::atomic<size_t> operations{0};
    set_file_hook([&](FileOp op, const std::string& path, size_t* bytes) {
      // A full disk refuses what needs room; what gives room back it takes.
      const bool needs_room = op == FileOp::kCreate || op == FileOp::kWrite || op == FileOp::kSync;
      const bool counts = op != FileOp::kSync || path.find("/wal/0") == std::string::npos;
      if (!needs_room || (counts ? operations++ : operations.load()) < last) return;
      if (!failed && path.find("/checkpoint.") != std::string::npos) ++checkpoints;
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
    life.open();
    REQUIRE(life.differs() == "");
  }
  CHECK(failures > 10);
  CAPTURE(checkpoints);
  CHECK(checkpoints > 1);
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
    life.open();
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
  life.open();
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
  life.open();
  CHECK(life.differs() == "");
  CHECK(life.leftovers() == 1);
  CHECK(path_exists(life.dir.path() + "/" + ulid + "-damaged-20261122T000000Z"));
}

TEST_CASE("on a full disk appends fail, queries go on, retention makes room, and storing resumes") {
  Options options;
  options.wal_segment_bytes = 64 << 10;
  Life life(100, options);
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
  life.open();
  CHECK(life.differs() == "");
}

TEST_CASE(
    "a chunk of the head that its file lost is left out with a warning, and a restart heals it") {
  Life life(1);
  life.append(4 * kHour);  // two full chunks
  const std::string file = life.dir.path() + "/chunks_head/000001";
  life.open();  // now they are read from the file
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
  life.open();
  CHECK(life.differs() == "");
  CHECK(life.db->querier({})->warnings().empty());
}

TEST_CASE(
    "a damaged chunk of the head goes into no block: its samples stay in the log for a restart") {
  Life life(3);
  life.append(4 * kHour);
  const std::string file = life.dir.path() + "/chunks_head/000001";
  life.open();
  const auto damaged = static_cast<char>(read_file(file).at(60) ^ 1);
  std::fstream(file, std::ios::in | std::ios::out | std::ios::binary).seekp(60).put(damaged);
  static std::string said;
  said.clear();
  set_log_sink([](std::string_view line) { said += line; });
  for (int round = 0; round < 3; ++round) {
    life.db->maintain();
    life.append(10 * kMinute);  // and life goes on
  }
  set_log_sink([](std::string_view) {});
  CHECK(said.find("Compaction of the head failed") != std::string::npos);
  CHECK(said.find("checksum") != std::string::npos);
  CHECK(life.db->block_metas().empty());
  CHECK(life.leftovers() == 0);

  life.open();
  CHECK(life.differs() == "");
  life.db->maintain();
  CHECK(life.db->block_metas().size() == 1);
  CHECK(life.differs() == "");
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
    life.open();
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
  life.open();
  CHECK(life.differs() == "");
}

namespace {

// From the n-th on so many reads of files fail, as on a disk that is going to break.
class FailingReads {
 public:
  FailingReads(size_t first, size_t count) {
    set_read_hook([=, this](const std::string& path) {
      const size_t now = reads_++;
      if (now < first || now >= first + count) return;
      failed_ = true;
      throw Error(ErrorKind::kIo, "read " + path + ": Input/output error");
    });
  }
  ~FailingReads() { set_read_hook({}); }
  bool failed() const { return failed_; }

 private:
  std::atomic<size_t> reads_{0};
  std::atomic<bool> failed_{false};
};

template <class Work>
void unless_unreadable(Work work) {
  try {
    work();
  } catch (const Error& e) {
    CHECK(e.kind() != ErrorKind::kCorrupt);  // nothing is wrong with the files
  }
}

}  // namespace

TEST_CASE(
    "a read that fails ends what needed it, not the server, and nothing is taken for damaged") {
  bool failed = true;
  size_t first = 0;
  for (; failed; ++first) {
    CAPTURE(first);
    Life life;
    life.append(9 * kHour);
    {
      const FailingReads reads(first, 2);
      const std::vector<Matcher> one{Matcher(MatchType::kEqual, "series", "1")};
      life.db->maintain();
      unless_unreadable([&] { (void)read_model(*life.db->querier({})); });
      unless_unreadable([&] { life.db->delete_series({{one}}, {kStart, kStart + kHour}); });
      unless_unreadable([&] { life.db->clean_tombstones(); });
      unless_unreadable([&] { (void)life.db->snapshot(true); });
      life.db->maintain();
      failed = reads.failed();
    }
    life.append(10 * kMinute);
    const std::vector<Matcher> one{Matcher(MatchType::kEqual, "series", "1")};
    life.db->delete_series({{one}}, {kStart, kStart + kHour});
    std::erase_if(life.model[Labels{{"__name__", "metric"}, {"series", "1"}}],
                  [](const Sample& sample) { return sample.t <= kStart + kHour; });
    life.db->maintain();
    REQUIRE(life.differs() == "");
    life.open();
    REQUIRE(life.differs() == "");
    for (const std::string& name : list_dir(life.dir.path()))
      CHECK(name.find("damaged") == std::string::npos);
  }
  CHECK(first > 10);
}

TEST_CASE("a page of a log that cannot be read ends the start, and the log stays as it is") {
  Options options;
  options.snapshot_on_shutdown = false;
  options.live.out_of_order_window = 4 * kHour;
  Life life(50, options);
  life.append(2 * kHour);
  {
    Batch late;
    for (int s = 0; s < 50; ++s) {
      const Labels labels{{"__name__", "metric"}, {"series", std::to_string(s)}};
      std::vector<Sample> more;
      for (TimeMs t = kStart - kHour; t < kStart; t += kMinute) more.push_back({t, 0.5 + s});
      for (const Sample& sample : more)
        late.push(life.db->appender().intern(labels), sample.t, sample.v);
      auto& samples = life.model[labels];
      samples.insert(samples.begin(), more.begin(), more.end());
    }
    REQUIRE(life.db->appender().append(late).stored == late.size());
  }
  REQUIRE(life.differs() == "");
  for (const std::string log : {"/wal", "/wbl"}) {
    CAPTURE(log);
    life.close();
    const std::string dir = life.dir.path() + log;
    std::string segment;
    for (const std::string& name : list_dir(dir)) {
      if (segment.empty() && read_file(dir + "/" + name).size() > 3 * 4096)
        segment = dir + "/" + name;
    }
    REQUIRE(!segment.empty());
    const std::string whole = read_file(segment);
    const std::vector<std::string> files = list_dir(dir);
    for (const size_t readable : {size_t{0}, size_t{4096}, (whole.size() - 1) / 4096 * 4096}) {
      CAPTURE(readable);
      int reads = 0;
      set_read_hook([&](const std::string& path) {
        if (path == segment && ++reads == 2) std::filesystem::resize_file(path, readable);
      });
      CHECK_THROWS_WITH_AS(life.open(), doctest::Contains("Input/output error"), Error);
      set_read_hook({});
      CHECK(read_file(segment) == whole.substr(0, readable));
      CHECK(list_dir(dir) == files);
      write_file(segment, whole);
    }
    life.open();
    CHECK(life.differs() == "");
  }
}

TEST_CASE(
    "a start on a disk that cannot be read fails or goes without, and the next one has "
    "everything") {
  Life life;
  life.append(9 * kHour);
  life.db->maintain();
  life.append(kHour);
  bool failed = true;
  size_t first = 0;
  for (; failed; ++first) {
    CAPTURE(first);
    life.close();
    {
      const FailingReads reads(first, 1);
      unless_unreadable([&] { life.open(); });
      failed = reads.failed();
      life.close();
    }
    life.open();
    REQUIRE(life.differs() == "");
    REQUIRE(life.db->querier({})->warnings().empty());
  }
  CHECK(first > 10);
}
