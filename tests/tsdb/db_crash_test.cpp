// The machine stops at the n-th thing that a database does to the disk, for every n of a full life:
// scrapes with native histograms and late samples, chunks cut, blocks written and merged,
// checkpoints, deletes, retention, a restart. Afterwards every acknowledged sample is there, and
// nothing that was never sent.
#include <doctest/doctest.h>

#include <atomic>
#include <cstdlib>
#include <set>

#include "core/go_text.h"
#include "core/log.h"
#include "tests/tsdb/crash.h"
#include "tests/tsdb/db_fixture.h"
#include "tests/tsdb/histograms.h"
#include "tsdb/wal_format.h"

using namespace hearth;
using namespace hearth::tsdb;

namespace {

constexpr DurationMs kMinute = 60'000;
constexpr DurationMs kBlock = 30 * kMinute;
constexpr TimeMs kStart = 1'700'000'000'000 / kBlock * kBlock + 7 * kMinute;

// {series, time} -> value as text.
using Samples = std::map<std::pair<std::string, TimeMs>, std::string>;

// What the life has been told is done, and what it was about to do when it ended.
struct Diary {
  Samples stored;
  Samples arriving;  // of the batch on its way: any part of them may be there
  Samples leaving;   // of the delete on its way: likewise
  size_t late = 0, deletes = 0;
  bool merged = false;
};

struct Life : DbFixture {
  Life() : DbFixture(kStart) {
    options.min_block_duration = kBlock;
    options.max_block_duration = 3 * kBlock;
    options.wal_segment_bytes = kWalPageBytes;
    options.wal_sync = 0;
    options.retention.time = 0;
    options.live = {.out_of_order_window = 60 * kMinute, .max_exemplars = 100};
  }

  void live(Diary& diary);
  void scrape(Diary& diary, int round);
  void delete_some(Diary& diary, const char* name, int i, TimeRange range);
  Samples read();
  void push(Batch& batch, Diary& diary, const char* name, int i, TimeMs t, double v);
};

Labels labels_of(const char* name, int i) {
  return Labels{{"__name__", name}, {"i", std::to_string(i)}};
}

void Life::push(Batch& batch, Diary& diary, const char* name, int i, TimeMs t, double v) {
  const Labels labels = labels_of(name, i);
  batch.push(db->appender().intern(labels), t, v);
  diary.arriving[{metric_text(labels), t}] = float_g(v);
}

void Life::scrape(Diary& diary, int round) {
  Batch batch;
  const TimeMs t = kStart + round * 2 * kMinute;
  diary.arriving.clear();
  for (int i = 0; i < 8; ++i) push(batch, diary, "metric", i, t, round * (i + 1));
  push(batch, diary, "short_lived", round / 10, t, round);
  if (round % 6 == 5) {
    push(batch, diary, "metric", 1, t - 25 * kMinute - 1, round + 0.5);
    push(batch, diary, "late", round % 4, t - 40 * kMinute - 1, round + 0.25);
    diary.late += 2;
  }
  const Labels labels = labels_of("histogram", 0);
  FloatHistogram histogram = make_histogram({{0, round + 1}, {round % 3 + 1, 2}});
  diary.arriving[{metric_text(labels), t}] = float_g(histogram.sum);
  batch.histograms.push_back({db->appender().intern(labels), t, std::move(histogram)});
  const AppendResult result = db->appender().append(batch);
  REQUIRE(result.refused.empty());
  diary.stored.merge(diary.arriving);
  diary.arriving.clear();
}

void Life::delete_some(Diary& diary, const char* name, int i, TimeRange range) {
  const std::string series = metric_text(labels_of(name, i));
  diary.leaving.clear();
  for (const auto& [key, value] : diary.stored) {
    if (key.first == series && range.contains(key.second)) diary.leaving[key] = value;
  }
  REQUIRE(!diary.leaving.empty());
  for (const auto& [key, value] : diary.leaving) diary.stored.erase(key);
  const std::vector<std::vector<Matcher>> selectors{
      {Matcher(MatchType::kEqual, "__name__", name),
       Matcher(MatchType::kEqual, "i", std::to_string(i))}};
  db->delete_series(selectors, range);
  diary.leaving.clear();
  ++diary.deletes;
}

void Life::live(Diary& diary) {
  open();
  for (int round = 0; round < 120; ++round) {
    scrape(diary, round);
    clock.set(kStart + round * 2 * kMinute);
    if (round % 12 == 11) db->maintain();
    if (round == 70)
      delete_some(diary, "metric", 2, {kStart + 20 * kMinute, kStart + 130 * kMinute});
    // Only in the head, in order and late; and what comes later into the same time.
    if (round == 78)
      delete_some(diary, "metric", 1, {kStart + 110 * kMinute, kStart + 200 * kMinute});
    if (round == 78) delete_some(diary, "late", 77 % 4, {kMinTime, kMaxTime});
    if (round == 85) db->clean_tombstones();
    if (round == 50) open();
  }
  for (const BlockMeta& meta : db->block_metas()) diary.merged = diary.merged || meta.level > 1;
  close();
}

Samples Life::read() {
  Samples samples;
  Budget budget(0);
  const auto querier = db->querier({});
  const auto set = querier->select({}, {}, budget);
  Columns columns;
  for (size_t i = 0; i < set->size(); ++i) {
    set->read(i, {}, columns);
    const std::string series = metric_text(set->labels(i));
    for (size_t k = 0; k < columns.t.size(); ++k)
      samples[{series, columns.t[k]}] = float_g(columns.v[k]);
    for (size_t k = 0; k < columns.histogram_t.size(); ++k)
      samples[{series, columns.histogram_t[k]}] = float_g(columns.histograms[k].sum);
  }
  return samples;
}

std::string first_wrong(const Samples& found, const Diary& diary) {
  for (const auto& [key, value] : diary.stored) {
    const auto it = found.find(key);
    if (it == found.end())
      return "lost: " + key.first + " at " + std::to_string(key.second - kStart);
    if (it->second != value) return "changed: " + key.first + " " + value + " became " + it->second;
  }
  for (const auto& [key, value] : found) {
    const bool known =
        diary.stored.count(key) + diary.arriving.count(key) + diary.leaving.count(key) > 0;
    if (!known)
      return "never stored, or deleted: " + key.first + " at " +
             std::to_string(key.second - kStart);
  }
  return "";
}

}  // namespace

// HEARTH_CRASH_STEP=1 stops at each operation; the normal run takes some of them.
TEST_CASE("whenever the machine stops, a database has what was acknowledged and nothing else") {
  set_log_sink([](std::string_view) {});
  const char* const step_text = std::getenv("HEARTH_CRASH_STEP");
  const size_t step = step_text != nullptr ? std::strtoul(step_text, nullptr, 10) : 13;
  size_t last = 0;
  for (bool died = true; died; last += step) {
    CAPTURE(last);
    Life life;
    Diary diary;
    died = live_until(
        last, [&] { life.live(diary); }, [&] { life.close(); });
    if (!died) {
      CHECK(diary.merged);
      CHECK(diary.deletes == 3);
      CHECK(diary.late == 40);
    }
    life.open();
    REQUIRE(first_wrong(life.read(), diary) == "");
    // Life goes on with what is there: maintenance changes nothing, and new samples are stored.
    diary = Diary();
    diary.stored = life.read();
    life.db->maintain();
    REQUIRE(first_wrong(life.read(), diary) == "");
    life.scrape(diary, 200);
    life.open();
    REQUIRE(first_wrong(life.read(), diary) == "");
  }
  MESSAGE("stopped at each " << step << ". of " << last << " operations");
  CHECK(last > 300);
  set_log_sink(nullptr);
}
