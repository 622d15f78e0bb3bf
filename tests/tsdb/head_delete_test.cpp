// Deletes and exemplars of the head.
#include <doctest/doctest.h>

#include "core/file.h"
#include "tests/tsdb/head_fixture.h"
#include "tests/tsdb/histograms.h"
#include "tests/tsdb/log_records.h"
#include "tsdb/wal_record.h"

using namespace hearth;
using namespace hearth::tsdb;

namespace {

constexpr TimeMs kStart = 100 * 7'200'000;
const Labels kA{{"__name__", "a"}};
const Labels kB{{"__name__", "b"}};

std::vector<Matcher> named(const std::string& name) {
  return {Matcher(MatchType::kEqual, "__name__", name)};
}

size_t exported_samples(HeadFixture& f, TimeRange range) {
  size_t samples = 0;
  for (const auto& chunk : f.chunks(range)) samples += chunk.second;
  return samples;
}

}  // namespace

TEST_CASE("deleted samples are not read, not exported, and stay away after a restart") {
  HeadFixture f;
  f.open();
  for (TimeMs t = 0; t < 200; ++t) {
    f.append(kA, kStart + t * 1000, 1);
    f.append(kB, kStart + t * 1000, 2);
  }
  f.head().delete_samples(named("a"), {kStart + 50'000, kStart + 149'999});
  Model wanted;
  for (TimeMs t = 0; t < 200; ++t) {
    if (t < 50 || t >= 150) wanted[kA].emplace_back(kStart + t * 1000, 1);
    wanted[kB].emplace_back(kStart + t * 1000, 2);
  }
  CHECK(f.read() == wanted);
  CHECK(exported_samples(f, {}) == 300);
  CHECK(exported_samples(f, {kStart, kStart + 59'999}) == 110);
  f.open();
  CHECK(f.read() == wanted);
}

TEST_CASE("a delete ends with the series' newest sample: what comes later is kept") {
  HeadFixture f;
  f.open();
  f.append(kA, kStart, 1);
  f.append(kB, kStart + 5000, 1);
  f.head().delete_samples(named("a"), {});
  CHECK(f.read() == Model{{kB, {{kStart + 5000, 1}}}});
  f.append(kA, kStart + 1000, 2);
  const Model wanted{{kA, {{kStart + 1000, 2}}}, {kB, {{kStart + 5000, 1}}}};
  CHECK(f.read() == wanted);
  f.open();
  CHECK(f.read() == wanted);
}

TEST_CASE("a delete that meets no sample writes nothing") {
  HeadFixture f;
  f.open();
  f.append(kA, kStart, 1);
  f.head().delete_samples(named("a"), {kStart + 1, kMaxTime});
  f.head().delete_samples(named("c"), {});
  CHECK(log_records(f.wal_dir(), RecordType::kTombstones).empty());
  CHECK(f.read().size() == 1);
}

TEST_CASE("an instant reader is not answered with a deleted sample") {
  HeadFixture f;
  f.open();
  f.append(kA, kStart, 1);
  f.head().delete_samples(named("a"), {});
  Budget budget(0);
  const auto querier = f.head().querier({});
  const auto set = querier->select({}, {}, budget);
  REQUIRE(set->size() == 1);
  Sample sample{};
  CHECK_FALSE(set->latest(0, kStart, kStart + 5, sample));
}

TEST_CASE("a collection drops what is deleted behind it") {
  HeadFixture f;
  f.open();
  f.append(kA, kStart, 1);
  f.append(kA, kStart + 4 * 7'200'000, 1);
  f.head().delete_samples(named("a"), {kStart, kStart});
  f.head().truncate(kStart + 7'200'000);
  Budget budget(0);
  const auto querier = f.head().querier({});
  const auto set = querier->select({}, {}, budget);
  REQUIRE(set->size() == 1);
  Sample sample{};
  CHECK(set->latest(0, kStart, kMaxTime, sample));
}

TEST_CASE("exemplars go through the log into the ring") {
  HeadFixture f;
  f.live.max_exemplars = 10;
  f.open();
  const std::vector<std::vector<Matcher>> all{named("a")};
  Batch batch;
  batch.push(f.intern(kA), kStart, 1);
  batch.exemplars.push_back({f.intern(kA), {Labels{{"trace_id", "x"}}, 0.5, kStart, true}});
  batch.exemplars.push_back({f.intern(kA), {Labels{{"trace_id", "y"}}, 0.5, kStart - 9, true}});
  batch.exemplars.push_back({1000, {Labels{}, 1, kStart, true}});  // of no series
  CHECK(f.head().appender().append(batch).stored_exemplars == 1);
  batch.exemplars.resize(1);
  CHECK(f.head().appender().append(batch).stored_exemplars == 1);  // the same again
  for (int open = 0; open < 2; ++open) {
    const auto found = f.head().exemplars(all, {});
    REQUIRE(found.size() == 1);
    CHECK(found[0].labels == kA);
    REQUIRE(found[0].exemplars.size() == 1);
    CHECK(found[0].exemplars[0].labels == Labels{{"trace_id", "x"}});
    CHECK(found[0].exemplars[0].t == kStart);
    f.open();
  }
  CHECK(log_records(f.wal_dir(), RecordType::kExemplars).size() == 1);
}

TEST_CASE("a ring can be switched on and off while the head runs") {
  const std::vector<std::vector<Matcher>> selectors{named("a")};
  HeadFixture f;
  f.open();
  Batch batch;
  batch.exemplars.push_back({f.intern(kA), {Labels{}, 0.5, kStart, true}});
  f.head().appender().append(batch);
  CHECK(f.head().exemplars(selectors, {}).empty());
  CHECK(log_records(f.wal_dir(), RecordType::kExemplars).empty());
  LiveOptions live;
  live.max_exemplars = 5;
  f.head().apply(live);
  f.head().appender().append(batch);
  CHECK(f.head().exemplars(selectors, {}).size() == 1);
  f.head().apply({});
  CHECK(f.head().exemplars(selectors, {}).empty());
}
