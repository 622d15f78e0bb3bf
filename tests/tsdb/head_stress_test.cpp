// Appending, reading and truncating at once. Run under the thread sanitizer it finds data races;
// run anywhere it checks that a reader sees whole commits.
#include <doctest/doctest.h>

#include <atomic>
#include <thread>

#include "tests/tsdb/head_fixture.h"

using namespace hearth;
using namespace hearth::tsdb;

TEST_CASE("readers see whole commits while others append, make series and truncate") {
  constexpr int kWriters = 2;
  constexpr int kSeries = 40;
  constexpr int kRounds = 600;
  constexpr DurationMs kStep = 60'000;
  HeadFixture f;
  f.options.wal_segment_bytes = 64 << 10;
  f.open();
  Head& head = f.head();
  std::atomic<TimeMs> stored[kWriters] = {};  // the newest, once its commit is complete
  std::atomic<int> running{kWriters};
  std::atomic<int> part_stored{0}, lost{0}, no_labels{0}, wrong_samples{0}, torn_commits{0},
      empty_chunks{0};
  std::atomic<size_t> reads{0};

  // The writers do not wait for each other: one may be hours behind, its samples out of bounds and
  // its series collected before it comes to them. Then it names them again, as a scrape does.
  const auto commit = [&](int writer, int round, Batch& batch) {
    for (;;) {
      batch.clear();
      for (int i = 0; i < kSeries; ++i) {
        const Labels labels{{"i", std::to_string(i)}, {"writer", std::to_string(writer)}};
        batch.push(head.appender().intern(labels), round * kStep, round);
      }
      const Labels churn{{"churn", std::to_string(round / 10)}, {"of", std::to_string(writer)}};
      batch.push(head.appender().intern(churn), round * kStep, round);
      AppendResult result = head.appender().append(batch);
      if (result.unknown.empty()) return result;
    }
  };
  std::vector<std::thread> threads;
  for (int writer = 0; writer < kWriters; ++writer) {
    threads.emplace_back([&, writer] {
      Batch batch;
      for (int round = 1; round <= kRounds; ++round) {
        const AppendResult result = commit(writer, round, batch);
        if (result.stored == batch.size()) {
          stored[writer].store(round * kStep);
        } else if (result.stored != 0 || result.out_of_bounds != batch.size()) {
          ++part_stored;
        }
      }
      --running;
    });
  }
  for (int reader = 0; reader < 2; ++reader) {
    threads.emplace_back([&, reader] {
      Budget budget(0);
      const std::vector<Matcher> mine{
          Matcher(MatchType::kEqual, "writer", std::to_string(reader % kWriters)),
          Matcher(MatchType::kRegex, "i", ".+")};
      do {
        const TimeMs until = stored[reader % kWriters].load();
        const TimeRange range{0, until};
        const auto querier = head.querier(range);
        const auto set = querier->select(mine, {range}, budget);
        Columns columns;
        std::vector<double> newest;
        for (size_t i = 0; i < set->size(); ++i) {
          if (set->labels(i).get("writer").empty()) ++no_labels;
          set->read(i, range, columns);
          if (!columns.v.empty()) newest.push_back(columns.v.back());
          Sample sample{};
          if (set->latest(i, 0, until, sample) &&
              sample.v * kStep != static_cast<double>(sample.t)) {
            ++wrong_samples;
          }
        }
        // All of the commit, or nothing because its time is forgotten.
        const bool whole = newest.size() == kSeries;
        if (!whole && !newest.empty()) ++torn_commits;
        if (!whole && until > 0 && head.min_time() <= until) ++lost;
        for (const double v : newest)
          torn_commits += v * kStep == static_cast<double>(until) ? 0 : 1;
        querier->label_values("churn", {}, 0);
        ++reads;
      } while (running.load() > 0);
    });
  }
  threads.emplace_back([&] {
    while (running.load() > 0) {
      if (head.compactable()) head.truncate(head.max_time() - 2 * 3'600'000);
      const auto chunks = head.series_chunks({});
      while (chunks->next()) {
        if (chunks->labels().empty() || chunks->chunks().empty()) ++empty_chunks;
      }
      head.stats();
      head.cardinality(5);
    }
  });
  for (std::thread& thread : threads) thread.join();
  CHECK(part_stored.load() == 0);
  CHECK(lost.load() == 0);
  CHECK(no_labels.load() == 0);
  CHECK(wrong_samples.load() == 0);
  CHECK(torn_commits.load() == 0);
  CHECK(empty_chunks.load() == 0);
  CHECK(reads.load() > 0);

  const Model before = f.read();
  const TimeMs min_time = head.min_time();
  f.open(min_time);
  CHECK(f.read() == before);
}
