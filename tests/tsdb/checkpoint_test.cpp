#include "tsdb/checkpoint.h"

#include <doctest/doctest.h>

#include "core/error.h"
#include "core/file.h"
#include "core/log.h"
#include "tests/tsdb/hex.h"
#include "tests/tsdb/mmap_markers.h"
#include "tsdb/wal_reader.h"
#include "tsdb/wal_record_histogram.h"
#include "tsdb/wal_writer.h"

using namespace hearth;
using namespace hearth::tsdb;

namespace {

constexpr TimeMs kMin = 1000;

void write_segment(const std::string& dir, uint32_t segment,
                   const std::vector<std::string>& records) {
  WalWriter writer(dir, segment, 16 << 20);
  for (const std::string& record : records) writer.add({record, 0});
  writer.close();
}

// In hexadecimal digits, to be printable.
std::vector<std::string> hex(const std::vector<std::string>& records) {
  std::vector<std::string> out;
  for (const std::string& record : records) out.push_back(to_hex(record));
  return out;
}

std::vector<std::string> records_in(const std::string& dir) {
  std::vector<std::string> records;
  for (const uint32_t segment : wal_segments(dir)) {
    const std::string bytes = read_file(wal_segment_path(dir, segment));
    WalReader reader(bytes);
    while (reader.next() == WalReader::Outcome::kRecord) records.emplace_back(reader.record());
  }
  return records;
}

bool keep_odd(uint64_t ref) { return ref % 2 == 1; }

std::vector<std::string> checkpoint_of(const std::string& dir, uint32_t last,
                                       const Options& options = {}) {
  write_checkpoint(dir, last, keep_odd, kMin, options);
  return records_in(latest_checkpoint(dir)->path);
}

std::string series_record(uint64_t ref) {
  SeriesRecord record;
  record.add(ref, Labels{{"a", std::to_string(ref)}});
  return record.take();
}

std::string samples_record(const std::vector<TimeMs>& times) {
  SamplesRecord record;
  record.reserve(times.size());
  for (const TimeMs t : times) record.add(1, t, 0.5);
  return record.take();
}

std::string metadata_record(uint64_t ref, const std::string& help) {
  MetadataRecord record;
  record.add(ref, {MetricType::kGauge, "", help});
  return record.take();
}

std::vector<std::string> histogram_records(const std::vector<TimeMs>& times, EntryForm form) {
  HistogramsRecord record(form);
  for (const bool integer : {true, false}) {
    for (const int32_t schema : {0, kCustomBucketsSchema}) {
      FloatHistogram h;
      h.integer = integer;
      h.schema = schema;
      h.sum = 1;
      for (const TimeMs t : times) record.add(2, t, h, 5);
    }
  }
  return record.take();
}

}  // namespace

TEST_CASE("of every kind of record a checkpoint keeps the entries that are still needed") {
  TempDir dir;
  std::vector<std::string> records, wanted;
  const auto add = [](std::vector<std::string>& to, const std::vector<std::string>& more) {
    to.insert(to.end(), more.begin(), more.end());
  };
  for (const EntryForm form : {EntryForm::kPlain, EntryForm::kStarted}) {
    add(records, histogram_records({999, 1000, 998, 1001}, form));
    add(wanted, histogram_records({1000, 1001}, form));
  }
  add(records, {samples_record({999, 1000, 1001, 5}), samples_record({998, 999}),
                samples_record({2000, 2001})});
  add(wanted, {samples_record({1000, 1001}), samples_record({2000, 2001})});
  SamplesV2Record started, kept_started;
  started.add(2, 999, 1, 900);
  started.add(2, 1000, 2, 900);
  kept_started.add(2, 1000, 2, 900);
  ExemplarsRecord exemplars, kept_exemplars;
  exemplars.add(1, {Labels{{"x", "y"}}, 1, 999, true});
  exemplars.add(2, {Labels{{"x", "y"}}, 2, 1000, true});
  kept_exemplars.add(2, {Labels{{"x", "y"}}, 2, 1000, true});
  std::string tombstones, kept_tombstones;
  append_tombstone(tombstones, {1, 0, 999});
  append_tombstone(tombstones, {2, 0, 1000});
  append_tombstone(kept_tombstones, {2, 0, 1000});
  SeriesRecord series;
  for (uint64_t ref = 1; ref <= 3; ++ref) series.add(ref, Labels{{"a", "b"}});
  SeriesRecord kept_series;
  for (const uint64_t ref : {1u, 3u}) kept_series.add(ref, Labels{{"a", "b"}});
  add(records, {started.take(), exemplars.take(), tombstones, mmap_markers_record({{1, 8}}), series.take(),
                series_record(4), metadata_record(1, "old"), metadata_record(2, "gone"),
                metadata_record(1, "new"), metadata_record(3, "new"), "\x63unknown", ""});
  MetadataRecord kept_metadata;
  kept_metadata.add(1, {MetricType::kGauge, "", "new"});
  kept_metadata.add(3, {MetricType::kGauge, "", "new"});
  add(wanted, {kept_started.take(), kept_exemplars.take(), kept_tombstones, kept_series.take(),
               kept_metadata.take()});
  write_segment(dir.path(), 0, records);
  write_segment(dir.path(), 1, {});
  CHECK(hex(checkpoint_of(dir.path(), 0)) == hex(wanted));
}

TEST_CASE("a checkpoint stands for the one before it and the segments since") {
  TempDir dir;
  for (uint32_t segment = 0; segment < 6; ++segment) {
    write_segment(dir.path(), segment, {series_record(2 * segment + 1)});
  }
  CHECK(checkpoint_of(dir.path(), 1) ==
        std::vector<std::string>{series_record(1), series_record(3)});
  // Segments that a checkpoint stands for already do not count twice.
  CHECK(checkpoint_of(dir.path(), 3) == std::vector<std::string>{series_record(1), series_record(3),
                                                                 series_record(5),
                                                                 series_record(7)});
  CHECK(path_exists(dir.path() + "/checkpoint.00000001"));
  remove_old_checkpoints(dir.path(), 3);
  CHECK(!path_exists(dir.path() + "/checkpoint.00000001"));
  CHECK(latest_checkpoint(dir.path())->path == dir.path() + "/checkpoint.00000003");
}

TEST_CASE("the newest checkpoint counts, unfinished ones and files are none") {
  TempDir dir;
  CHECK(!latest_checkpoint(dir.path()));
  for (const char* name : {"checkpoint.00000002", "checkpoint.00000010", "checkpoint.00000011.tmp",
                           "checkpoint.x", "checkpoint.", "checkpoints.00000012"}) {
    make_dirs(dir.path() + "/" + name);
  }
  write_file(dir.path() + "/checkpoint.00000013", "");
  CHECK(latest_checkpoint(dir.path())->segment == 10);
  remove_old_checkpoints(dir.path(), 10);
  CHECK(list_dir(dir.path()) == std::vector<std::string>{"checkpoint.", "checkpoint.00000010",
                                                         "checkpoint.00000013", "checkpoint.x",
                                                         "checkpoints.00000012"});
}

TEST_CASE("no checkpoint is made over a damaged segment or checkpoint, and nothing changes") {
  for (const bool in_checkpoint : {true, false}) {
    TempDir dir;
    write_segment(dir.path(), 0, {series_record(1)});
    write_segment(dir.path(), 1, {series_record(3)});
    checkpoint_of(dir.path(), 0);
    const std::string damaged = wal_segment_path(
        in_checkpoint ? dir.path() + "/checkpoint.00000000" : dir.path(), in_checkpoint ? 0 : 1);
    std::string bytes = read_file(damaged);
    bytes.back() ^= 1;
    write_file(damaged, bytes);
    const std::vector<std::string> before = list_dir(dir.path());
    std::string said;
    try {
      write_checkpoint(dir.path(), 1, keep_odd, kMin, {});
    } catch (const Error& error) {
      CHECK(error.kind() == ErrorKind::kCorrupt);
      said = error.what();
    }
    CHECK(said.find(damaged) != std::string::npos);
    CHECK(list_dir(dir.path()) == before);
  }
}

TEST_CASE("a checkpoint that fails at any step leaves what was there, and the next one succeeds") {
  TempDir dir;
  write_segment(dir.path(), 0, {series_record(1), samples_record({2000})});
  write_segment(dir.path(), 1, {series_record(3)});
  set_log_sink([](std::string_view) {});
  int allowed = 0;
  for (bool failed = true; failed; ++allowed) {
    failed = false;
    int steps = 0;
    set_file_hook([&](FileOp op, const std::string&, size_t* bytes) {
      if (op == FileOp::kRemove || steps++ != allowed) return;  // a full disk lets us remove
      failed = true;
      if (op == FileOp::kWrite) *bytes /= 2;
      throw Error(ErrorKind::kIo, "no space left on device");
    });
    try {
      write_checkpoint(dir.path(), 0, keep_odd, kMin, {});
    } catch (const Error& error) {
      CHECK(error.kind() == ErrorKind::kIo);
    }
    set_file_hook({});
    const auto checkpoint = latest_checkpoint(dir.path());
    if (checkpoint) {  // also when only the last step, after the rename, failed
      CHECK(records_in(checkpoint->path) ==
            std::vector<std::string>{series_record(1), samples_record({2000})});
      remove_all(checkpoint->path);
    }
    CHECK(list_dir(dir.path()) == std::vector<std::string>{"00000000", "00000001"});
  }
  set_log_sink(nullptr);
  CHECK(allowed > 5);
}

TEST_CASE("checkpoints are compressed as the log is, and cut into segments") {
  for (const WalCompression compression :
       {WalCompression::kNone, WalCompression::kSnappy, WalCompression::kZstd}) {
    TempDir dir;
    std::vector<std::string> records;
    for (int i = 0; i < 30; ++i) {
      records.push_back(samples_record(std::vector<TimeMs>(3000, 2000 + i)));
    }
    write_segment(dir.path(), 0, records);
    Options options;
    options.wal_compression = compression;
    options.wal_segment_bytes = 8 * kWalPageBytes;
    CHECK(checkpoint_of(dir.path(), 0, options) == records);
    const std::string path = latest_checkpoint(dir.path())->path;
    CHECK((wal_segments(path).size() > 1) == (compression == WalCompression::kNone));
  }
}

TEST_CASE("the metadata of many series lies in records of bounded size") {
  TempDir dir;
  std::vector<std::string> records;
  for (uint64_t ref = 1; ref < 2000; ref += 2) {
    records.push_back(metadata_record(ref, std::string(3000, 'h') + std::to_string(ref % 10)));
  }
  write_segment(dir.path(), 0, records);
  uint64_t next = 1;
  for (const std::string& record : checkpoint_of(dir.path(), 0)) {
    CHECK(record.size() < 2'000'000);
    read_metadata(record, [&](uint64_t ref, const Metadata& metadata) {
      REQUIRE(ref == next);
      CHECK(metadata.help.substr(3000) == std::to_string(ref % 10));
      next += 2;
    });
  }
  CHECK(next == 2001);
}
