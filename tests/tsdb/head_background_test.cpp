// The replay in the background: what is appended meanwhile goes through the log into memory.
#include <doctest/doctest.h>

#include <atomic>
#include <thread>

#include "core/error.h"
#include "tests/tsdb/head_fixture.h"
#include "tests/tsdb/in_replay.h"
#include "tsdb/db.h"
#include "tsdb/wal_format.h"
#include "tsdb/wal_record.h"
#include "tsdb/wal_writer.h"

using namespace hearth;
using namespace hearth::tsdb;

namespace {

constexpr DurationMs kHour = 3'600'000;
constexpr TimeMs kStart = 100 * kHour;

FloatHistogram histogram(double count) {
  FloatHistogram h;
  h.integer = true;
  h.count = count;
  h.sum = count;
  h.zero_threshold = 1e-128;
  h.zero_count = count;
  return h;
}

void fill(HeadFixture& f, int series, int rounds) {
  for (int round = 0; round < rounds; ++round) {
    Batch batch;
    for (int i = 0; i < series; ++i)
      batch.push(f.intern(series_labels(i)), kStart + round * 15'000, round + i);
    f.head().appender().append(batch);
  }
}

}  // namespace

TEST_CASE("what is appended during the replay is there afterwards, and after the next start") {
  HeadFixture f(2);
  f.options.snapshot_on_shutdown = false;
  f.live.max_exemplars = 10;
  f.options.live = f.live;
  f.open();
  fill(f, 500, 20);
  const Labels fresh{{"__name__", "fresh"}};
  const Labels hot{{"__name__", "hot"}};
  Model expected = f.read();

  f.options.replay_in_background = true;
  f.open();
  CHECK_FALSE(f.head().is_replayed());
  CHECK_FALSE(f.head().takes_samples());
  const InReplay in_replay([&] {
    CHECK(f.head().takes_samples());
    const TimeMs t = kStart + kHour;
    for (int round = 0; round < 3; ++round) {
      Batch batch;
      for (int i = 0; i < 500; i += 7) {
        batch.push(f.intern(series_labels(i)), t + round, i);
        expected[series_labels(i)].emplace_back(t + round, i);
      }
      batch.push(f.intern(fresh), t + round, round);
      expected[fresh].emplace_back(t + round, round);
      batch.histograms.push_back({f.intern(hot), t + round, histogram(round + 1)});
      batch.metadata.push_back({f.intern(fresh), {MetricType::kGauge, "", "new"}});
      batch.exemplars.push_back({f.intern(fresh), {{{"id", "7"}}, 1, t + round}});
      const AppendResult result = f.head().appender().append(batch);
      CHECK(result.stored == batch.size());
      CHECK(result.stored_histograms == 1);
      CHECK(result.stored_exemplars == 1);
    }
    CHECK(f.head().appender().append(Batch()).stored == 0);
    Batch bad;
    bad.push(4'000'000, t, 1);
    CHECK(f.head().appender().append(bad).unknown == std::vector<uint32_t>{0});
  });
  f.head().replay();
  REQUIRE(in_replay.done());
  CHECK(f.head().is_replayed());
  for (int start = 0; start < 2; ++start) {
    CAPTURE(start);
    CHECK(f.read() == expected);
    CHECK(f.columns(hot).histograms.size() == 3);
    const std::vector<Matcher> all;
    const auto exemplars = f.head().exemplars({&all, 1}, {});
    REQUIRE(exemplars.size() == 1);
    CHECK(exemplars[0].labels == fresh);
    CHECK(exemplars[0].exemplars.size() == 3);
    CHECK(f.append(fresh, kStart + 2 * kHour + start, 1).stored == 1);
    expected[fresh].emplace_back(kStart + 2 * kHour + start, 1);
    f.options.replay_in_background = false;
    f.open();
  }
}

TEST_CASE("a sample that comes late during the replay goes where late samples go") {
  HeadFixture f;
  f.live.out_of_order_window = kHour;
  f.options.live = f.live;
  f.open();
  fill(f, 3, 2);
  f.options.replay_in_background = true;
  f.open();
  const Labels labels = series_labels(1);
  const InReplay in_replay([&] {
    CHECK(f.append(labels, kStart + 5000, 7).stored == 1);            // late
    CHECK(f.append(labels, kStart - 2 * kHour, 8).stored == 1);       // too late, but who knows
    CHECK(f.append(labels, kStart + 30'000, 9).stored == 1);          // in order
  });
  f.head().replay();
  REQUIRE(in_replay.done());
  const std::vector<std::pair<TimeMs, double>> expected{
      {kStart, 1}, {kStart + 5000, 7}, {kStart + 15'000, 2}, {kStart + 30'000, 9}};
  CHECK(f.read()[labels] == expected);
  f.options.replay_in_background = false;
  f.open();
  CHECK(f.read()[labels] == expected);
}

TEST_CASE("a replay that is stopped loses nothing, and refuses what comes then") {
  HeadFixture f;
  f.open();
  fill(f, 100, 10);
  Model expected = f.read();
  f.options.replay_in_background = true;
  f.open();
  const Labels labels = series_labels(1);
  {
    const InReplay in_replay([&] {
      CHECK(f.append(labels, kStart + kHour, 7).stored == 1);
      f.head().stop_replay();
    });
    CHECK_THROWS_AS(f.head().replay(), Error);
    REQUIRE(in_replay.done());
  }
  expected[labels].emplace_back(kStart + kHour, 7);
  CHECK_FALSE(f.head().is_replayed());
  CHECK_THROWS_AS(f.append(labels, kStart + kHour + 1, 7), Error);
  f.options.replay_in_background = false;
  f.open();
  CHECK(f.read() == expected);
}

TEST_CASE("when the machine stops during a replay, what was acknowledged is there") {
  set_log_sink([](std::string_view) {});
  size_t last = 0;
  for (bool died = true; died; ++last) {
    CAPTURE(last);
    HeadFixture f;
    f.options.wal_segment_bytes = kWalPageBytes;
    f.options.wal_compression = WalCompression::kNone;
    f.options.snapshot_on_shutdown = false;
    f.open();
    fill(f, 50, 40);
    Model stored = f.read();
    f.close();

    f.options.replay_in_background = true;
    died = false;
    size_t operations = 0;
    set_file_hook([&](FileOp op, const std::string&, size_t* bytes) {
      if (operations++ < last) return;
      if (op == FileOp::kWrite) *bytes = died ? 0 : *bytes / 2;
      died = true;
      throw Error(ErrorKind::kIo, "the machine has stopped");
    });
    TimeMs in_flight = 0;
    try {
      f.open();
      const InReplay in_replay([&] {
        for (int round = 0; round < 30; ++round) {
          const TimeMs t = kStart + kHour + round;
          Batch batch;
          for (int i = 0; i < 100; ++i) batch.push(f.intern(series_labels(i)), t, 1);
          in_flight = t;
          f.head().appender().append(batch);
          for (int i = 0; i < 100; ++i) stored[series_labels(i)].emplace_back(t, 1);
          in_flight = 0;
        }
      });
      f.head().replay();
    } catch (const Error&) {
    }
    set_log_sink([](std::string_view) {});
    f.close();
    set_file_hook({});

    f.options.replay_in_background = false;
    f.open();
    const Model found = f.read();
    if (found != stored) {
      REQUIRE(in_flight != 0);
      for (int i = 0; i < 100; ++i) stored[series_labels(i)].emplace_back(in_flight, 1);
      REQUIRE(found == stored);
    }
  }
  CHECK(last > 10);
  set_log_sink(nullptr);
}

TEST_CASE("while the log is replayed queries are answered from blocks, and maintenance waits") {
  set_log_level(LogLevel::kError);
  TempDir dir;
  FakeClock clock(kStart);
  Pool pool(2);
  Options options;
  options.min_block_duration = kHour;
  const Labels labels{{"__name__", "a"}};
  const auto count = [&](Db& db) {
    Budget budget(0);
    const auto querier = db.querier({});
    const auto set = querier->select({}, {}, budget);
    size_t samples = 0;
    for (size_t i = 0; i < set->size(); ++i) {
      Columns columns;
      set->read(i, {}, columns);
      samples += columns.t.size();
    }
    return samples;
  };
  {
    Registry registry;
    Db db(dir.path(), options, clock, pool, registry);
    const SeriesRef ref = db.appender().intern(labels);
    for (int i = 0; i < 10; ++i) {
      Batch batch;
      batch.push(ref, kStart + i * kHour / 2, i);
      CHECK(db.appender().append(batch).stored == 1);
    }
    db.maintain();
    CHECK(count(db) == 10);
    CHECK(db.block_metas().size() > 0);
  }
  options.replay_in_background = true;
  Registry registry;
  Db db(dir.path(), options, clock, pool, registry);
  const InReplay in_replay([&] {
    CHECK_FALSE(db.is_replayed());
    CHECK_FALSE(db.replay_status().done);
    const size_t in_blocks = count(db);
    CHECK(in_blocks > 0);
    CHECK(in_blocks < 10);
    CHECK_FALSE(db.maintenance_due());
    db.maintain();
    CHECK(count(db) == in_blocks);
    CHECK_THROWS_AS(db.clean_tombstones(), Error);
    CHECK_THROWS_AS(db.snapshot(true), Error);
    CHECK_THROWS_AS(db.delete_series({}, {}), Error);
  });
  db.replay();
  REQUIRE(in_replay.done());
  CHECK(db.is_replayed());
  CHECK(db.replay_status().done);
  CHECK(db.replay_status().current == db.replay_status().max);
  CHECK(count(db) == 10);
  CHECK(db.maintenance_due() == false);
}

TEST_CASE("a record that makes no sense is where the log is cut, but series named later stay known") {
  HeadFixture f;
  f.options.snapshot_on_shutdown = false;
  const Labels a{{"__name__", "a"}};
  const Labels b{{"__name__", "b"}};
  make_dirs(f.wal_dir());
  const auto series = [](uint64_t ref, LabelsView labels) {
    SeriesRecord record;
    record.add(ref, labels);
    return make_wal_record(record.take(), WalCompression::kNone);
  };
  const auto sample = [](uint64_t ref, TimeMs t) {
    SamplesRecord record;
    record.reserve(1);
    record.add(ref, t, 1);
    return make_wal_record(record.take(), WalCompression::kNone);
  };
  {
    WalWriter writer(f.wal_dir(), 0, 1 << 20);
    writer.add(series(1, a));
    writer.add(sample(1, kStart));
    writer.add({"\x02zzz", 0});
    writer.add(series(2, b));
    writer.add(sample(2, kStart));
    writer.next_segment();
    writer.add(sample(1, kStart + 1));
    writer.close();
  }
  f.options.replay_in_background = true;
  f.open();
  const InReplay in_replay([&] {
    CHECK(f.append(a, kStart + 5, 2).stored == 1);
    CHECK(f.append(b, kStart + 5, 2).stored == 1);
  });
  f.head().replay();
  REQUIRE(in_replay.done());
  const Model expected{{a, {{kStart, 1}, {kStart + 5, 2}}}, {b, {{kStart + 5, 2}}}};
  CHECK(f.read() == expected);
  f.options.replay_in_background = false;
  f.open();
  CHECK(f.read() == expected);
}

TEST_CASE("threads that append all through a replay lose nothing") {
  HeadFixture f(2);
  f.options.snapshot_on_shutdown = false;
  f.open();
  fill(f, 300, 100);
  Model expected = f.read();
  f.options.replay_in_background = true;
  Head& head = f.open();
  constexpr int kThreads = 3;
  std::atomic<int> last{-1};
  std::vector<int> rounds(kThreads, 0);
  std::vector<std::thread> threads;
  for (int thread = 0; thread < kThreads; ++thread) {
    threads.emplace_back([&, thread] {
      // Until some time after memory is whole.
      for (int more = 5; more > 0; more -= head.is_replayed() ? 1 : 0) {
        Batch batch;
        for (int i = thread; i < 400; i += kThreads)
          batch.push(head.appender().intern(series_labels(i)), kStart + kHour + rounds[static_cast<size_t>(thread)], i);
        if (head.appender().append(batch).stored != batch.size()) return;
        ++rounds[static_cast<size_t>(thread)];
      }
      last = thread;
    });
  }
  head.replay();
  for (std::thread& thread : threads) thread.join();
  CHECK(last >= 0);
  for (int i = 0; i < 400; ++i) {
    for (int round = 0; round < rounds[static_cast<size_t>(i % kThreads)]; ++round)
      expected[series_labels(i)].emplace_back(kStart + kHour + round, i);
  }
  CHECK(f.read() == expected);
  f.options.replay_in_background = false;
  f.open();
  CHECK(f.read() == expected);
}
