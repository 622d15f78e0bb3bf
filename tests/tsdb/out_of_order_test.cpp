// Samples out of order in the head: what is accepted, read, logged, and taken for a block.
#include <doctest/doctest.h>

#include <algorithm>
#include <thread>

#include "tests/tsdb/late_fixture.h"
#include "tests/tsdb/mmap_markers.h"
#include "tsdb/chunk_builder.h"
#include "tsdb/head_chunk_file.h"
#include "tsdb/out_of_order.h"
#include "tsdb/wal_writer.h"

using namespace hearth;
using namespace hearth::tsdb;

namespace {

Model compacted(OutOfOrderCompaction& compaction, TimeRange range) {
  Model model;
  const auto series = compaction.series_chunks(range);
  while (series->next()) {
    auto& samples = model[Labels(series->labels())];
    Columns columns;
    for (const ChunkView& chunk : series->chunks())
      decode_chunk(chunk.encoding, chunk.bytes, {}, columns);
    for (size_t i = 0; i < columns.t.size(); ++i) samples.emplace_back(columns.t[i], columns.v[i]);
  }
  return model;
}

}  // namespace

TEST_CASE("a run keeps its samples by time and drops a second one of the same time") {
  OutOfOrderSamples late;
  for (const TimeMs t : {5, 1, 9, 3}) CHECK(late.insert(t, static_cast<double>(t), nullptr));
  CHECK_FALSE(late.insert(3, 33, nullptr));
  Columns columns;
  late.copy_run({2, 9}, columns);
  CHECK(columns.t == std::vector<TimeMs>{3, 5, 9});
  CHECK(columns.v == std::vector<double>{3, 5, 9});
  CHECK(late.times() == TimeRange{1, 9});
}

TEST_CASE("a run is split where the kind of sample changes or a chunk would be too long") {
  OutOfOrderSamples late;
  const FloatHistogram histogram;
  late.insert(1, 1, nullptr);
  late.insert(2, 2, nullptr);
  late.insert(3, 0, &histogram);
  late.insert(4, 4, nullptr);
  late.insert(TimeMs{1} << 33, 5, nullptr);
  const std::vector<Columns> pieces = split_run(late.run);
  REQUIRE(pieces.size() == 4);
  CHECK(pieces[0].t == std::vector<TimeMs>{1, 2});
  CHECK(pieces[1].histogram_t == std::vector<TimeMs>{3});
  CHECK(pieces[2].t == std::vector<TimeMs>{4});
  CHECK(pieces[3].t == std::vector<TimeMs>{TimeMs{1} << 33});
}

TEST_CASE("columns are sorted by time, the first of equal ones staying") {
  Columns columns;
  columns.t = {4, 2, 4, 1};
  columns.v = {40, 20, 41, 10};
  sort_columns(columns);
  CHECK(columns.t == std::vector<TimeMs>{1, 2, 4});
  CHECK(columns.v == std::vector<double>{10, 20, 40});
}

TEST_CASE("samples within the window are accepted and read in the order of time") {
  LateFixture f;
  const Labels labels = series_labels(1);
  for (const DurationMs ago : {0L, 5 * kHour, 2L, 24 * kHour, 3 * kMinute})
    CHECK(f.append(labels, kNow - ago, static_cast<double>(ago)).stored == 1);
  CHECK(times(f.read(), labels) == std::vector<TimeMs>{kNow - 24 * kHour, kNow - 5 * kHour,
                                                       kNow - 3 * kMinute, kNow - 2, kNow});
  CHECK(times(f.read({kNow - 5 * kHour, kNow - 3 * kMinute}), labels) ==
        std::vector<TimeMs>{kNow - 5 * kHour, kNow - 3 * kMinute});

  const AppendResult too_old = f.append(labels, kNow - 24 * kHour - 1, 1);
  CHECK(too_old.too_old == 1);
  REQUIRE(too_old.refused.size() == 1);
  CHECK(too_old.refused[0].why == Refusal::kTooOld);
}

TEST_CASE("without a window samples out of order are refused as before") {
  HeadFixture f;
  f.open();
  const Labels labels = series_labels(1);
  CHECK(f.append(labels, kNow, 1).stored == 1);
  CHECK(f.append(labels, kNow - kMinute, 1).out_of_order == 1);
  CHECK(f.append(labels, kNow - 2 * kHour, 1).out_of_bounds == 1);
  f.live.out_of_order_window = kHour;
  f.head().apply(f.live);
  CHECK(f.append(labels, kNow - kMinute, 1).stored == 1);
  CHECK(f.append(labels, kNow - 2 * kHour, 1).too_old == 1);
}

TEST_CASE("the newest sample once more is a duplicate, an older one is dropped without a word") {
  LateFixture f;
  const Labels labels = series_labels(1);
  f.append(labels, kNow, 1);
  CHECK(f.append(labels, kNow, 2).duplicate == 1);
  CHECK(f.append(labels, kNow, 1).stored == 1);
  CHECK(f.append(labels, kNow - kMinute, 3).stored == 1);
  CHECK(f.append(labels, kNow - kMinute, 4).stored == 1);
  CHECK(f.read()[labels] == std::vector<std::pair<TimeMs, double>>{{kNow - kMinute, 3}, {kNow, 1}});
}

TEST_CASE("a series that fell behind takes samples newer than its own beside its chunks") {
  LateFixture f;
  const Labels behind = series_labels(1);
  f.append(behind, kNow - 10 * kHour, 1);
  f.append(series_labels(2), kNow, 1);
  CHECK(f.append(behind, kNow - 2 * kHour, 2).stored == 1);
  CHECK(times(f.read(), behind) == std::vector<TimeMs>{kNow - 10 * kHour, kNow - 2 * kHour});

  Budget budget(0);
  const auto querier = f.head().querier({});
  const std::vector<Matcher> all;
  const auto set = querier->select(all, {{}}, budget);
  Sample newest;
  for (size_t i = 0; i < set->size(); ++i) {
    const bool told = set->latest(i, kNow - 24 * kHour, kNow - kHour, newest);
    CHECK_FALSE(told);  // it has to be read
  }
}

TEST_CASE("late samples survive a restart, those in full runs too") {
  LateFixture f;
  const Labels labels = series_labels(1);
  std::vector<TimeMs> want;
  f.append(labels, kNow, 1);
  for (int i = 0; i < 200; ++i) {
    const TimeMs t = kNow - kHour - (i * 37 % 200) * kMinute;
    CHECK(f.append(labels, t, i).stored == 1);
    want.push_back(t);
  }
  want.push_back(kNow);
  std::sort(want.begin(), want.end());
  CHECK(times(f.read(), labels) == want);
  for (int restart = 0; restart < 3; ++restart) {
    f.open();
    CHECK(times(f.read(), labels) == want);
  }
  CHECK(f.append(labels, kNow - 2, 1).stored == 1);
  want.insert(want.end() - 1, kNow - 2);
  f.open();
  CHECK(times(f.read(), labels) == want);
}

TEST_CASE(
    "markers and chunks that Prometheus made bring nothing that is not in the log, and take "
    "nothing") {
  LateFixture f;
  const Labels labels = series_labels(1);
  f.append(labels, kNow, 1);
  const SeriesRef ref = f.intern(labels);
  f.close();
  make_dirs(f.wbl_dir());
  SamplesRecord samples;
  samples.reserve(2);
  samples.add(ref, kNow - kHour, 1);
  samples.add(ref, kNow - kMinute, 2);
  {
    WalWriter log(f.wbl_dir(), 0, 1 << 20);
    log.add(make_wal_record(samples.take(), WalCompression::kSnappy));
    log.add(make_wal_record(mmap_markers_record({{ref, uint64_t{1} << 32 | 8}}),
                            WalCompression::kSnappy));
    log.close();
  }
  // The chunk has the first sample, and one that was deleted.
  Columns columns;
  columns.t = {kNow - 2 * kHour, kNow - kHour};
  columns.v = {7, 1};
  ChunkBuilder builder;
  std::vector<ChunkView> chunks;
  builder.build(columns, chunks);
  std::string chunk;
  encode_head_chunk({ref, columns.t[0], columns.t[1], chunks[0].encoding, true, chunks[0].bytes},
                    chunk);
  for (const std::string& name : list_dir(f.dir() + "/chunks_head"))
    remove_file(f.dir() + "/chunks_head/" + name);
  write_file(f.dir() + "/chunks_head/000001", head_chunk_file_header() + chunk);
  for (int restart = 0; restart < 2; ++restart) {
    f.open();
    CHECK(times(f.read(), labels) == std::vector<TimeMs>{kNow - kHour, kNow - kMinute, kNow});
  }
}

TEST_CASE(
    "late samples under a second ref of their series outlive the log that tells what it means") {
  LateFixture f;
  f.options.snapshot_on_shutdown = true;
  const Labels labels = series_labels(1);
  f.append(labels, kNow, 1);
  f.close();
  SeriesRecord series;
  series.add(77, labels);
  SamplesRecord samples;
  samples.reserve(1);
  samples.add(77, kNow - kHour, 2);
  const auto add_segment = [](const std::string& dir, uint32_t segment, std::string record) {
    make_dirs(dir);
    WalWriter log(dir, segment, 1 << 20);
    log.add(make_wal_record(std::move(record), WalCompression::kSnappy));
    log.close();
  };
  add_segment(f.wal_dir(), wal_segments(f.wal_dir()).back() + 1, series.take());
  add_segment(f.wbl_dir(), 0, samples.take());
  for (int restart = 0; restart < 3; ++restart) {
    f.open();
    CHECK(times(f.read(), labels) == std::vector<TimeMs>{kNow - kHour, kNow});
  }
}

TEST_CASE("a damaged segment of wbl costs what stands behind the damage in it, and nothing else") {
  LateFixture f;
  set_log_sink([](std::string_view) {});
  const Labels labels = series_labels(1);
  f.append_late(labels);
  f.open();
  f.append(labels, kNow - 3 * kHour, 4);
  f.close();
  REQUIRE(wal_segments(f.wbl_dir()).size() == 2);
  const std::string path = wal_segment_path(f.wbl_dir(), 0);
  std::string bytes = read_file(path);
  bytes.back() = static_cast<char>(bytes.back() ^ 1);
  write_file(path, bytes);
  for (int restart = 0; restart < 2; ++restart) {
    f.open();
    CHECK(times(f.read(), labels) == std::vector<TimeMs>{kNow - 3 * kHour, kNow - kHour, kNow});
  }
  set_log_sink(nullptr);
}

TEST_CASE("a torn end of wbl is cut off, what stands before it is there") {
  LateFixture f;
  set_log_sink([](std::string_view) {});
  const Labels labels = series_labels(1);
  f.append_late(labels);
  f.close();
  const std::string path = wal_segment_path(f.wbl_dir(), wal_segments(f.wbl_dir()).back());
  const uint64_t size = read_file(path).size();
  File(path, File::Mode::kAppend).truncate(size - 9);
  f.open();
  CHECK(times(f.read(), labels) == std::vector<TimeMs>{kNow - kHour, kNow});
  CHECK(f.append(labels, kNow - 3 * kHour, 4).stored == 1);
  f.open();
  CHECK(times(f.read(), labels) == std::vector<TimeMs>{kNow - 3 * kHour, kNow - kHour, kNow});
  set_log_sink(nullptr);
}

TEST_CASE("a series with late samples only is not collected") {
  LateFixture f;
  const Labels labels = series_labels(1);
  f.append(series_labels(2), kNow, 1);
  f.append(labels, kNow - 10 * kHour, 1);
  for (int i = 1; i < 6; ++i) {
    f.append(series_labels(2), kNow + i * kHour, 1);
    f.head().truncate(kNow + (i - 1) * kHour);
  }
  CHECK(times(f.read(), labels) == std::vector<TimeMs>{kNow - 10 * kHour});
  CHECK(f.head().stats().series == 2);

  f.head().compact_out_of_order()->release();
  CHECK(times(f.read(), labels).empty());
  for (int i = 6; i < 9; ++i) {
    f.append(series_labels(2), kNow + i * kHour, 1);
    f.head().truncate(kNow + (i - 1) * kHour);
  }
  CHECK(f.head().stats().series == 1);
}

TEST_CASE("a compaction takes what was there, by block ranges, and nothing that came later") {
  LateFixture f;
  const Labels labels = series_labels(1);
  f.append(labels, kNow, 1);
  CHECK(f.head().compact_out_of_order() == nullptr);
  for (int i = 0; i < 100; ++i) f.append(labels, kNow - 6 * kHour + i, i);
  f.append(labels, kNow - kHour, 7);
  {
    const auto compaction = f.head().compact_out_of_order();
    REQUIRE(compaction != nullptr);
    CHECK(compaction->ranges() == std::vector<TimeMs>{kNow - 6 * kHour, kNow - 2 * kHour});
    f.append(labels, kNow - 6 * kHour + 1000, 8);
    const Model first = compacted(*compaction, {kNow - 6 * kHour, kNow - 4 * kHour - 1});
    REQUIRE(first.count(labels) == 1);
    CHECK(first.at(labels).size() == 100);
    CHECK(times(f.read(), labels).size() == 103);
    compaction->release();
  }
  CHECK(times(f.read(), labels) == std::vector<TimeMs>{kNow - 6 * kHour + 1000, kNow});
  f.open();
  CHECK(times(f.read(), labels) == std::vector<TimeMs>{kNow - 6 * kHour + 1000, kNow});
}

TEST_CASE("a compaction that is given up changes nothing") {
  LateFixture f;
  const Labels labels = series_labels(1);
  f.append(labels, kNow, 1);
  f.append(labels, kNow - kHour, 7);
  for (int i = 0; i < 3; ++i) CHECK(f.head().compact_out_of_order()->ranges().size() == 1);
  CHECK(times(f.read(), labels) == std::vector<TimeMs>{kNow - kHour, kNow});
  f.open();
  CHECK(times(f.read(), labels) == std::vector<TimeMs>{kNow - kHour, kNow});
}

TEST_CASE("histograms that come late are merged with those in order") {
  LateFixture f;
  const Labels labels = series_labels(1);
  FloatHistogram histogram;
  histogram.integer = true;
  histogram.positive_spans = {{0, 2}};
  const auto append = [&](TimeMs t, double first) {
    histogram.positive_buckets = {first, 1};
    histogram.count = first + 1;
    histogram.sum = first;
    return f.append_histogram(labels, t, histogram).stored_histograms;
  };
  CHECK(append(kNow, 100) == 1);
  for (int i = 0; i < 40; ++i) CHECK(append(kNow - kHour + i * 7 % 40, i) == 1);
  const auto check = [&] {
    Budget budget(0);
    const auto querier = f.head().querier({});
    const auto set = querier->select({}, {{}}, budget);
    REQUIRE(set->size() == 1);
    Columns columns;
    set->read(0, {}, columns);
    REQUIRE(columns.histograms.size() == 41);
    for (int k = 0; k < 40; ++k) {
      REQUIRE(columns.histogram_t[static_cast<size_t>(k)] == kNow - kHour + k);
      REQUIRE(columns.histograms[static_cast<size_t>(k)].sum == k * 23 % 40);
    }
  };
  check();
  f.open();
  check();
  const auto compaction = f.head().compact_out_of_order();
  const auto series = compaction->series_chunks({});
  REQUIRE(series->next());
  size_t samples = 0;
  for (const ChunkView& chunk : series->chunks())
    samples += chunk_samples(chunk.encoding, chunk.bytes);
  CHECK(samples == 40);
}

TEST_CASE("late samples of several threads at once are all there, before and after a restart") {
  LateFixture f;
  constexpr int kThreads = 4;
  constexpr int kSamples = 400;
  const Labels labels = series_labels(1);
  f.append(labels, kNow, 1);
  const SeriesRef ref = f.intern(labels);
  std::vector<std::thread> threads;
  for (int thread = 0; thread < kThreads; ++thread) {
    threads.emplace_back([&f, ref, thread] {
      for (int i = 0; i < kSamples; ++i) {
        Batch batch;
        batch.push(ref, kNow - kHour + (i * 7 % kSamples) * kThreads + thread, i);
        f.head().appender().append(batch);
      }
    });
  }
  // A compaction that ends the runs, and reads, meanwhile.
  size_t seen = 0;
  for (bool growing = true; growing;) {
    f.head().compact_out_of_order();
    const size_t now = times(f.read(), labels).size();
    growing = now < 1 + kThreads * kSamples;
    CHECK(now >= seen);
    seen = now;
  }
  for (std::thread& thread : threads) thread.join();
  std::vector<TimeMs> want;
  for (int i = 0; i < kThreads * kSamples; ++i) want.push_back(kNow - kHour + i);
  want.push_back(kNow);
  CHECK(times(f.read(), labels) == want);
  f.open();
  CHECK(times(f.read(), labels) == want);
}

TEST_CASE("what the disk refused is not stored twice when it is brought again, nor lost") {
  LateFixture f;
  const Labels labels = series_labels(1);
  f.append(labels, kNow, 1);
  f.append(labels, kNow - 1, 1);
  set_log_sink([](std::string_view) {});
  set_file_hook([](FileOp op, const std::string& path, size_t* bytes) {
    if (op != FileOp::kWrite || path.find("/wbl/") == std::string::npos) return;
    *bytes = 0;
    throw Error(ErrorKind::kIo, "no space left on device");
  });
  CHECK_THROWS_AS(f.append(labels, kNow - kHour, 2), Error);
  CHECK_THROWS_AS(f.append(labels, kNow - 2 * kHour, 3), Error);
  set_file_hook({});
  CHECK(f.append(labels, kNow - kHour, 2).stored == 1);
  CHECK(f.append(labels, kNow - 2 * kHour, 3).stored == 1);
  const std::vector<TimeMs> want{kNow - 2 * kHour, kNow - kHour, kNow - 1, kNow};
  CHECK(times(f.read(), labels) == want);
  f.open();
  CHECK(times(f.read(), labels) == want);
  set_log_sink(nullptr);
}
