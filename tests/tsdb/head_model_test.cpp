// The head against a map of vectors, under random appends, reads, truncations and restarts.
#include <doctest/doctest.h>

#include <algorithm>
#include <random>

#include "tests/tsdb/head_fixture.h"
#include "tsdb/wal_format.h"

using namespace hearth;
using namespace hearth::tsdb;

namespace {

constexpr DurationMs kHour = 3'600'000;

// What the head ought to hold.
struct Reference {
  Model series;
  TimeMs max = kMinTime;
  TimeMs min_valid = kMinTime;

  TimeMs oldest(TimeMs first) const {
    return std::max(min_valid, (max == kMinTime ? first : max) - kHour);
  }
  void append(const Labels& labels, TimeMs t, double v, TimeMs oldest, AppendResult& expected) {
    auto& samples = series[labels];
    if (t < oldest) {
      ++expected.out_of_bounds;
    } else if (samples.empty() || t > samples.back().first) {
      samples.emplace_back(t, v);
      ++expected.stored;
    } else if (t < samples.back().first) {
      ++expected.out_of_order;
    } else {
      ++(samples.back().second == v ? expected.stored : expected.duplicate);
    }
  }
  void truncate(TimeMs before) {
    for (auto& [labels, samples] : series) {
      std::erase_if(samples, [&](const auto& sample) { return sample.first < before; });
    }
    std::erase_if(series, [](const auto& entry) { return entry.second.empty(); });
  }
  Model in(TimeRange range) const {
    Model found;
    for (const auto& [labels, samples] : series) {
      for (const auto& sample : samples) {
        if (range.contains(sample.first)) found[labels].push_back(sample);
      }
    }
    return found;
  }
};

}  // namespace

TEST_CASE("random operations leave the head equal to a map of vectors") {
  for (const uint64_t seed : {1u, 2u, 3u, 4u}) {
    CAPTURE(seed);
    std::mt19937_64 random(seed);
    const auto below = [&](int64_t limit) {
      return static_cast<int64_t>(random() % static_cast<uint64_t>(limit));
    };
    HeadFixture f;
    f.options.wal_segment_bytes = 2 * kWalPageBytes;
    f.open();
    Reference model;
    TimeMs now = 100 * kHour;
    for (int step = 0; step < 700; ++step) {
      const int64_t kind = below(100);
      if (kind < 85) {
        Batch batch;
        std::vector<Labels> of;  // whose sample stands there
        now += below(200) == 0 ? kHour : below(60'000);
        const int64_t first = below(60);
        for (int64_t i = first; i < first + 20; ++i) {
          // Mostly in order; sometimes late, sometimes twice.
          const TimeMs t = below(20) == 0 ? now - below(2 * kHour) : now;
          of.push_back(series_labels(static_cast<int>(i)));
          batch.push(f.intern(of.back()), t,
                     static_cast<double>(below(3) == 0 ? below(1'000'000) : 42));
          if (below(30) == 0) {
            of.push_back(of.back());
            batch.push(batch.refs.back(), below(2) == 0 ? t : t + below(5000), 42);
          }
        }
        AppendResult expected;
        const TimeMs oldest = model.oldest(batch.times[0]);
        for (size_t i = 0; i < batch.size(); ++i) {
          model.append(of[i], batch.times[i], batch.values[i], oldest, expected);
        }
        for (const auto& [labels, samples] : model.series) {
          if (!samples.empty()) model.max = std::max(model.max, samples.back().first);
        }
        std::erase_if(model.series, [](const auto& entry) { return entry.second.empty(); });
        const AppendResult result = f.head().appender().append(batch);
        REQUIRE(result.stored == expected.stored);
        REQUIRE(result.duplicate == expected.duplicate);
        REQUIRE(result.out_of_order == expected.out_of_order);
        REQUIRE(result.out_of_bounds == expected.out_of_bounds);
      } else if (kind < 95) {
        const TimeMs from = now - below(8 * kHour);
        const TimeRange range{from, from + below(4 * kHour)};
        REQUIRE(f.read(range) == model.in(range));
      } else if (kind < 98) {
        if (!f.head().compactable()) continue;
        const TimeMs before = f.head().min_time() / (2 * kHour) * (2 * kHour) + 2 * kHour;
        f.head().truncate(before);
        model.truncate(before);
        model.min_valid = std::max(model.min_valid, before);
        const Model left = f.read();
        REQUIRE(left == model.series);
        if (!left.empty()) model.min_valid = std::max(model.min_valid, f.head().min_time());
      } else {
        f.open(model.min_valid);
        REQUIRE(f.read() == model.series);
        model.max = f.head().max_time();
      }
    }
    f.open(model.min_valid);
    CHECK(f.read() == model.series);
  }
}
