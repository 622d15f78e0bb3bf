// Deleting samples out of order: those that are there go and stay away, what comes later is kept.
#include <doctest/doctest.h>

#include "core/error.h"
#include "tests/tsdb/histograms.h"
#include "tests/tsdb/late_fixture.h"
#include "tsdb/chunk_builder.h"
#include "tsdb/db.h"
#include "tsdb/head_chunk_file.h"
#include "tsdb/head_chunks.h"

using namespace hearth;
using namespace hearth::tsdb;

namespace {

std::vector<Matcher> matching(const Labels& labels) {
  return {Matcher(MatchType::kEqual, "instance", std::string(labels.get("instance")))};
}

// The segments of wbl as they are on the disk: a copy of the directory at this moment is what a
// kill leaves, as the log's writes are not held back.
struct KilledCopy {
  explicit KilledCopy(const LateFixture& of) {
    for (const char* part : {"/wal", "/wbl"}) {
      make_dirs(copy.dir() + part);
      for (const std::string& name : list_dir(of.dir() + part)) {
        if (is_directory(of.dir() + part + "/" + name)) continue;
        write_file(copy.dir() + part + "/" + name, read_file(of.dir() + part + "/" + name));
      }
    }
    copy.live.out_of_order_window = 24 * kHour;
  }
  Model read(TimeMs min_valid_time = kMinTime) {
    copy.open(min_valid_time);
    return copy.read();
  }
  HeadFixture copy;
};

// Late samples in two chunks and a run, every minute, for two series; and the newest one.
std::vector<TimeMs> fill(LateFixture& f) {
  std::vector<TimeMs> want;
  for (const int series : {1, 2}) f.append(series_labels(series), kNow, 1);
  for (int i = 80; i > 0; --i) {
    for (const int series : {1, 2})
      f.append(series_labels(series), kNow - (i * 37 % 80 + 1) * kMinute, i);
  }
  for (int i = 80; i >= 0; --i) want.push_back(kNow - i * kMinute);
  return want;
}

}  // namespace

TEST_CASE("a delete takes late samples away, in chunks and in the run, for good") {
  LateFixture f;
  std::vector<TimeMs> want = fill(f);
  const std::vector<TimeMs> all = want;
  const TimeRange range{kNow - 60 * kMinute, kNow - 2 * kMinute};
  f.head().delete_samples(matching(series_labels(1)), range);
  std::erase_if(want, [&](TimeMs t) { return range.contains(t); });
  CHECK(times(f.read(), series_labels(1)) == want);
  CHECK(times(f.read(), series_labels(2)) == all);

  const Model killed = KilledCopy(f).read();
  CHECK(times(killed, series_labels(1)) == want);
  CHECK(times(killed, series_labels(2)) == all);
  for (int restart = 0; restart < 2; ++restart) {
    f.open();
    CHECK(times(f.read(), series_labels(1)) == want);
    CHECK(times(f.read(), series_labels(2)) == all);
  }
  const auto compaction = f.head().compact_out_of_order();
  size_t samples = 0;
  for (const auto series = compaction->series_chunks({}); series->next();) {
    for (const ChunkView& chunk : series->chunks())
      samples += chunk_samples(chunk.encoding, chunk.bytes);
  }
  CHECK(samples == want.size() - 1 + all.size() - 1);
}

TEST_CASE("what comes late into a deleted range is there, before and after restarts") {
  LateFixture f;
  const Labels labels = series_labels(1);
  f.append(labels, kNow - kHour, 1);
  f.append(labels, kNow, 1);
  f.append(labels, kNow - kHour + 1, 2);
  f.append(labels, kNow - kHour + 2, 3);
  f.head().delete_samples(std::vector<Matcher>{}, {kNow - 2 * kHour, kNow - 1});
  CHECK(times(f.read(), labels) == std::vector<TimeMs>{kNow});
  CHECK(f.append(labels, kNow - kHour + 1, 4).stored == 1);
  CHECK(f.append(labels, kNow - kHour, 5).stored == 1);
  const std::vector<std::pair<TimeMs, double>> want{
      {kNow - kHour, 5}, {kNow - kHour + 1, 4}, {kNow, 1}};
  CHECK(f.read()[labels] == want);
  CHECK(KilledCopy(f).read()[labels] == want);
  f.open();
  CHECK(f.read()[labels] == want);
}

TEST_CASE("a delete of all late samples leaves nothing of them: their series can be collected") {
  LateFixture f;
  fill(f);
  const size_t chunks = f.head().stats().chunks;
  f.head().delete_samples(std::vector<Matcher>{}, {kMinTime, kNow - 1});
  CHECK(f.head().stats().chunks == chunks - 6);
  CHECK(f.head().out_of_order_times() == TimeRange{kMaxTime, kMinTime});
  CHECK(f.head().compact_out_of_order() == nullptr);
  CHECK(times(f.read(), series_labels(1)) == std::vector<TimeMs>{kNow});
  CHECK(times(KilledCopy(f).read(), series_labels(1)) == std::vector<TimeMs>{kNow});
}

TEST_CASE("histograms that came late are deleted as floats are") {
  LateFixture f;
  const Labels labels = series_labels(1);
  const auto append = [&](TimeMs t) {
    CHECK(f.append_histogram(labels, t, make_histogram({{0, 1}})).stored_histograms == 1);
  };
  append(kNow);
  for (int i = 40; i > 0; --i) append(kNow - i * kMinute);
  f.append(labels, kNow - kHour, 1);
  f.head().delete_samples(matching(labels), {kNow - 30 * kMinute, kNow - kMinute});
  append(kNow - 20 * kMinute);
  for (int restart = 0; restart < 2; ++restart) {
    const Columns columns = f.columns(labels);
    CHECK(columns.t == std::vector<TimeMs>{kNow - kHour});
    REQUIRE(columns.histogram_t.size() == 12);
    CHECK(columns.histogram_t[9] == kNow - 31 * kMinute);
    CHECK(columns.histogram_t[10] == kNow - 20 * kMinute);
    f.open();
  }
}

// To a replay of the log such a sample looks as if it had come in order.
TEST_CASE(
    "a deleted late sample of a series that had fallen behind does not come back with the log") {
  for (const bool compact_first : {false, true}) {
    LateFixture f;
    const Labels behind = series_labels(1);
    f.append(behind, kNow - 10 * kHour, 1);
    f.append(series_labels(2), kNow, 1);
    f.append(behind, kNow - 2 * kHour, 2);
    if (compact_first) f.head().compact_out_of_order()->release();
    f.head().delete_samples(matching(behind), {kNow - 3 * kHour, kMaxTime});
    const std::vector<TimeMs> want{kNow - 10 * kHour};
    CHECK(times(f.read(), behind) == want);
    CHECK(times(KilledCopy(f).read(), behind) == want);
    CHECK(times(KilledCopy(f).read(kNow - 5 * kHour), behind).empty());
    f.open();
    CHECK(times(f.read(), behind) == want);
  }
}

TEST_CASE("a delete that the disk does not allow leaves all other samples") {
  LateFixture f;
  set_log_sink([](std::string_view) {});
  const std::vector<TimeMs> all = fill(f);
  const TimeRange range{kNow - 60 * kMinute, kNow - 2 * kMinute};
  std::vector<TimeMs> rest = all;
  std::erase_if(rest, [&](TimeMs t) { return range.contains(t); });
  bool failed = true;
  size_t last = 0;
  for (; failed; ++last) {
    failed = false;
    size_t operations = 0;
    set_file_hook([&](FileOp, const std::string& path, size_t* bytes) {
      if (path.find("chunks_head") != std::string::npos || operations++ < last) return;
      failed = true;
      *bytes /= 2;
      throw Error(ErrorKind::kIo, "no space left on device");
    });
    try {
      f.head().delete_samples(matching(series_labels(1)), range);
    } catch (const Error&) {
      CHECK(failed);
    }
    set_file_hook({});
    for (int restart = 0; restart < 2; ++restart) {
      const Model found = f.read();
      const std::vector<TimeMs> got = times(found, series_labels(1));
      if (!failed) CHECK(got == rest);
      CHECK(std::includes(got.begin(), got.end(), rest.begin(), rest.end()));
      CHECK(times(found, series_labels(2)) == all);
      f.open();
    }
  }
  CHECK(last > 3);
  set_log_sink(nullptr);
}

namespace {

// What chunks_head/ has of late samples under their series' refs.
size_t named_late_chunks(const LateFixture& f) {
  size_t count = 0;
  for (const std::string& name : list_dir(f.dir() + "/chunks_head")) {
    const std::string bytes = read_file(f.dir() + "/chunks_head/" + name);
    HeadChunkFileReader reader(bytes);
    while (reader.next() == HeadChunkFileReader::Outcome::kChunk)
      count += reader.chunk().out_of_order && reader.chunk().series != kOfNoSeries ? 1 : 0;
    CHECK(reader.error() == "");
  }
  return count;
}

std::string late_chunk(uint64_t series, const std::vector<TimeMs>& at) {
  Columns columns;
  columns.t = at;
  columns.v.assign(at.size(), 1);
  ChunkBuilder builder;
  std::vector<ChunkView> chunks;
  builder.build(columns, chunks);
  std::string encoded;
  encode_head_chunk({series, at.front(), at.back(), chunks[0].encoding, true, chunks[0].bytes},
                    encoded);
  return encoded;
}

}  // namespace

TEST_CASE("what is deleted is not left in chunks of late samples that Prometheus would find") {
  const Labels labels = series_labels(1);
  const std::vector<TimeMs> late{kNow - 2 * kHour, kNow - kHour};
  const TimeRange range{kNow - kHour, kNow - kHour};
  set_log_sink([](std::string_view) {});
  bool failed = true;
  size_t last = 0;
  for (; failed; ++last) {
    CAPTURE(last);
    LateFixture f;
    const SeriesRef ref = f.intern(labels);
    f.append_late(labels);
    f.close();
    for (const std::string& name : list_dir(f.dir() + "/chunks_head"))
      remove_file(f.dir() + "/chunks_head/" + name);
    for (const char* name : {"/chunks_head/000001", "/chunks_head/000002"})
      write_file(f.dir() + name, head_chunk_file_header() + late_chunk(ref, late));
    write_file(f.dir() + "/chunks_head/000003.tmp", "unfinished");
    f.open();
    CHECK(named_late_chunks(f) == 2);
    CHECK_FALSE(path_exists(f.dir() + "/chunks_head/000003.tmp"));

    failed = false;
    size_t operations = 0;
    set_file_hook([&](FileOp, const std::string&, size_t* bytes) {
      if (operations++ < last) return;
      failed = true;
      *bytes /= 2;
      throw Error(ErrorKind::kIo, "no space left on device");
    });
    try {
      f.head().delete_samples(matching(labels), range);
      CHECK(named_late_chunks(f) == 0);
    } catch (const Error&) {
      CHECK(failed);
    }
    set_file_hook({});
    const std::vector<TimeMs> rest{kNow - 2 * kHour, kNow};
    for (int restart = 0; restart < 2; ++restart) {
      const std::vector<TimeMs> got = times(f.read(), labels);
      if (!failed) CHECK(got == rest);
      CHECK(std::includes(got.begin(), got.end(), rest.begin(), rest.end()));
      f.open();
    }
    f.head().delete_samples(matching(labels), range);
    CHECK(named_late_chunks(f) == 0);
    CHECK(times(f.read(), labels) == rest);
  }
  CHECK(last > 5);
  set_log_sink(nullptr);
}
