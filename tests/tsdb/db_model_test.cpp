// A whole database against a map of maps: random appends in order and late, floats and histograms,
// deletes, queries, compactions of all kinds, restarts and kills. HEARTH_MODEL_SEEDS asks for more
// than the usual seeds.
#include <doctest/doctest.h>

#include <algorithm>
#include <cstdlib>
#include <map>
#include <random>

#include "core/error.h"
#include "core/log.h"
#include "tests/tsdb/db_fixture.h"
#include "tests/tsdb/histograms.h"
#include "tsdb/read_only.h"
#include "tsdb/wal_format.h"

using namespace hearth;
using namespace hearth::tsdb;

namespace {

constexpr DurationMs kMinute = 60'000;
constexpr DurationMs kHour = 60 * kMinute;
constexpr DurationMs kWindow = 3 * kHour;
constexpr int kSeries = 16;

Labels labels_of(int64_t series) {
  return Labels{{"__name__", series % 2 == 0 ? "even" : "odd"}, {"i", std::to_string(series)}};
}

// What a database ought to hold. A sample's value follows from its time and from how often it has
// been deleted: brought twice it is no contradiction, brought again after a delete it is another
// one.
struct Reference {
  struct Sample {
    bool histogram;
    double v;
    bool operator==(const Sample&) const = default;
  };
  using Samples = std::map<TimeMs, Sample>;

  std::map<int64_t, Samples> stored;
  std::map<int64_t, std::vector<TimeRange>> deleted;

  Sample at(int64_t series, TimeMs t) const {
    const auto of = deleted.find(series);
    int64_t deletes = 0;
    if (of != deleted.end())
      deletes = std::count_if(of->second.begin(), of->second.end(),
                              [t](const TimeRange& range) { return range.contains(t); });
    const bool histogram = series % 16 >= 14 ? t / 1000 % 2 == 0 : series % 16 >= 10;
    return {histogram, static_cast<double>(1 + t % 9973 + 10'000 * deletes)};
  }
  void erase(int64_t series, TimeRange range) {
    deleted[series].push_back(range);
    std::erase_if(stored[series], [&](const auto& entry) { return range.contains(entry.first); });
  }
  std::map<int64_t, Samples> within(TimeRange range) const {
    std::map<int64_t, Samples> found;
    for (const auto& [series, samples] : stored) {
      const auto from = samples.lower_bound(range.min), to = samples.upper_bound(range.max);
      if (from != to) found[series] = Samples(from, to);
    }
    return found;
  }
};

FloatHistogram histogram_of(double v) { return make_histogram({{0, v}, {3, 2}}); }

class Life : DbFixture {
 public:
  explicit Life(uint64_t seed) : DbFixture(1'700'000'000'000), random_(seed) {
    options.min_block_duration = kHour / 2;
    options.max_block_duration = 6 * kHour;
    options.retention.time = 0;
    options.wal_segment_bytes = 2 * kWalPageBytes;
    options.live.out_of_order_window = kWindow;
    open();
  }
  ~Life() { set_file_hook({}); }

  void step() {
    const int64_t kind = below(1000);
    if (kind < 850) return append();
    if (kind < 930) return check_some();
    if (kind < 960) return erase();
    if (kind < 990) return db->maintain();
    if (kind < 993) return db->clean_tombstones();
    if (kind < 997) return open();
    kill();
  }
  void finish() {
    kill();
    check({});
    db->maintain();
    db->clean_tombstones();
    open();
    check({});
  }
  size_t blocks() const { return db->block_metas().size(); }
  size_t late() const { return late_; }

 private:
  int64_t below(int64_t limit) {
    return static_cast<int64_t>(random_() % static_cast<uint64_t>(limit));
  }
  // From here on nothing reaches the disk.
  void kill() {
    set_file_hook([](FileOp, const std::string&, size_t* bytes) {
      *bytes = 0;
      throw Error(ErrorKind::kIo, "the process is dead");
    });
    close();
    set_file_hook({});
    open();
    check_some();
  }

  TimeMs some_time() { return clock.now() - below(4) * below(2 * kHour) / 3; }

  void append() {
    clock.advance(1 + below(below(300) == 0 ? kHour : 40'000));
    Batch batch;
    std::vector<std::pair<int64_t, TimeMs>> floats, histograms;
    const auto push = [&](int64_t series, TimeMs t) {
      const SeriesRef ref = db->appender().intern(labels_of(series));
      const auto [histogram, v] = reference_.at(series, t);
      (histogram ? histograms : floats).emplace_back(series, t);
      if (histogram) {
        batch.histograms.push_back({ref, t, histogram_of(v)});
      } else {
        batch.push(ref, t, v);
      }
    };
    if (below(30) == 0) {  // the past of one series
      const int64_t series = below(kSeries);
      const TimeMs from = some_time();
      for (int64_t i = 0; i < 40; ++i) push(series, from + i * 7'000);
    } else {
      for (int64_t series = below(4); series < kSeries; series += 1 + below(3))
        push(series, below(6) == 0 ? some_time() : clock.now());
      push(1000 + kSeries * (clock.now() / kHour) + below(kSeries), clock.now());  // comes and goes
    }
    const AppendResult result = db->appender().append(batch);
    REQUIRE(result.stored + result.stored_histograms + result.refused.size() ==
            floats.size() + histograms.size());
    for (const AppendResult::Refused& refused : result.refused)
      (refused.histogram ? histograms : floats)[refused.position].first = -1;
    for (const auto* of : {&floats, &histograms}) {
      for (const auto& [series, t] : *of) {
        if (series < 0) continue;
        reference_.stored[series][t] = reference_.at(series, t);
        late_ += t < clock.now() ? 1 : 0;
      }
    }
  }

  void erase() {
    const TimeMs from = some_time();
    const TimeRange range{from, from + below(kHour)};
    const int64_t one = below(kSeries);
    if (below(4) != 0) {
      db->delete_series(
          std::vector<std::vector<Matcher>>{{Matcher(MatchType::kEqual, "i", std::to_string(one))}},
          range);
      reference_.erase(one, range);
    } else {
      db->delete_series(
          std::vector<std::vector<Matcher>>{{Matcher(MatchType::kEqual, "__name__", "odd")}},
          range);
      for (int64_t series = 1; series < kSeries; series += 2) reference_.erase(series, range);
      for (auto& entry : reference_.stored) {
        if (entry.first >= kSeries && entry.first % 2 == 1) reference_.erase(entry.first, range);
      }
    }
    check({range.min - kHour, range.max + kHour});
  }

  void check_some() {
    const TimeMs from = clock.now() - below(12 * kHour);
    check({from, from + below(4 * kHour)});
  }
  // The database, and its directory for who only reads.
  void check(TimeRange range) {
    check(range, *db);
    ReadOnlyDb read_only(dir.path(), pool);
    check(range, read_only);
  }
  void check(TimeRange range, Queryable& queryable) {
    std::map<int64_t, Reference::Samples> found;
    Budget budget(0);
    const auto querier = queryable.querier(range);
    const auto set = querier->select({}, {range}, budget);
    Columns columns;
    for (size_t i = 0; i < set->size(); ++i) {
      set->read(i, range, columns);
      Reference::Samples samples;
      for (size_t k = 0; k < columns.t.size(); ++k) samples[columns.t[k]] = {false, columns.v[k]};
      for (size_t k = 0; k < columns.histogram_t.size(); ++k) {
        REQUIRE(samples.count(columns.histogram_t[k]) == 0);
        samples[columns.histogram_t[k]] = {true, columns.histograms[k].count - 2};
        REQUIRE(histogram_difference(columns.histograms[k],
                                     histogram_of(columns.histograms[k].count - 2)) == "");
      }
      const int64_t series = std::stoll(std::string(set->labels(i).get("i")));
      if (!samples.empty()) found[series] = std::move(samples);
    }
    REQUIRE(difference(found, reference_.within(range)) == "");
  }
  std::string difference(const std::map<int64_t, Reference::Samples>& got,
                         const std::map<int64_t, Reference::Samples>& want) const {
    const auto lacks = [&](const auto& a, const auto& b, const char* what) -> std::string {
      for (const auto& [series, samples] : a) {
        const auto other = b.find(series);
        for (const auto& [t, sample] : samples) {
          const std::string at = " series " + std::to_string(series) + " at " + std::to_string(t) +
                                 ", " + std::to_string(clock.now() - t) + " ms ago";
          if (other == b.end() || other->second.count(t) == 0) return what + at;
          if (!(other->second.at(t) == sample)) return "another value:" + at;
        }
      }
      return "";
    };
    const std::string lost = lacks(want, got, "lost:");
    return lost.empty() ? lacks(got, want, "deleted, or never brought:") : lost;
  }

  std::mt19937_64 random_;
  Reference reference_;
  size_t late_ = 0;
};

}  // namespace

TEST_CASE("random operations leave a whole database equal to a map of maps") {
  constexpr int kOperations = 10'000;
  set_log_sink([](std::string_view) {});
  const char* const more = std::getenv("HEARTH_MODEL_SEEDS");
  const uint64_t seeds = more != nullptr ? std::strtoull(more, nullptr, 10) : 2;
  for (uint64_t seed = 1; seed <= seeds; ++seed) {
    CAPTURE(seed);
    Life life(seed);
    for (int operation = 0; operation < kOperations; ++operation) {
      CAPTURE(operation);
      life.step();
    }
    life.finish();
    CHECK(life.blocks() > 5);
    CHECK(life.late() > 1000);
  }
  set_log_sink(nullptr);
}
