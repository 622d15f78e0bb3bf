// A clean stop leaves a memory snapshot, by which the next start is the same as by the whole log.
#include "tsdb/head_snapshot.h"

#include <doctest/doctest.h>

#include <algorithm>

#include "core/error.h"
#include "tests/tsdb/head_fixture.h"
#include "tests/tsdb/hex.h"
#include "tests/tsdb/histograms.h"
#include "tsdb/checkpoint.h"
#include "tsdb/chunk_xor.h"

using namespace hearth;
using namespace hearth::tsdb;

namespace {

constexpr TimeMs kStart = 1'700'000'000'000;
constexpr DurationMs kStep = 15'000;

std::vector<std::string>& log_lines() {
  static std::vector<std::string> lines;
  return lines;
}

// A head whose stops leave snapshots, with some samples in it.
class Snapshots {
 public:
  Snapshots() {
    f.options.snapshot_on_shutdown = true;
    f.open();
    set_log_level(LogLevel::kInfo);
    log_lines().clear();
    set_log_sink([](std::string_view line) { log_lines().emplace_back(line); });
  }
  ~Snapshots() {
    set_log_sink(nullptr);
    set_log_level(LogLevel::kError);
  }

  // `count` samples of each of 40 series, after those that are there.
  void scrape(int count) {
    for (int k = 0; k < count; ++k, t += kStep) {
      Batch batch;
      for (int i = 0; i < 40; ++i) {
        const double v = static_cast<double>(i) + 0.1 * static_cast<double>((t - kStart) / kStep);
        batch.push(f.intern(series_labels(i)), t, v);
      }
      REQUIRE(f.head().appender().append(batch).stored == 40);
    }
  }
  void reopen() {
    log_lines().clear();
    f.open();
  }
  // Ends as a killed process does: nothing is written any more.
  void die() {
    set_file_hook([](FileOp, const std::string&, size_t* bytes) {
      *bytes = 0;
      throw Error(ErrorKind::kIo, "the process was killed");
    });
    f.close();
    set_file_hook({});
  }
  bool logged(std::string_view text) const {
    return std::any_of(log_lines().begin(), log_lines().end(), [&](const std::string& line) {
      return line.find(text) != std::string::npos;
    });
  }
  bool used_snapshot() const { return logged("Memory snapshot loaded") && !logged("whole log"); }
  HeadSnapshot snapshot() const {
    const auto latest = latest_head_snapshot(f.dir());
    REQUIRE(latest);
    return *latest;
  }
  // Makes the log before the snapshot useless.
  void wipe_log() {
    const std::string path = wal_segment_path(f.wal_dir(), snapshot().segment);
    write_file(path, std::string(read_file(path).size(), '\0'));
  }

  HeadFixture f;
  TimeMs t = kStart;
};

}  // namespace

TEST_CASE("a record of a series has the bytes of Prometheus' format") {
  SnapshotSeries series;
  series.ref = 0x0102;
  series.labels = Labels{{"a", "b"}}.flat();
  CHECK(to_hex(encode_snapshot_series(series)) ==
        "01"
        "0000000000000102"
        "0101610162"
        "0000000000000000"
        "00");
  series.has_chunk = true;
  series.min_time = 1000;
  series.max_time = 2000;
  series.chunk = "xyz";
  series.last_value = 1;
  const std::string record = encode_snapshot_series(series);
  CHECK(to_hex(record) ==
        "01"
        "0000000000000102"
        "0101610162"
        "0000000000000000"
        "01"
        "00000000000003e8"
        "00000000000007d0"
        "01"
        "0378797a" +
            std::string(2 * 56, '0') + "3ff0000000000000");
  SnapshotSeries read;
  decode_snapshot_series(record, read);
  CHECK(read.ref == series.ref);
  CHECK(read.labels == series.labels);
  CHECK(read.chunk == "xyz");
  CHECK(read.last_value == 1);
  for (size_t length = 1; length < record.size(); ++length) {
    CHECK_THROWS_AS(decode_snapshot_series(record.substr(0, length), read), Error);
  }
}

TEST_CASE("a record of tombstones has the bytes of Prometheus' format") {
  Tombstones tombstones;
  tombstones.by_series[3] = {{-1, 5}, {7, 9}};
  const std::string record = encode_snapshot_tombstones(tombstones);
  CHECK(to_hex(record) ==
        "02"
        "07"
        "01"
        "03010a"
        "030e12");
  CHECK(decode_snapshot_tombstones(record).by_series == tombstones.by_series);
  CHECK(decode_snapshot_tombstones(std::string("\x02\x01\x01", 3)).by_series.empty());
  for (size_t length = 1; length < record.size(); ++length) {
    CHECK_THROWS_AS(decode_snapshot_tombstones(record.substr(0, length)), Error);
  }
}

TEST_CASE("the newest snapshot counts, other names are left alone") {
  const TempDir dir;
  for (const char* name :
       {"chunk_snapshot.000002.0000000005", "chunk_snapshot.000001.0000000900",
        "chunk_snapshot.000002.0000000040", "chunk_snapshot.000003.0000000001.tmp",
        "chunk_snapshot.x.1", "chunk_snapshot.7"}) {
    make_dirs(dir.path() + "/" + name);
  }
  const auto latest = latest_head_snapshot(dir.path());
  REQUIRE(latest);
  CHECK(latest->segment == 2);
  CHECK(latest->offset == 40);
  remove_head_snapshots(dir.path(), &*latest);
  CHECK(list_dir(dir.path()) == std::vector<std::string>{"chunk_snapshot.000002.0000000040",
                                                         "chunk_snapshot.7", "chunk_snapshot.x.1"});
}

TEST_CASE("after a clean stop everything is in the snapshot and in chunks_head") {
  Snapshots s;
  s.scrape(300);
  const Model before = s.f.read();
  s.f.close();
  s.wipe_log();
  s.reopen();
  CHECK(s.used_snapshot());
  CHECK(s.f.read() == before);
  CHECK(s.f.head().stats().series == 40);
  s.scrape(300);
  const Model after = s.f.read();
  s.reopen();
  CHECK(s.used_snapshot());
  CHECK(s.f.read() == after);
}

TEST_CASE("the open chunk goes on as if nothing had happened") {
  Snapshots s;
  HeadFixture undisturbed;
  undisturbed.open();
  for (int k = 0; k < 250; ++k) {
    const double v = k % 3 == 0 ? k : 0.5 * k;
    s.f.append(series_labels(1), kStart + k * kStep, v);
    undisturbed.append(series_labels(1), kStart + k * kStep, v);
    if (k % 40 == 39) s.f.open();
  }
  CHECK(s.f.read() == undisturbed.read());
  CHECK(s.f.head().stats().chunks == undisturbed.head().stats().chunks);
}

TEST_CASE("a process that dies after a start has the snapshot and the log after it") {
  Snapshots s;
  s.scrape(100);
  s.reopen();
  s.scrape(60);
  const Model before = s.f.read();
  const std::string snapshot = s.snapshot().path;
  s.die();
  CHECK(s.snapshot().path == snapshot);
  s.reopen();
  CHECK(s.used_snapshot());
  CHECK(s.f.read() == before);
}

TEST_CASE("nothing new since the last snapshot leaves that one alone") {
  Snapshots s;
  s.scrape(10);
  s.f.close();
  const std::string first = s.snapshot().path;
  s.reopen();
  s.scrape(1);
  s.f.close();
  CHECK(s.snapshot().path != first);
  size_t snapshots = 0;
  for (const std::string& name : list_dir(s.f.dir()))
    snapshots += name.starts_with("chunk_snapshot.");
  CHECK(snapshots == 1);
}

TEST_CASE("histograms, deletes and exemplars are in the snapshot") {
  Snapshots s;
  s.f.live.max_exemplars = 100;
  s.reopen();
  const SeriesRef ref = s.f.intern(series_labels(100));
  FloatHistogram histogram = make_histogram({{1, 5}, {2, 7}});
  for (int k = 0; k < 50; ++k) {
    histogram.count += 1;
    histogram.positive_buckets[0] += 1;
    Batch batch;
    batch.histograms.push_back({ref, kStart + k * kStep, histogram});
    Exemplar exemplar;
    exemplar.labels = Labels{{"trace", std::to_string(k)}};
    exemplar.value = k;
    exemplar.t = kStart + k * kStep;
    exemplar.has_time = true;
    batch.exemplars.push_back({ref, exemplar});
    const AppendResult result = s.f.head().appender().append(batch);
    REQUIRE(result.stored_histograms == 1);
    REQUIRE(result.stored_exemplars == 1);
  }
  s.scrape(100);
  s.f.head().delete_samples(std::vector{Matcher(MatchType::kEqual, "job", "even")},
                            {kStart + 10 * kStep, kStart + 20 * kStep});
  const Model before = s.f.read();
  const auto histograms = [&] {
    Budget budget(0);
    const auto querier = s.f.head().querier({});
    const auto set = querier->select(
        std::vector{Matcher(MatchType::kEqual, "instance", "host:100")}, {{}}, budget);
    Columns columns;
    REQUIRE(set->size() == 1);
    set->read(0, {}, columns);
    return columns;
  };
  const Columns was = histograms();
  s.f.close();
  s.wipe_log();
  s.reopen();
  CHECK(s.used_snapshot());
  CHECK(s.f.read() == before);
  const Columns is = histograms();
  CHECK(is.histogram_t == was.histogram_t);
  REQUIRE(is.histograms.size() == was.histograms.size());
  for (size_t i = 0; i < is.histograms.size(); ++i) {
    CHECK(histogram_difference(is.histograms[i], was.histograms[i]) == "");
  }
  const std::vector<Matcher> all;
  const auto exemplars = s.f.head().exemplars({&all, 1}, {});
  REQUIRE(exemplars.size() == 1);
  CHECK(exemplars[0].exemplars.size() == 50);
  CHECK(exemplars[0].exemplars[7].labels == Labels{{"trace", "7"}});
}

TEST_CASE("a damaged snapshot is deleted, and the whole log read") {
  Snapshots s;
  s.scrape(150);
  const Model before = s.f.read();
  s.f.close();
  const std::string file = wal_segment_path(s.snapshot().path, 0);
  const std::string whole = read_file(file);
  for (size_t at = 0; at < whole.size(); at += 97) {
    CAPTURE(at);
    std::string damaged = whole;
    damaged[at] = static_cast<char>(damaged[at] ^ 0x08);
    make_dirs(file.substr(0, file.rfind('/')));
    write_file(file, damaged);
    s.reopen();
    REQUIRE(s.f.read() == before);
    CHECK(s.logged("the whole log is read") == !path_exists(file));
    s.die();
  }
}

TEST_CASE("an open chunk that no head would have made is refused, and the whole log read") {
  Snapshots s;
  s.scrape(20);
  const Model before = s.f.read();
  s.f.close();
  const HeadSnapshot snapshot = s.snapshot();
  XorEncoder encoder;
  for (int k = 0; k < 5000; ++k) encoder.append(kStart + k * 1000 + k % 7, 1.0 / (k + 1));
  SnapshotSeries series;
  series.ref = 1;
  series.labels = series_labels(0).flat();
  series.has_chunk = true;
  series.chunk = encoder.bytes();
  {
    HeadSnapshotWriter writer(s.f.dir(), snapshot.segment, snapshot.offset);
    const WalRecord record = make_wal_record(encode_snapshot_series(series), WalCompression::kNone);
    writer.add({&record, 1});
    writer.commit();
  }
  s.reopen();
  CHECK(s.logged("the chunk of series 1 is damaged"));
  CHECK_FALSE(path_exists(snapshot.path));
  CHECK(s.f.head().stats().series == 40);
  const Model after = s.f.read();
  CHECK(std::all_of(before.begin(), before.end(), [&](const auto& one) {
    return one.first == series_labels(0) || after.at(one.first) == one.second;
  }));
}

TEST_CASE(
    "a snapshot is of no use when finished chunks are lost, and none when the log ends before it") {
  Snapshots s;
  s.scrape(300);
  const Model before = s.f.read();
  s.f.close();
  const std::string chunks = s.f.dir() + "/chunks_head/000001";
  std::string bytes = read_file(chunks);
  bytes[bytes.size() / 2] ^= 1;
  write_file(chunks, bytes);
  s.reopen();
  CHECK_FALSE(s.used_snapshot());
  CHECK(s.logged("finished chunks are lost"));
  CHECK(s.f.read() == before);

  s.f.close();
  const std::string ahead = s.f.dir() + "/chunk_snapshot.000099.0000000000";
  rename_path(s.snapshot().path, ahead);
  s.reopen();
  CHECK(s.logged("the log ends before it"));
  CHECK_FALSE(path_exists(ahead));
  CHECK(s.f.read() == before);
}

TEST_CASE("a snapshot that is older than a checkpoint is of no use") {
  Snapshots s;
  s.f.options.wal_segment_bytes = kWalPageBytes;
  s.reopen();
  s.scrape(300);
  s.reopen();
  const HeadSnapshot old = s.snapshot();
  s.scrape(300);
  s.f.head().truncate(s.t - 200 * kStep);
  REQUIRE(latest_checkpoint(s.f.wal_dir()));
  REQUIRE(latest_checkpoint(s.f.wal_dir())->segment >= old.segment);
  const Model before = s.f.read();
  s.die();
  REQUIRE(path_exists(old.path));
  s.f.open(s.t - 200 * kStep);
  CHECK(s.logged("a checkpoint is newer"));
  CHECK_FALSE(path_exists(old.path));
  CHECK(s.f.read() == before);
}

TEST_CASE("a full disk at the stop leaves no half of a snapshot, and the log") {
  Snapshots s;
  s.scrape(150);
  const Model before = s.f.read();
  set_file_hook([&](FileOp op, const std::string& path, size_t* bytes) {
    if (op != FileOp::kWrite || path.find("chunk_snapshot") == std::string::npos) return;
    *bytes /= 2;
    throw Error(ErrorKind::kIo, "no space left on device");
  });
  s.f.close();
  set_file_hook({});
  CHECK_FALSE(latest_head_snapshot(s.f.dir()));
  for (const std::string& name : list_dir(s.f.dir()))
    CHECK_FALSE(name.starts_with("chunk_snapshot"));
  s.reopen();
  CHECK(s.f.read() == before);
}
