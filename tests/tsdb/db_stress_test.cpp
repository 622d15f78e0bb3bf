// A whole database with writers, readers, deletes and maintenance at once. Run under the thread
// sanitizer it finds data races; run anywhere it checks that readers see whole scrapes, each sample
// that was acknowledged, and none that is deleted.
#include <doctest/doctest.h>

#include <atomic>
#include <cstdlib>
#include <mutex>
#include <set>
#include <thread>

#include "core/log.h"
#include "tests/tsdb/db_fixture.h"
#include "tests/tsdb/histograms.h"
#include "tsdb/wal_format.h"

using namespace hearth;
using namespace hearth::tsdb;

namespace {

constexpr DurationMs kMinute = 60'000;
constexpr DurationMs kHour = 60 * kMinute;
constexpr TimeMs kStart = 1'700'000'000'000 / kHour * kHour;
constexpr int kWriters = 2;
constexpr int kSeries = 12;  // of a writer's scrape: two thirds floats, the rest histograms

std::vector<Matcher> of_writer(const char* name, int writer) {
  return {Matcher(MatchType::kEqual, "__name__", name),
          Matcher(MatchType::kEqual, "writer", std::to_string(writer))};
}

// Thread-safe but for open().
class Stress : DbFixture {
 public:
  Stress() : DbFixture(kStart, {}, 2) {
    options.min_block_duration = kHour / 2;
    options.max_block_duration = 3 * kHour;
    options.retention.time = 0;
    options.wal_segment_bytes = 2 * kWalPageBytes;
    options.live.out_of_order_window = 2 * kHour;
    open();
  }
  using DbFixture::open;

  void write(int writer, int rounds);
  void read(int writer);
  void erase();
  void maintain();
  // What the readers check, when all is over.
  void check(int writer);

  bool running() const { return running_writers_.load() > 0; }
  int wrong() const { return wrong_.load(); }
  size_t reads() const { return reads_.load(); }
  size_t deletes() const { return deletes_.load(); }
  size_t blocks() const { return db->block_metas().size(); }

 private:
  void scrape(int writer, TimeMs t);
  void bring_late(int writer, TimeMs now, uint64_t& random);
  void check_scrapes(int writer, TimeMs until);
  void check_deletes(int writer);
  std::set<TimeMs> victim_times(int writer);
  void expect(bool right) { wrong_ += right ? 0 : 1; }

  std::atomic<int> running_writers_{kWriters};
  std::atomic<TimeMs> complete_[kWriters] = {};
  std::atomic<int> wrong_{0};
  std::atomic<size_t> reads_{0}, deletes_{0};

  // No late sample is brought at or before `planned` once it is set; afterwards a delete takes what
  // there is so far, and is told by `deleted_`.
  std::mutex late_mutex_[kWriters];
  TimeMs planned_[kWriters] = {};
  std::set<TimeMs> late_[kWriters];  // acknowledged
  std::atomic<TimeMs> deleted_[kWriters] = {};
};

void Stress::scrape(int writer, TimeMs t) {
  Batch batch;
  const double v = static_cast<double>((t - kStart) / 1000);
  for (int i = 0; i < kSeries; ++i) {
    const SeriesRef ref = db->appender().intern(Labels{
        {"__name__", "scraped"}, {"i", std::to_string(i)}, {"writer", std::to_string(writer)}});
    if (i % 3 == 2) {
      batch.histograms.push_back({ref, t, make_histogram({{0, v}})});
    } else {
      batch.push(ref, t, v);
    }
  }
  batch.push(db->appender().intern(Labels{{"__name__", "short_lived"},
                                          {"hour", std::to_string(t / kHour)},
                                          {"writer", std::to_string(writer)}}),
             t, v);
  const AppendResult result = db->appender().append(batch);
  expect(result.unknown.empty() && result.refused.empty());
}

void Stress::bring_late(int writer, TimeMs now, uint64_t& random) {
  const std::lock_guard<std::mutex> lock(late_mutex_[writer]);
  const TimeMs from = std::max(planned_[writer] + 1, now - kHour);
  Batch batch;
  std::vector<TimeMs> times;
  const SeriesRef ref =
      db->appender().intern(Labels{{"__name__", "victim"}, {"writer", std::to_string(writer)}});
  for (int i = 0; i < 20; ++i) {
    random = random * 6364136223846793005u + 1442695040888963407u;
    const TimeMs t = from + static_cast<TimeMs>(random >> 33) % (now - from + 1);
    batch.push(ref, t, static_cast<double>(t % 1009));
    times.push_back(t);
  }
  const AppendResult result = db->appender().append(batch);
  // The other writer, being ahead, may have moved the bounds.
  std::set<uint32_t> refused;
  for (const AppendResult::Refused& of : result.refused) refused.insert(of.position);
  for (uint32_t i = 0; i < times.size(); ++i) {
    if (refused.count(i) == 0) late_[writer].insert(times[i]);
  }
}

void Stress::write(int writer, int rounds) {
  uint64_t random = static_cast<uint64_t>(writer) + 1;
  for (int round = 1; round <= rounds; ++round) {
    const TimeMs t = kStart + round * kMinute;
    // Nobody is more than ten minutes ahead: then nothing is refused.
    for (int other = 0; other < kWriters; ++other) {
      while (t > kStart + 10 * kMinute && complete_[other].load() + 10 * kMinute < t)
        std::this_thread::yield();
    }
    scrape(writer, t);
    complete_[writer].store(t);
    if (round % 3 == 0) bring_late(writer, t, random);
  }
  complete_[writer].store(kMaxTime / 2);
  --running_writers_;
}

void Stress::check_scrapes(int writer, TimeMs until) {
  const TimeRange range{std::max(kStart, until - 2 * kHour), until};
  Budget budget(0);
  const auto querier = db->querier(range);
  const auto set = querier->select(of_writer("scraped", writer), {range}, budget);
  expect(set->size() == kSeries);
  const auto minutes =
      static_cast<size_t>((until - std::max(range.min, kStart + kMinute)) / kMinute + 1);
  Columns columns;
  for (size_t i = 0; i < set->size(); ++i) {
    set->read(i, range, columns);
    expect(columns.t.size() + columns.histogram_t.size() == minutes);
    for (size_t k = 0; k < columns.t.size(); ++k)
      expect(columns.v[k] == static_cast<double>((columns.t[k] - kStart) / 1000));
  }
}

std::set<TimeMs> Stress::victim_times(int writer) {
  Budget budget(0);
  const auto querier = db->querier({});
  const auto set = querier->select(of_writer("victim", writer), {}, budget);
  std::set<TimeMs> times;
  Columns columns;
  for (size_t i = 0; i < set->size(); ++i) {
    set->read(i, {}, columns);
    times.insert(columns.t.begin(), columns.t.end());
  }
  return times;
}

void Stress::check_deletes(int writer) {
  const TimeMs deleted = deleted_[writer].load();
  const std::set<TimeMs> times = victim_times(writer);
  expect(times.empty() || *times.begin() > deleted);
}

void Stress::read(int writer) {
  do {
    const TimeMs until = complete_[writer].load();
    if (until >= kStart + kMinute && until < kMaxTime / 2) check_scrapes(writer, until);
    check_deletes(writer);
    ++reads_;
  } while (running());
}

void Stress::erase() {
  for (int writer = 0; running(); writer = (writer + 1) % kWriters) {
    const TimeMs complete = complete_[writer].load();
    if (complete < kStart + kHour || complete >= kMaxTime / 2) {
      std::this_thread::yield();
      continue;
    }
    TimeMs until = 0;
    {
      const std::lock_guard<std::mutex> lock(late_mutex_[writer]);
      until = planned_[writer] = std::max(planned_[writer], complete - kHour / 2);
    }
    db->delete_series(std::vector<std::vector<Matcher>>{of_writer("victim", writer)},
                      {kMinTime, until});
    deleted_[writer].store(until);
    ++deletes_;
  }
}

void Stress::maintain() {
  for (int round = 0; running(); ++round) {
    if (db->maintenance_due()) db->maintain();
    if (round % 50 == 49) db->clean_tombstones();
    db->head_stats();
    std::this_thread::yield();
  }
}

void Stress::check(int writer) {
  std::set<TimeMs> want = late_[writer];
  want.erase(want.begin(), want.upper_bound(deleted_[writer].load()));
  const std::set<TimeMs> got = victim_times(writer);
  CHECK(got == want);
}

}  // namespace

// HEARTH_STRESS_ROUNDS asks for a longer life, of so many minutes.
TEST_CASE(
    "a database keeps its promises while scrapes, late samples, reads, deletes and maintenance "
    "meet") {
  set_log_sink([](std::string_view) {});
  const char* const more = std::getenv("HEARTH_STRESS_ROUNDS");
  const int rounds = more != nullptr ? std::atoi(more) : 300;
  Stress stress;
  std::vector<std::thread> threads;
  for (int writer = 0; writer < kWriters; ++writer) {
    threads.emplace_back([&, writer] { stress.write(writer, rounds); });
    threads.emplace_back([&, writer] { stress.read(writer); });
  }
  threads.emplace_back([&] { stress.erase(); });
  threads.emplace_back([&] { stress.maintain(); });
  for (std::thread& thread : threads) thread.join();
  CHECK(stress.wrong() == 0);
  CHECK(stress.reads() > 0);
  CHECK(stress.deletes() > 0);
  CHECK(stress.blocks() > 0);
  for (int restart = 0; restart < 2; ++restart) {
    for (int writer = 0; writer < kWriters; ++writer) stress.check(writer);
    stress.open();
  }
  set_log_sink(nullptr);
}
