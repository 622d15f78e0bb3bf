// The head against a map of vectors, under random appends of floats, histograms and stale markers,
// reads, deletes, truncations and restarts. HEARTH_MODEL_SEEDS asks for more than the usual seeds.
#include <doctest/doctest.h>

#include <cstdlib>
#include <random>

#include "tests/tsdb/head_fixture.h"
#include "tests/tsdb/head_model.h"
#include "tsdb/wal_format.h"

using namespace hearth;
using namespace hearth::tsdb;

namespace {

constexpr DurationMs kHour = 3'600'000;
constexpr int kSeries = 60;

// One head and its model. A step is one operation on one series, or on all.
class Run {
 public:
  explicit Run(uint64_t seed) : random_(seed) {
    f_.options.wal_segment_bytes = 2 * kWalPageBytes;
    if (seed % 2 == 0) f_.live.float_encoding = Encoding::kXor2;
    for (int i = 0; i < kSeries; ++i) {
      labels_.push_back(series_labels(i));
      histograms_.emplace_back(seed * 1000 + static_cast<uint64_t>(i));
    }
    f_.open();
  }

  // Returns how many operations it was.
  int step() {
    const int64_t kind = below(1000);
    if (kind < 850) return append();
    if (kind < 950) return read();
    if (kind < 980) return erase();
    if (kind < 995) return truncate();
    return reopen();
  }
  void finish() {
    reopen();
    check({});
  }

 private:
  int64_t below(int64_t limit) {
    return static_cast<int64_t>(random_() % static_cast<uint64_t>(limit));
  }

  int append() {
    Batch batch;
    std::vector<int> float_series, histogram_series;
    now_ += below(200) == 0 ? kHour : below(60'000);
    const int first = static_cast<int>(below(kSeries - 20));
    for (int i = first; i < first + 20; ++i) {
      // Mostly in order; sometimes late, sometimes twice.
      const TimeMs t = below(20) == 0 ? now_ - below(2 * kHour) : now_;
      const SeriesRef ref = f_.intern(labels_[static_cast<size_t>(i)]);
      const bool histogram = below(50) == 0 ? i % 3 != 0 : i % 3 == 0;
      if (histogram) {
        batch.histograms.push_back({ref, t, histograms_[static_cast<size_t>(i)].next()});
        histogram_series.push_back(i);
      } else {
        const double v = below(40) == 0
                             ? stale_marker()
                             : static_cast<double>(below(3) == 0 ? below(1'000'000) : 42);
        batch.push(ref, t, v);
        float_series.push_back(i);
        if (below(30) == 0) {
          batch.push(ref, below(2) == 0 ? t : t + below(5000), 42);
          float_series.push_back(i);
        }
      }
    }
    AppendResult expected;
    const TimeMs first_time = batch.times.empty() ? batch.histograms[0].t : batch.times[0];
    const TimeMs oldest = model_.oldest(first_time);
    // Markers of histograms come after the floats, as in the head.
    expect_floats(batch, float_series, oldest, expected);
    for (size_t k = 0; k < batch.histograms.size(); ++k) {
      const Batch::SeriesHistogram& of = batch.histograms[k];
      model_.append(labels_[static_cast<size_t>(histogram_series[k])],
                    {of.t, 0, std::make_shared<FloatHistogram>(of.histogram)}, oldest, expected);
    }
    model_.finish_batch();
    const AppendResult result = f_.head().appender().append(batch);
    REQUIRE(result.stored + result.stored_histograms == expected.stored);
    REQUIRE(result.duplicate == expected.duplicate);
    REQUIRE(result.out_of_order == expected.out_of_order);
    REQUIRE(result.out_of_bounds == expected.out_of_bounds);
    REQUIRE(result.refused.size() ==
            expected.duplicate + expected.out_of_order + expected.out_of_bounds);
    return static_cast<int>(batch.size() + batch.histograms.size());
  }
  void expect_floats(const Batch& batch, const std::vector<int>& series, TimeMs oldest,
                     AppendResult& expected) {
    for (size_t k = 0; k < batch.size(); ++k) {
      const bool followed = k + 1 < batch.size() && batch.refs[k + 1] == batch.refs[k];
      model_.append(labels_[static_cast<size_t>(series[k])], {batch.times[k], batch.values[k], {}},
                    oldest, expected, followed);
    }
  }

  void check(TimeRange range) {
    std::map<Labels, Columns> read;
    Budget budget(0);
    const auto querier = f_.head().querier(range);
    const auto set = querier->select({}, {range}, budget);
    for (size_t i = 0; i < set->size(); ++i) set->read(i, range, read[Labels(set->labels(i))]);
    for (const Labels& labels : labels_) {
      const std::string difference = model_.difference(labels, range, read[labels]);
      REQUIRE(difference == "");
    }
  }
  int read() {
    const TimeMs from = now_ - below(8 * kHour);
    check({from, from + below(4 * kHour)});
    return 1;
  }
  int erase() {
    const Labels& labels = labels_[static_cast<size_t>(below(kSeries))];
    const TimeMs from = now_ - below(3 * kHour);
    const TimeRange range{from, from + below(kHour)};
    f_.head().delete_samples(std::vector<Matcher>{Matcher(MatchType::kEqual, "instance",
                                                          std::string(labels.get("instance")))},
                             range);
    model_.erase(labels, range);
    check({now_ - 4 * kHour, now_});
    return 1;
  }
  int truncate() {
    if (!f_.head().compactable()) return 1;
    const TimeMs before = f_.head().min_time() / (2 * kHour) * (2 * kHour) + 2 * kHour;
    f_.head().truncate(before);
    model_.truncate(before);
    check({});
    if (!model_.series.empty()) model_.min_valid = std::max(model_.min_valid, f_.head().min_time());
    return 1;
  }
  int reopen() {
    f_.open(model_.min_valid);
    check({});
    model_.max = f_.head().max_time();
    return 1;
  }

  std::mt19937_64 random_;
  HeadFixture f_;
  HeadModel model_;
  std::vector<Labels> labels_;
  std::vector<RandomHistograms> histograms_;
  TimeMs now_ = 100 * kHour;
};

}  // namespace

TEST_CASE("random operations leave the head equal to a map of vectors") {
  constexpr int kOperations = 10'000;
  const char* const more = std::getenv("HEARTH_MODEL_SEEDS");
  const uint64_t seeds = more != nullptr ? std::strtoull(more, nullptr, 10) : 4;
  for (uint64_t seed = 1; seed <= seeds; ++seed) {
    CAPTURE(seed);
    Run run(seed);
    for (int operations = 0; operations < kOperations;) operations += run.step();
    run.finish();
  }
}
