#include "tsdb/head.h"

#include <doctest/doctest.h>

#include "core/error.h"
#include "core/sample.h"
#include "tests/tsdb/head_fixture.h"

using namespace hearth;
using namespace hearth::tsdb;

namespace {
constexpr DurationMs kHour = 3'600'000;
}

TEST_CASE("what is appended is read back, before and after a restart") {
  HeadFixture f;
  f.open();
  Model model;
  for (int round = 0; round < 300; ++round) {
    Batch batch;
    for (int i = 0; i < 20; ++i) {
      const TimeMs t = 1'000'000 + round * 15'000;
      const double v = round * i;
      batch.push(f.intern(series_labels(i)), t, v);
      model[series_labels(i)].emplace_back(t, v);
    }
    CHECK(f.head().appender().append(batch).stored == 20);
  }
  CHECK(f.read() == model);
  f.open();
  CHECK(f.read() == model);
  CHECK(f.head().stats().series == 20);
  CHECK(f.head().min_time() == 1'000'000);
  CHECK(f.head().max_time() == 1'000'000 + 299 * 15'000);
}

TEST_CASE("an empty head has no times and no series") {
  HeadFixture f;
  f.open();
  CHECK(f.head().min_time() == kMaxTime);
  CHECK(f.head().max_time() == kMinTime);
  CHECK_FALSE(f.head().compactable());
  CHECK(f.read().empty());
  CHECK(f.head().stats().series == 0);
}

TEST_CASE("the same labels have one ref, and an empty set is refused") {
  HeadFixture f;
  f.open();
  const SeriesRef ref = f.intern({{"a", "1"}});
  CHECK(ref != 0);
  CHECK(f.intern({{"a", "1"}}) == ref);
  CHECK(f.intern({{"a", "2"}}) != ref);
  CHECK(f.intern({{"b", "1"}}) != ref);
  CHECK_THROWS_WITH_AS(f.intern({}), "empty labelset: invalid sample", Error);
}

TEST_CASE("bad samples are counted and left out, good ones of the batch stay") {
  HeadFixture f;
  f.open();
  const Labels a{{"a", "1"}};
  const TimeMs t = 10 * kHour;
  f.append(a, t, 1);
  CHECK(f.append(a, t, 1).stored == 1);  // the same again
  CHECK(f.append(a, t, 2).duplicate == 1);
  CHECK(f.append(a, t - 1, 2).out_of_order == 1);
  CHECK(f.append(a, t - kHour, 2).out_of_order == 1);
  CHECK(f.append(a, t - kHour - 1, 2).out_of_bounds == 1);

  Batch batch;
  batch.push(f.intern(a), t - 5, 0);
  batch.push(f.intern(a), t + 5, 5);
  batch.push(f.intern(a), t + 3, 3);
  batch.push(f.intern(a), t + 6, 6);
  const AppendResult result = f.head().appender().append(batch);
  CHECK(result.stored == 2);
  CHECK(result.out_of_order == 2);
  const Model model{{a, {{t, 1}, {t + 5, 5}, {t + 6, 6}}}};
  CHECK(f.read() == model);
  f.open();
  CHECK(f.read() == model);
}

TEST_CASE("equal values are compared by their bits") {
  HeadFixture f;
  f.open();
  const Labels a{{"a", "1"}};
  f.append(a, 1000, normal_nan());
  CHECK(f.append(a, 1000, normal_nan()).stored == 1);
  CHECK(f.append(a, 1000, stale_marker()).duplicate == 1);
  f.append(a, 2000, 0.0);
  CHECK(f.append(a, 2000, -0.0).duplicate == 1);
}

TEST_CASE("a ref that was never given out makes the batch store nothing") {
  HeadFixture f;
  f.open();
  Batch batch;
  batch.push(f.intern({{"a", "1"}}), 1000, 1);
  batch.push(0, 1000, 1);
  batch.push(77'777, 1000, 1);
  const AppendResult result = f.head().appender().append(batch);
  CHECK(result.unknown == std::vector<uint32_t>{1, 2});
  CHECK(result.stored == 0);
  CHECK(f.read().empty());
}

TEST_CASE("a reader sees only commits that were complete when it was made") {
  HeadFixture f;
  f.open();
  const Labels a{{"a", "1"}};
  f.append(a, 1000, 1);
  Budget budget(0);
  const auto querier = f.head().querier({});
  f.append(a, 2000, 2);
  f.append({{"b", "1"}}, 2000, 2);
  const auto set = querier->select({}, {}, budget);
  REQUIRE(set->size() == 1);
  Columns columns;
  set->read(0, {}, columns);
  CHECK(columns.t == std::vector<TimeMs>{1000});
  Sample sample{};
  CHECK_FALSE(set->latest(0, kMinTime, kMaxTime, sample));
  CHECK(f.read()[a].size() == 2);
}

TEST_CASE("a reader sees none of the samples of a later commit that brings many of a series") {
  HeadFixture f;
  f.open();
  const Labels a{{"a", "1"}};
  f.append(a, 1000, 1);
  const auto querier = f.head().querier({});
  Batch batch;
  for (int i = 0; i < 600; ++i) batch.push(f.intern(a), 2000 + i * 60'000, i);
  f.head().appender().append(batch);
  Budget budget(0);
  const auto set = querier->select({}, {}, budget);
  Columns columns;
  set->read(0, {}, columns);
  CHECK(columns.t == std::vector<TimeMs>{1000});
  set->read(0, {0, 3000}, columns);
  CHECK(columns.t == std::vector<TimeMs>{1000});
}

TEST_CASE("a reader sees none of several commits that came after it, however many there were") {
  HeadFixture f;
  f.open();
  const Labels a{{"a", "1"}}, b{{"b", "1"}};
  f.append(a, 1000, 1);
  Budget budget(0);
  const auto first = f.head().querier({});
  f.append(a, 2000, 2);
  f.append(b, 2000, 2);
  const auto second = f.head().querier({});
  for (int i = 3; i < 3000; ++i) f.append(a, i * 1000, i);
  Columns columns;
  Sample sample{};
  const auto set = first->select({}, {}, budget);
  REQUIRE(set->size() == 1);
  set->read(0, {}, columns);
  CHECK(columns.t == std::vector<TimeMs>{1000});
  CHECK_FALSE(set->latest(0, kMinTime, kMaxTime, sample));
  const auto later = second->select({}, {}, budget);
  REQUIRE(later->size() == 2);
  later->read(0, {}, columns);
  CHECK(columns.t == std::vector<TimeMs>{1000, 2000});
  CHECK(f.read()[a].size() == 2999);
}

TEST_CASE("the newest sample is answered without decoding when it lies in the window") {
  HeadFixture f;
  f.open();
  const Labels a{{"a", "1"}};
  f.append(a, 1000, 7);
  Budget budget(0);
  const auto querier = f.head().querier({});
  const auto set = querier->select({}, {}, budget);
  Sample sample{};
  REQUIRE(set->latest(0, 0, 1000, sample));
  CHECK(sample.t == 1000);
  CHECK(sample.v == 7);
  CHECK_FALSE(set->latest(0, 0, 999, sample));
  CHECK_FALSE(set->latest(0, 1001, 5000, sample));
}

TEST_CASE("selecting sorts by labels, limits, matches and keeps to the range") {
  HeadFixture f;
  f.open();
  for (int i = 0; i < 50; ++i) f.append(series_labels(i), 1000 + i, i);
  Budget budget(0);
  const auto querier = f.head().querier({});
  const std::vector<Matcher> odd{Matcher(MatchType::kEqual, "job", "odd")};
  const auto all = querier->select(odd, {}, budget);
  CHECK(all->size() == 25);
  for (size_t i = 1; i < all->size(); ++i) CHECK(all->labels(i - 1) < all->labels(i));
  CHECK(budget.used() > 0);
  SelectHints hints;
  hints.limit = 3;
  CHECK(querier->select(odd, hints, budget)->size() == 3);
  hints = {};
  hints.range = {1010, 1012};
  CHECK(querier->select({}, hints, budget)->size() == 3);
  const std::vector<Matcher> regex{Matcher(MatchType::kRegex, "instance", "host:1.*")};
  CHECK(querier->select(regex, {}, budget)->size() == 11);
  CHECK(querier->label_names({}, 0) == std::vector<std::string>{"__name__", "instance", "job"});
  CHECK(querier->label_values("job", {}, 0) == std::vector<std::string>{"even", "odd"});
  CHECK(f.head().querier({0, 999})->label_names({}, 0).empty());
  CHECK(querier->label_values("__name__", odd, 2) ==
        std::vector<std::string>{"metric_0", "metric_1"});
}

TEST_CASE("chunks for a compaction come in label order and cut to the range") {
  HeadFixture f;
  f.open();
  for (int round = 0; round < 1000; ++round) {
    Batch batch;
    for (int i = 0; i < 5; ++i) batch.push(f.intern(series_labels(i)), round * 15'000, round);
    f.head().appender().append(batch);
  }
  const TimeRange range{3'000'000, 2 * kHour - 1};
  const auto chunks = f.head().series_chunks(range);
  size_t series = 0;
  Labels before;
  while (chunks->next()) {
    CHECK(before < Labels(chunks->labels()));
    before = Labels(chunks->labels());
    Columns columns;
    for (const ChunkView& chunk : chunks->chunks()) {
      const size_t from = columns.t.size();
      decode_chunk(chunk.encoding, chunk.bytes, {}, columns);
      CHECK(chunk.min_time == columns.t[from]);
      CHECK(chunk.max_time == columns.t.back());
    }
    CHECK(columns.t.front() == 3'000'000);
    CHECK(columns.t.back() == 2 * kHour - 15'000);
    CHECK(columns.t.size() == 280);
    ++series;
  }
  CHECK(series == 5);
}

TEST_CASE("chunks are cut by Prometheus' rules") {
  HeadFixture f;
  f.open();
  const Labels a{{"a", "1"}};
  for (int i = 0; i < 1000; ++i) f.append(a, i * 15'000, i);
  std::vector<size_t> lengths;
  const auto chunks = f.head().series_chunks({});
  REQUIRE(chunks->next());
  for (const ChunkView& chunk : chunks->chunks()) {
    CHECK(chunk.min_time / (2 * kHour) == chunk.max_time / (2 * kHour));
    lengths.push_back(chunk_samples(chunk.encoding, chunk.bytes));
  }
  // 480 samples in two hours: the prediction after 30 says 120 each.
  CHECK(lengths == std::vector<size_t>{120, 120, 120, 120, 120, 120, 120, 120, 40});
}
