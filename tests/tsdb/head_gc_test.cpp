#include <doctest/doctest.h>

#include <atomic>
#include <optional>
#include <thread>

#include "core/error.h"
#include "tests/tsdb/head_fixture.h"
#include "tsdb/checkpoint.h"
#include "tsdb/wal_format.h"

using namespace hearth;
using namespace hearth::tsdb;

namespace {

constexpr DurationMs kHour = 3'600'000;

// Five series every minute from `from` on; with `churn` one series more per hour that ends with it.
void fill(HeadFixture& f, TimeMs from, TimeMs to, bool churn = false) {
  for (TimeMs t = from; t < to; t += 60'000) {
    Batch batch;
    for (int i = 0; i < 5; ++i) batch.push(f.intern(series_labels(i)), t, static_cast<double>(t));
    if (churn) batch.push(f.intern({{"hour", std::to_string(t / kHour)}}), t, 1);
    f.head().appender().append(batch);
  }
}

}  // namespace

TEST_CASE("truncating forgets whole old chunks and refuses older samples afterwards") {
  HeadFixture f;
  f.open();
  fill(f, 0, 4 * kHour);
  CHECK(f.head().compactable());
  f.head().truncate(2 * kHour);
  CHECK_FALSE(f.head().compactable());
  CHECK(f.head().min_time() == 2 * kHour);
  for (const auto& [labels, samples] : f.read()) CHECK(samples.front().first == 2 * kHour);
  CHECK(f.read().size() == 5);
  CHECK(f.append({{"late", "1"}}, 2 * kHour - 1, 1).out_of_bounds == 1);
}

TEST_CASE("series without samples go, their refs are unknown then and are not used again") {
  HeadFixture f;
  f.open();
  fill(f, 0, kHour, true);
  const SeriesRef old = f.intern({{"hour", "0"}});
  fill(f, kHour, 4 * kHour, true);
  f.head().truncate(2 * kHour);  // spares what was asked for since the last time
  CHECK(f.head().stats().series == 5 + 4);
  fill(f, 4 * kHour, 6 * kHour, true);
  f.head().truncate(4 * kHour);
  CHECK(f.head().stats().series == 5 + 2);
  Batch batch;
  batch.push(old, 6 * kHour, 1);
  CHECK(f.head().appender().append(batch).unknown.size() == 1);
  std::vector<SeriesRef> refs{old, f.intern(series_labels(3)), 0};
  f.head().appender().drop_dead(refs);
  CHECK(refs == std::vector<SeriesRef>{0, f.intern(series_labels(3)), 0});
  const SeriesRef fresh = f.intern({{"hour", "0"}});
  CHECK(fresh > old);
  CHECK(f.append({{"hour", "0"}}, 6 * kHour, 1).stored == 1);
  Budget budget(0);
  const std::vector<Matcher> gone{Matcher(MatchType::kEqual, "hour", "1")};
  CHECK(f.head().querier({})->select(gone, {}, budget)->size() == 0);
  CHECK(f.head().querier({})->label_values("hour", {}, 0) ==
        std::vector<std::string>{"0", "4", "5"});
}

TEST_CASE("a reader keeps what it found though the series are collected meanwhile") {
  HeadFixture f;
  f.open();
  fill(f, 0, 6 * kHour, true);
  f.head().truncate(kHour);
  Budget budget(0);
  const auto querier = f.head().querier({4 * kHour, kMaxTime});
  const auto set = querier->select({}, {{4 * kHour, kMaxTime}}, budget);
  const size_t size = set->size();
  f.head().truncate(4 * kHour);
  REQUIRE(size == 7);
  Columns columns;
  for (size_t i = 0; i < size; ++i) {
    CHECK_FALSE(labels_text(set->labels(i)).empty());
    set->read(i, {4 * kHour, kMaxTime}, columns);
    CHECK(columns.t.size() >= 60);
  }
}

TEST_CASE("truncating makes a checkpoint of old segments, and a restart reads it") {
  HeadFixture f;
  f.options.wal_segment_bytes = kWalPageBytes;
  f.options.wal_compression = WalCompression::kNone;
  f.open();
  fill(f, 0, 40 * kHour, true);
  const Model before = f.read({38 * kHour, kMaxTime});
  const size_t segments = wal_segments(f.wal_dir()).size();
  REQUIRE(segments > 4);
  f.head().truncate(38 * kHour);
  const auto checkpoint = latest_checkpoint(f.wal_dir());
  REQUIRE(checkpoint);
  CHECK(wal_segments(f.wal_dir()).size() < segments);
  CHECK(wal_segments(f.wal_dir()).front() == checkpoint->segment + 1);
  f.open(38 * kHour);
  CHECK(f.read({38 * kHour, kMaxTime}) == before);
  CHECK(f.registry().text().find("prometheus_tsdb_wal_corruptions_total 0") != std::string::npos);
  fill(f, 40 * kHour, 60 * kHour, true);
  f.head().truncate(58 * kHour);
  CHECK(latest_checkpoint(f.wal_dir())->segment > checkpoint->segment);
  CHECK_FALSE(path_exists(checkpoint->path));
}

TEST_CASE("a series that died but came back keeps its samples through the log") {
  HeadFixture f;
  f.options.wal_segment_bytes = kWalPageBytes;
  f.options.wal_compression = WalCompression::kNone;
  f.open();
  const Labels back{{"comes", "back"}};
  f.append(back, 0, 1);
  fill(f, 60'000, 8 * kHour);
  f.head().truncate(3 * kHour);
  f.head().truncate(6 * kHour);
  f.append(back, 8 * kHour, 2);  // under a new ref
  fill(f, 8 * kHour, 9 * kHour);
  const Model before = f.read({7 * kHour, kMaxTime});
  f.open(6 * kHour);
  CHECK(f.read({7 * kHour, kMaxTime}) == before);
  CHECK(before.at(back) == std::vector<std::pair<TimeMs, double>>{{8 * kHour, 2}});
}

namespace {

// Called once, from within a collection: when the series have let go of their old chunks, and their
// files follow.
class DuringCollection {
 public:
  explicit DuringCollection(std::function<void()> work) : work_(std::move(work)) {
    set_file_hook([this](FileOp op, const std::string& path, size_t*) {
      if (op != FileOp::kCreate || path.find("/chunks_head/") == std::string::npos || began_)
        return;
      began_ = true;
      work_();
    });
  }
  ~DuringCollection() { set_file_hook({}); }
  bool began() const { return began_; }

 private:
  const std::function<void()> work_;
  bool began_ = false;
};

}  // namespace

TEST_CASE(
    "what is stored while old samples are forgotten stays, be it the oldest that is accepted") {
  HeadFixture f;
  f.open();
  fill(f, 0, 3 * kHour);  // chunks in files
  fill(f, 10 * kHour, 10 * kHour + 60'000);
  const DuringCollection during([&] {
    CHECK(f.append({{"slow", "yes"}}, 9 * kHour, 1).stored == 1);
    CHECK(f.append({{"fast", "yes"}}, 12 * kHour, 1).stored == 1);
  });
  f.head().truncate(4 * kHour);
  CHECK(during.began());
  CHECK(f.head().min_time() <= 9 * kHour);
  CHECK(f.read().at({{"slow", "yes"}}).size() == 1);
  CHECK(f.read().at({{"fast", "yes"}}).size() == 1);
}

TEST_CASE("a commit that was slower than the collection of its time brings nothing of that back") {
  constexpr TimeMs kBefore = 3 * kHour + kHour / 2;
  HeadFixture f;
  f.open();
  fill(f, 0, 3 * kHour);
  const Labels fast{{"fast", "yes"}};
  for (TimeMs t = 3 * kHour - 60'000; t < 4 * kHour; t += 60'000) f.append(fast, t, 1);
  // The commit has been judged and is on its way to the log, when its time is collected.
  std::optional<std::thread> collection;
  std::atomic<bool> is_slow{false};
  std::optional<Model> shown;
  const auto truncations = [&] {
    const std::string text = f.registry().text();
    const std::string name = "\nprometheus_tsdb_head_truncations_total ";
    return text[text.find(name) + name.size()];
  };
  set_file_hook([&](FileOp op, const std::string& path, size_t*) {
    if (op == FileOp::kWrite && path.find("/wal/") != std::string::npos &&
        is_slow.exchange(false)) {
      collection.emplace([&] { f.head().truncate(kBefore); });
      while (truncations() == '0') std::this_thread::yield();
    }
    if (op == FileOp::kCreate && path.find("/chunks_head/") != std::string::npos && !shown)
      shown = f.read();
  });
  is_slow = true;
  Batch batch;
  for (int i = 0; i < 5; ++i) batch.push(f.intern(series_labels(i)), 3 * kHour, 7);
  CHECK(f.head().appender().append(batch).stored == 5);
  REQUIRE(collection);
  collection->join();
  set_file_hook({});
  REQUIRE(shown);
  CHECK(shown->at(fast).front().first == kBefore);
  CHECK(f.read() == *shown);
  CHECK(shown->size() == 1);
}

TEST_CASE(
    "a series that is collected before its writer comes to it is named, and nothing is stored") {
  HeadFixture f;
  f.open();
  const Labels held_up{{"held", "up"}};
  Batch batch;
  batch.push(f.intern(held_up), 7 * kHour, 1);
  fill(f, 0, 8 * kHour);
  f.head().truncate(3 * kHour);  // spares what was asked for
  CHECK(f.head().appender().append(batch).stored == 1);

  Batch later;
  later.push(f.intern({{"two", "late"}}), 8 * kHour, 1);
  later.push(f.intern(series_labels(0)), 8 * kHour, 1);
  f.head().truncate(4 * kHour);
  f.head().truncate(5 * kHour);
  const AppendResult result = f.head().appender().append(later);
  CHECK(result.unknown == std::vector<uint32_t>{0});
  CHECK(result.stored == 0);
  later.refs[0] = f.intern({{"two", "late"}});
  CHECK(f.head().appender().append(later).stored == 2);
  CHECK(f.read().at({{"two", "late"}}).size() == 1);
}
