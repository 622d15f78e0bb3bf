// The process dies at the n-th thing it does to the disk, for every n of a small life: afterwards
// all that was acknowledged is there, and nothing else.
#include <doctest/doctest.h>

#include "tests/tsdb/crash.h"
#include "tests/tsdb/head_fixture.h"
#include "tsdb/checkpoint.h"
#include "tsdb/wal_format.h"

using namespace hearth;
using namespace hearth::tsdb;

namespace {

constexpr DurationMs kHour = 3'600'000;

// What the life has been told is stored, and what it was about to store when it ended.
struct Diary {
  Model stored;
  Model in_flight;
  TimeMs cut = kMinTime;  // older samples may be gone
  bool saw_checkpoint = false;
};

// Forty batches of 300 series; restarts and truncates on the way. Throws when the disk does.
void live(HeadFixture& f, Diary& diary) {
  f.open();
  for (int round = 0; round < 40; ++round) {
    const TimeMs t = 100 * kHour + round * 10 * 60'000;
    Batch batch;
    diary.in_flight.clear();
    for (int i = 0; i < 300; ++i) {
      const Labels labels = series_labels(i < 290 ? i : 1000 + round * 10 + i);
      batch.push(f.intern(labels), t, round);
      diary.in_flight[labels].emplace_back(t, round);
    }
    f.head().appender().append(batch);
    for (const auto& [labels, samples] : diary.in_flight) {
      diary.stored[labels].push_back(samples.front());
    }
    diary.in_flight.clear();
    if (round == 12) f.open();
    if (round % 16 == 15) {
      diary.cut = t - 2 * kHour;
      f.head().truncate(diary.cut);
    }
  }
  diary.saw_checkpoint = latest_checkpoint(f.wal_dir()).has_value();
  f.close();
}

Model not_before(const Model& model, TimeMs cut) {
  Model kept;
  for (const auto& [labels, samples] : model) {
    for (const auto& sample : samples) {
      if (sample.first >= cut) kept[labels].push_back(sample);
    }
  }
  return kept;
}

// The whole of the in-flight batch may have come through, or none of it.
Model with_in_flight(const Diary& diary) {
  Model model = diary.stored;
  for (const auto& [labels, samples] : diary.in_flight) model[labels].push_back(samples.front());
  return not_before(model, diary.cut);
}

}  // namespace

TEST_CASE("whenever the machine stops, what was acknowledged is there and nothing else") {
  set_log_sink([](std::string_view) {});
  size_t last = 0;
  for (bool died = true; died; ++last) {
    CAPTURE(last);
    HeadFixture f;
    f.options.wal_segment_bytes = kWalPageBytes;
    f.options.wal_compression = WalCompression::kNone;
    f.options.min_block_duration = kHour;
    Diary diary;
    died = live_until(last, [&] { live(f, diary); }, [&] { f.close(); });
    if (!died) CHECK(diary.saw_checkpoint);

    f.open(diary.cut);
    const Model found = not_before(f.read(), diary.cut);
    const Model stored = not_before(diary.stored, diary.cut);
    if (found != stored) REQUIRE(found == with_in_flight(diary));
    // Life goes on, and so does the log.
    const TimeMs later = 200 * kHour;
    CHECK(f.append(series_labels(1), later, 1).stored == 1);
    f.open(diary.cut);
    CHECK(f.read({later, later}).size() == 1);
  }
  CHECK(last > 60);
  set_log_sink(nullptr);
}
