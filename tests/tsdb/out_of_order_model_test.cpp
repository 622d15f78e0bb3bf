// A database that takes samples out of order against a map of maps: random appends, queries,
// compactions and restarts.
#include <doctest/doctest.h>

#include <map>
#include <random>
#include <set>

#include "core/file.h"
#include "core/log.h"
#include "tests/tsdb/head_fixture.h"
#include "tsdb/db.h"

using namespace hearth;
using namespace hearth::tsdb;

namespace {

constexpr DurationMs kHour = 3'600'000;
constexpr DurationMs kWindow = 30 * kHour;

// A sample's value follows from its time, so that bringing it twice is no contradiction.
double value_at(int series, TimeMs t) { return static_cast<double>(t % 100'003) + series * 0.25; }

class Life {
 public:
  explicit Life(uint64_t seed) : random_(seed) { open(); }

  void step() {
    const int64_t kind = below(1000);
    if (kind < 880) {
      append();
    } else if (kind < 980) {
      const TimeMs from = clock_.now() - below(60 * kHour);
      compare({from, from + below(5 * kHour)});
    } else if (kind < 997) {
      if (db_->maintenance_due()) db_->maintain();
    } else {
      open();
    }
  }
  void compare(TimeRange range) {
    Budget budget(0);
    const auto querier = db_->querier(range);
    const auto set = querier->select({}, {range}, budget);
    Model found;
    for (size_t i = 0; i < set->size(); ++i) {
      Columns columns;
      set->read(i, range, columns);
      if (columns.t.empty()) continue;
      auto& samples = found[Labels(set->labels(i))];
      for (size_t k = 0; k < columns.t.size(); ++k)
        samples.emplace_back(columns.t[k], columns.v[k]);
    }
    Model want;
    for (const auto& [series, samples] : stored_) {
      for (auto at = samples.lower_bound(range.min); at != samples.end() && at->first <= range.max;
           ++at)
        want[series_labels(series)].push_back(*at);
    }
    REQUIRE(found.size() == want.size());
    for (const auto& of : want)
      REQUIRE_MESSAGE(found[of.first] == of.second, labels_text(of.first));
  }
  void end() {
    compare({});
    open();
    compare({});
  }
  size_t blocks() const {
    size_t count = 0;
    for (const std::string& name : list_dir(dir_.path())) count += name.size() == 26 ? 1 : 0;
    return count;
  }

 private:
  int64_t below(int64_t limit) {
    return static_cast<int64_t>(random_() % static_cast<uint64_t>(limit));
  }
  void open() {
    db_.reset();
    registry_ = std::make_unique<Registry>();
    db_ = std::make_unique<Db>(dir_.path(), Options(), clock_, pool_, *registry_);
    LiveOptions live;
    live.out_of_order_window = kWindow;
    db_->apply(live);
    newest_ = db_->head_stats().max_time;
  }

  // A scrape, in which some samples are late: a little, or by hours; or the history of one series.
  void append() {
    clock_.advance(below(40'000));
    Batch batch;
    std::vector<int> of;
    const auto push = [&](int series, TimeMs t) {
      of.push_back(series);
      batch.push(db_->appender().intern(series_labels(series)), t, value_at(series, t));
    };
    if (below(40) == 0) {
      const int series = static_cast<int>(below(12));
      const TimeMs from = clock_.now() - below(kWindow + kHour);
      for (int i = 0; i < 80; ++i) push(series, from + i * 15'000);
    } else {
      for (int series = static_cast<int>(below(4)); series < 12; series += 1 + static_cast<int>(below(4))) {
        const int64_t how = below(10);
        push(series, clock_.now() - (how < 7 ? 0 : how == 7 ? below(60'000) : below(kWindow + kHour)));
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
    const AppendResult result = db_->appender().append(batch);
    REQUIRE(result.too_old == too_old);
    REQUIRE(result.stored == batch.size() - too_old);
  }

  TempDir dir_;
  FakeClock clock_{1'700'000'000'000};
  Pool pool_{1};
  std::unique_ptr<Registry> registry_;
  std::unique_ptr<Db> db_;
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
