// Native histograms in the head: what is stored, how chunks are cut, what readers see.
#include <doctest/doctest.h>

#include "tests/tsdb/head_fixture.h"
#include "tests/tsdb/histograms.h"
#include "tsdb/chunk.h"
#include "tsdb/head_state.h"

using namespace hearth;
using namespace hearth::tsdb;

namespace {

constexpr TimeMs kStart = 100 * 7'200'000;
const Labels kA{{"__name__", "a"}};
const Labels kB{{"__name__", "b"}};

FloatHistogram counting(double count) { return make_histogram({{0, count}, {1, 2 * count}}); }

using Times = std::vector<TimeMs>;
using Chunks = HeadFixture::Chunks;

}  // namespace

TEST_CASE("integer, float and custom histograms come back as they were stored") {
  HeadFixture f;
  f.open();
  FloatHistogram fractional = counting(2.5);
  fractional.integer = false;
  const FloatHistogram custom = make_custom_histogram({0.5, 1}, {1, 2, 3});
  CHECK(f.append_histogram(kA, kStart, counting(3)).stored_histograms == 1);
  CHECK(f.append_histogram(kA, kStart + 1, fractional).stored_histograms == 1);
  CHECK(f.append_histogram(kA, kStart + 2, custom).stored_histograms == 1);
  const Columns columns = f.columns(kA);
  REQUIRE(columns.histogram_t == Times{kStart, kStart + 1, kStart + 2});
  CHECK(histogram_difference(columns.histograms[0], counting(3)) == "");
  CHECK(histogram_difference(columns.histograms[1], fractional) == "");
  CHECK(histogram_difference(columns.histograms[2], custom) == "");
  CHECK(columns.t.empty());
}

TEST_CASE("random histograms come back in any range") {
  HeadFixture f;
  f.open();
  RandomHistograms random(7);
  std::vector<FloatHistogram> stored;
  for (int i = 0; i < 500; ++i) {
    stored.push_back(random.next());
    REQUIRE(f.append_histogram(kA, kStart + i * 15'000, stored.back()).stored_histograms == 1);
  }
  const auto check = [&](size_t from, size_t to) {
    const Columns columns = f.columns(kA, {kStart + static_cast<TimeMs>(from) * 15'000,
                                           kStart + static_cast<TimeMs>(to) * 15'000});
    REQUIRE(columns.histograms.size() == to - from + 1);
    for (size_t i = from; i <= to; ++i) {
      CAPTURE(i);
      REQUIRE(histogram_difference(columns.histograms[i - from], stored[i]) == "");
    }
  };
  check(0, 499);
  check(100, 101);
  check(250, 480);
}

TEST_CASE("an invalid histogram fails the append, and nothing of the batch is stored") {
  HeadFixture f;
  f.open();
  Batch batch;
  batch.push(f.intern(kB), kStart, 1);
  batch.histograms.push_back({f.intern(kA), kStart, counting(3)});
  batch.histograms[0].histogram.count = 1;
  CHECK_THROWS_WITH_AS(f.head().appender().append(batch),
                       "9 observations found in buckets, but the Count field is 1: histogram's "
                       "observation count should equal the number of observations found in the "
                       "buckets (in absence of NaN)",
                       Error);
  CHECK(f.read().empty());
}

TEST_CASE("histograms are judged by time and by equality with the newest") {
  HeadFixture f;
  f.open();
  f.append_histogram(kA, kStart, counting(3));
  CHECK(f.append_histogram(kA, kStart, counting(3)).stored_histograms == 1);
  FloatHistogram wider = make_histogram({{0, 3}, {1, 6}, {2, 0}});
  wider.sum = counting(3).sum;
  CHECK(f.append_histogram(kA, kStart, wider).stored_histograms == 1);
  const AppendResult other = f.append_histogram(kA, kStart, counting(4));
  CHECK(other.duplicate == 1);
  REQUIRE(other.refused.size() == 1);
  CHECK(other.refused[0].histogram);
  CHECK(other.refused[0].why == Refusal::kDuplicate);
  CHECK(f.append_histogram(kA, kStart - 1, counting(3)).out_of_order == 1);
  CHECK(f.append_histogram(kA, kStart - 7'200'000, counting(3)).out_of_bounds == 1);
  FloatHistogram fractional = counting(3);
  fractional.integer = false;
  CHECK(f.append_histogram(kA, kStart, fractional).duplicate == 1);
  CHECK(f.append(kA, kStart, 5).duplicate == 1);
  CHECK(f.columns(kA).histogram_t == Times{kStart});
}

TEST_CASE("a histogram at the time of a float is a duplicate") {
  HeadFixture f;
  f.open();
  f.append(kA, kStart, 0);
  CHECK(f.append_histogram(kA, kStart, FloatHistogram{}).duplicate == 1);
  CHECK(f.columns(kA).t == Times{kStart});
}

TEST_CASE("one refused histogram keeps the whole batch out where it is all or nothing") {
  HeadFixture f;
  f.open();
  f.append_histogram(kA, kStart, counting(3));
  Batch batch;
  batch.all_or_nothing = true;
  batch.push(f.intern(kB), kStart, 1);
  batch.histograms.push_back({f.intern(kA), kStart - 1, counting(3)});
  const AppendResult result = f.head().appender().append(batch);
  CHECK(result.stored == 0);
  CHECK(result.out_of_order == 1);
  CHECK(f.read().empty());
}

TEST_CASE("histograms of a series that has died are named, and nothing is stored") {
  HeadFixture f;
  f.open();
  Batch batch;
  batch.push(f.intern(kB), kStart, 1);
  batch.histograms.push_back({f.intern(kA), kStart, counting(3)});
  batch.histograms.push_back({1000, kStart, counting(3)});
  const AppendResult result = f.head().appender().append(batch);
  CHECK(result.unknown_histograms == std::vector<uint32_t>{1});
  CHECK(result.stored == 0);
  CHECK(f.columns(kA).histogram_t.empty());
}

TEST_CASE("a stale marker ends a series of histograms as a histogram") {
  HeadFixture f;
  f.open();
  f.append_histogram(kA, kStart, counting(3));
  CHECK(f.append(kA, kStart + 1, stale_marker()).stored == 1);
  CHECK(f.append(kA, kStart + 1, stale_marker()).stored == 1);  // the same again
  const Columns columns = f.columns(kA);
  CHECK(columns.t.empty());
  REQUIRE(columns.histogram_t == Times{kStart, kStart + 1});
  CHECK(is_stale(columns.histograms[1].sum));
  CHECK(columns.histograms[1].integer);

  FloatHistogram fractional = counting(2.5);
  fractional.integer = false;
  f.append_histogram(kB, kStart, fractional);
  f.append(kB, kStart + 1, stale_marker());
  REQUIRE(f.columns(kB).histograms.size() == 2);
  CHECK_FALSE(f.columns(kB).histograms[1].integer);
}

TEST_CASE("a series changes between floats and histograms with a chunk for each") {
  HeadFixture f;
  f.open();
  f.append(kA, kStart, 1);
  f.append(kA, kStart + 1, 2);
  f.append_histogram(kA, kStart + 2, counting(1));
  f.append(kA, kStart + 3, 3);
  f.append_histogram(kA, kStart + 4, counting(2));
  CHECK(f.chunks() == Chunks{{Encoding::kXor, 2},
                             {Encoding::kHistogram, 1},
                             {Encoding::kXor, 1},
                             {Encoding::kHistogram, 1}});
  const Columns columns = f.columns(kA);
  CHECK(columns.t == Times{kStart, kStart + 1, kStart + 3});
  CHECK(columns.histogram_t == Times{kStart + 2, kStart + 4});
  // A compaction may ask for a part of a chunk.
  CHECK(f.chunks({kStart + 1, kStart + 2}) ==
        Chunks{{Encoding::kXor, 1}, {Encoding::kHistogram, 1}});
}

TEST_CASE("a counter reset begins a chunk of histograms") {
  HeadFixture f;
  f.open();
  f.append_histogram(kA, kStart, counting(5));
  f.append_histogram(kA, kStart + 1, counting(6));
  f.append_histogram(kA, kStart + 2, counting(2));
  f.append_histogram(kA, kStart + 3, counting(3));
  CHECK(f.chunks() == Chunks{{Encoding::kHistogram, 2}, {Encoding::kHistogram, 2}});
  const Columns columns = f.columns(kA);
  REQUIRE(columns.histograms.size() == 4);
  // That there was a reset is not told: the chunk before may be gone.
  CHECK(columns.histograms[2].counter_reset_hint == CounterResetHint::kUnknown);
  CHECK(columns.histograms[3].counter_reset_hint == CounterResetHint::kNotReset);
}

TEST_CASE("chunks of histograms end by size, but not before ten samples, and at the range's end") {
  HeadFixture f;
  f.open();
  std::map<int32_t, double> counts;
  for (int32_t i = 0; i < 160; ++i) counts[i] = 1;
  RandomHistograms random(1);
  size_t stored = 0;
  for (int i = 0; i < 40; ++i) {
    // All buckets change each time, so that one histogram takes some hundred bytes.
    for (auto& [index, count] : counts) count += (index * 7919 + i * 104'729) % 1000;
    stored += f.append_histogram(kA, kStart + i * 15'000, make_histogram(counts)).stored_histograms;
  }
  REQUIRE(stored == 40);
  CHECK(f.chunks() == Chunks{{Encoding::kHistogram, 10},
                             {Encoding::kHistogram, 10},
                             {Encoding::kHistogram, 10},
                             {Encoding::kHistogram, 10}});

  HeadFixture border;
  border.open();
  for (int i = 0; i < 6; ++i) {
    border.append_histogram(kA, kStart - 3 * 15'000 + i * 15'000, counting(i));
  }
  CHECK(border.chunks() == Chunks{{Encoding::kHistogram, 3}, {Encoding::kHistogram, 3}});
}

TEST_CASE("an instant reader is not answered with the value before a histogram") {
  HeadFixture f;
  f.open();
  f.append(kA, kStart, 1);
  f.append_histogram(kA, kStart + 1, counting(1));
  Budget budget(0);
  const auto querier = f.head().querier({});
  const auto set = querier->select({}, {}, budget);
  REQUIRE(set->size() == 1);
  Sample sample{};
  CHECK_FALSE(set->latest(0, kStart, kStart + 5, sample));
}

TEST_CASE("a collection forgets old histograms, and what hung on series that died") {
  HeadFixture f;
  f.open();
  for (int i = 0; i < 3; ++i) f.append_histogram(kA, kStart + i, counting(i));
  f.append(kB, kStart + 4 * 7'200'000, 1);
  f.head().truncate(kStart + 2 * 7'200'000);  // spares what was asked for
  CHECK(f.columns(kA).histogram_t.empty());
  f.append(kB, kStart + 8 * 7'200'000, 1);
  f.head().truncate(kStart + 6 * 7'200'000);
  CHECK(f.head().stats().series == 1);
  // The same labels again, under another ref.
  const TimeMs later = kStart + 8 * 7'200'000;
  CHECK(f.append_histogram(kA, later, counting(1)).stored_histograms == 1);
  CHECK(f.columns(kA).histogram_t == Times{later});
}

TEST_CASE("XOR2 is what floats become when their chunk is full") {
  HeadFixture f;
  f.live.float_encoding = Encoding::kXor2;
  f.open();
  for (int i = 0; i < 130; ++i) f.append(kA, kStart + i * 15'000, i * 0.5);
  CHECK(f.chunks() == Chunks{{Encoding::kXor2, 120}, {Encoding::kXor, 10}});
  CHECK(f.columns(kA).v.size() == 130);
  CHECK(f.columns(kA).v[119] == 59.5);
}
