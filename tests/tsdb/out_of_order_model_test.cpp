// A database that takes samples out of order against a map of maps: random appends, queries,
// compactions and restarts.
#include <doctest/doctest.h>

#include <map>
#include <random>

#include "core/log.h"
#include "tests/tsdb/block_data.h"
#include "tests/tsdb/db_fixture.h"

using namespace hearth;
using namespace hearth::tsdb;

namespace {

constexpr DurationMs kHour = 3'600'000;
constexpr DurationMs kWindow = 30 * kHour;

// A sample's value follows from its time, so that bringing it twice is no contradiction.
double value_at(int series, TimeMs t) { return static_cast<double>(t % 100'003) + series * 0.25; }

Labels labels_of(int series) {
  return Labels{{"__name__", "metric_" + std::to_string(series % 7)},
                {"i", std::to_string(series)}};
}

class Life : DbFixture {
 public:
  explicit Life(uint64_t seed) : DbFixture(1'700'000'000'000), random_(seed) {
    options.live.out_of_order_window = kWindow;
    reopen();
  }

  void step() {
    const int64_t kind = below(1000);
    if (kind < 880) {
      append();
    } else if (kind < 980) {
      const TimeMs from = clock.now() - below(60 * kHour);
      compare({from, from + below(5 * kHour)});
    } else if (kind < 997) {
      if (db->maintenance_due()) db->maintain();
    } else {
      reopen();
    }
  }
  void compare(TimeRange range) {
    Model want;
    for (const auto& [series, samples] : stored_) {
      for (auto at = samples.lower_bound(range.min); at != samples.end() && at->first <= range.max;
           ++at)
        want[labels_of(series)].push_back({at->first, at->second});
    }
    REQUIRE(difference(read_model(*db->querier(range), {}, range), want) == "");
  }
  void end() {
    compare({});
    reopen();
    compare({});
  }
  size_t blocks() const { return db->block_metas().size(); }

 private:
  int64_t below(int64_t limit) {
    return static_cast<int64_t>(random_() % static_cast<uint64_t>(limit));
  }
  void reopen() {
    open();
    newest_ = db->head_stats().max_time;
  }

  // A scrape, in which some samples are late: a little, or by hours; or the history of one series.
  void append() {
    clock.advance(below(40'000));
    Batch batch;
    std::vector<int> of;
    const auto push = [&](int series, TimeMs t) {
      of.push_back(series);
      batch.push(db->appender().intern(labels_of(series)), t, value_at(series, t));
    };
    if (below(40) == 0) {
      const int series = static_cast<int>(below(12));
      const TimeMs from = clock.now() - below(kWindow + kHour);
      for (int i = 0; i < 80; ++i) push(series, from + i * 15'000);
    } else {
      for (int series = static_cast<int>(below(4)); series < 12;
           series += 1 + static_cast<int>(below(4))) {
        const int64_t how = below(10);
        push(series, clock.now() - (how < 7    ? 0
                                    : how == 7 ? below(60'000)
                                               : below(kWindow + kHour)));
      }
    }
    const TimeMs newest = newest_ == kMinTime && !batch.empty() ? batch.times[0] : newest_;
    size_t too_old = 0;
    for (size_t i = 0; i < batch.size(); ++i) {
      const TimeMs t = batch.times[i];
      if (t < newest - kWindow) {
        ++too_old;
        continue;
      }
      stored_[of[i]][t] = batch.values[i];
      newest_ = std::max(newest_, t);
    }
    const AppendResult result = db->appender().append(batch);
    REQUIRE(result.too_old == too_old);
    REQUIRE(result.stored == batch.size() - too_old);
  }

  std::mt19937_64 random_;
  std::map<int, std::map<TimeMs, double>> stored_;
  TimeMs newest_ = kMinTime;  // in the head
};

}  // namespace

TEST_CASE("random operations with samples out of order leave a database equal to a map of maps") {
  set_log_level(LogLevel::kError);
  for (const uint64_t seed : {1u, 2u, 3u}) {
    CAPTURE(seed);
    Life life(seed);
    for (int step = 0; step < 10'000; ++step) {
      CAPTURE(step);
      life.step();
    }
    CHECK(life.blocks() > 3);
    life.end();
  }
}
