// Logs that are damaged, or strange, when the head opens them.
#include <doctest/doctest.h>

#include "core/file.h"
#include "tests/tsdb/head_fixture.h"
#include "tsdb/checkpoint.h"
#include "tsdb/wal_record.h"
#include "tsdb/wal_writer.h"

using namespace hearth;
using namespace hearth::tsdb;

namespace {

constexpr DurationMs kHour = 3'600'000;
const Labels kA{{"a", "1"}};

int logged_lines = 0;

// Opens the head and says how many lines of warning that made.
int open_and_count_lines(HeadFixture& f) {
  f.close();
  logged_lines = 0;
  set_log_level(LogLevel::kWarn);
  set_log_sink([](std::string_view) { ++logged_lines; });
  f.open();
  set_log_sink(nullptr);
  set_log_level(LogLevel::kError);
  return logged_lines;
}

std::string samples_record(uint64_t ref, TimeMs t, double v) {
  SamplesRecord record;
  record.reserve(1);
  record.add(ref, t, v);
  return record.take();
}

std::string series_record(uint64_t ref, LabelsView labels) {
  SeriesRecord record;
  record.add(ref, labels);
  return record.take();
}

// Makes the log of these records before the head is opened.
void write_log(HeadFixture& f, const std::vector<std::string>& records, uint32_t segment = 0) {
  make_dirs(f.wal_dir());
  WalWriter writer(f.wal_dir(), segment, 1 << 20);
  for (const std::string& record : records) writer.add({record, 0});
  writer.close();
}

}  // namespace

TEST_CASE("a torn tail is cut off with one log line, and all before it is there") {
  HeadFixture f;
  f.options.wal_compression = WalCompression::kNone;
  f.options.snapshot_on_shutdown = false;
  f.open();
  for (int i = 0; i < 10; ++i) f.append(kA, 1000 + i, 1.0 / 3);
  f.close();
  const std::string path = wal_segment_path(f.wal_dir(), 0);
  const std::string whole = read_file(path);
  write_file(path, whole.substr(0, whole.size() - 3));
  CHECK(open_and_count_lines(f) == 1);
  CHECK(f.read()[kA].size() == 9);
  CHECK(f.registry().text().find("prometheus_tsdb_wal_corruptions_total 1") != std::string::npos);
  CHECK(f.append(kA, 2000, 1).stored == 1);
  CHECK(open_and_count_lines(f) == 0);
  CHECK(f.read()[kA].size() == 10);
}

TEST_CASE("after a damaged record the rest of its segment and later segments are gone") {
  HeadFixture f;
  write_log(f, {series_record(1, kA), samples_record(1, 1000, 1), samples_record(1, 2000, 2)}, 0);
  write_log(f, {samples_record(1, 3000, 3)}, 1);
  const std::string path = wal_segment_path(f.wal_dir(), 0);
  std::string bytes = read_file(path);
  bytes[bytes.size() - 1] ^= 1;
  write_file(path, bytes);
  CHECK(open_and_count_lines(f) == 1);
  CHECK(f.read()[kA] == std::vector<std::pair<TimeMs, double>>{{1000, 1}});
  CHECK(wal_segments(f.wal_dir()) == std::vector<uint32_t>{0, 1});  // 1 is the new one
  CHECK(read_file(wal_segment_path(f.wal_dir(), 1)).empty());
}

TEST_CASE("a record whose content makes no sense is where the log is cut") {
  HeadFixture f;
  write_log(
      f, {series_record(1, kA), samples_record(1, 1000, 1), "\x02zzz", samples_record(1, 2000, 2)});
  CHECK(open_and_count_lines(f) == 1);
  CHECK(f.read()[kA].size() == 1);
}

TEST_CASE("records of types that the head does not know are skipped") {
  HeadFixture f;
  std::string tombstones;
  append_tombstone(tombstones, {1, 0, 10});
  write_log(
      f, {series_record(1, kA), "\x63unknown", tombstones, "\x07", "", samples_record(1, 1000, 1)});
  CHECK(open_and_count_lines(f) == 0);
  CHECK(f.read()[kA].size() == 1);
}

TEST_CASE("two refs of the same series are one series") {
  HeadFixture f;
  write_log(f, {series_record(1, kA), samples_record(1, 1000, 1), series_record(5, kA),
                samples_record(5, 2000, 2)});
  f.open();
  CHECK(f.read()[kA].size() == 2);
  CHECK(f.head().stats().series == 1);
  CHECK(f.intern({{"new", "1"}}) == 6);  // no ref of the log is used again
}

TEST_CASE("samples of unknown series are skipped with one log line") {
  HeadFixture f;
  write_log(f, {samples_record(7, 1000, 1), series_record(1, kA), samples_record(1, 1000, 1),
                samples_record(~uint64_t{0}, 1000, 1)});
  CHECK(open_and_count_lines(f) == 1);
  CHECK(f.read().size() == 1);
}

TEST_CASE("refs larger than ours are understood, and larger ones follow them") {
  HeadFixture f;
  const uint64_t large = (uint64_t{1} << 40) + 5;
  const Labels b{{"b", "1"}};
  write_log(f, {series_record(3, kA), series_record(large, b), samples_record(3, 1000, 1),
                samples_record(large, 1000, 2)});
  f.options.wal_compression = WalCompression::kNone;
  for (int start = 0; start < 3; ++start) {
    f.open();
    CHECK(f.append(kA, 2000 + start, start).stored == 1);
    CHECK(f.append(b, 2000 + start, start).stored == 1);
    CHECK(f.append({{"c", std::to_string(start)}}, 2000 + start, start).stored == 1);
    const Model before = f.read();
    CHECK(before.size() == static_cast<size_t>(3 + start));
    f.open();
    CHECK(f.read() == before);
    CHECK(f.read()[b].size() == static_cast<size_t>(2 + start));
  }
}

TEST_CASE("a ref that the log gives to a second series means that one from then on") {
  HeadFixture f;
  const Labels b{{"b", "1"}};
  write_log(f, {series_record(1, kA), samples_record(1, 1000, 1), series_record(1, b),
                samples_record(1, 2000, 2)});
  f.open();
  CHECK(f.read()[kA] == std::vector<std::pair<TimeMs, double>>{{1000, 1}});
  CHECK(f.read()[b] == std::vector<std::pair<TimeMs, double>>{{2000, 2}});
}

TEST_CASE("a damaged checkpoint loses no segment after it") {
  HeadFixture f;
  make_dirs(f.wal_dir() + "/checkpoint.00000003");
  write_file(f.wal_dir() + "/checkpoint.00000003/00000000", "\x01\x01\x05garbage");
  write_log(f, {series_record(1, kA), samples_record(1, 1000, 1)}, 4);
  CHECK(open_and_count_lines(f) == 1);
  CHECK(f.read()[kA].size() == 1);
  CHECK(wal_segments(f.wal_dir()) == std::vector<uint32_t>{4, 5});
}

TEST_CASE("a checkpoint keeps what is still needed and nothing else") {
  HeadFixture f;
  const Labels b{{"b", "1"}};
  MetadataRecord metadata;
  metadata.add(1, {MetricType::kCounter, "", "old"});
  metadata.add(2, {MetricType::kCounter, "", "gone"});
  MetadataRecord newer;
  newer.add(1, {MetricType::kCounter, "", "new"});
  std::string tombstones;
  append_tombstone(tombstones, {1, 0, 999});
  append_tombstone(tombstones, {1, 0, 1000});
  write_log(f,
            {series_record(1, kA), series_record(2, b), metadata.take(), samples_record(1, 999, 1),
             samples_record(1, 1000, 2), newer.take(), tombstones, "\x63unknown"});
  write_log(f, {samples_record(1, 2000, 3)}, 1);
  write_checkpoint(
      f.wal_dir(), 0, [](uint64_t ref) { return ref == 1; }, 1000, f.options);

  const auto checkpoint = latest_checkpoint(f.wal_dir());
  REQUIRE(checkpoint);
  CHECK(checkpoint->segment == 0);
  const std::string bytes = read_file(wal_segment_path(checkpoint->path, 0));
  WalWriter expected(f.wal_dir(), 9, 1 << 20);
  std::string kept_tombstone;
  append_tombstone(kept_tombstone, {1, 0, 1000});
  MetadataRecord kept_metadata;
  kept_metadata.add(1, {MetricType::kCounter, "", "new"});
  for (const std::string& record :
       {series_record(1, kA), samples_record(1, 1000, 2), kept_tombstone, kept_metadata.take()}) {
    expected.add(make_wal_record(record, f.options.wal_compression));
  }
  expected.flush();
  CHECK(bytes == read_file(wal_segment_path(f.wal_dir(), 9)));
  remove_file(wal_segment_path(f.wal_dir(), 9));

  make_dirs(f.wal_dir() + "/checkpoint.00000099.tmp");  // never finished
  f.open();
  CHECK(f.read()[kA] == std::vector<std::pair<TimeMs, double>>{{2000, 3}});  // the other is deleted
}

TEST_CASE("samples before the first valid time are not replayed") {
  HeadFixture f;
  f.options.snapshot_on_shutdown = false;
  f.open();
  for (int i = 0; i < 5; ++i) f.append(kA, i * kHour / 2, i);
  f.open(kHour);
  CHECK(f.read()[kA].size() == 3);
  CHECK(f.head().min_time() == kHour);
}
