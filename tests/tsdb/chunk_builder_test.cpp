#include "tsdb/chunk_builder.h"

#include <doctest/doctest.h>

#include <numeric>

#include "tests/tsdb/histograms.h"
#include "tsdb/merge.h"
#include "tsdb/tombstones.h"

using namespace hearth;
using namespace hearth::tsdb;

namespace {

Columns decode_all(const std::vector<ChunkView>& chunks, TimeRange range = {}) {
  Columns out;
  for (const ChunkView& chunk : chunks) decode_chunk(chunk.encoding, chunk.bytes, range, out);
  return out;
}

std::vector<size_t> sample_counts(const std::vector<ChunkView>& chunks) {
  std::vector<size_t> counts;
  for (const ChunkView& chunk : chunks)
    counts.push_back(chunk_samples(chunk.encoding, chunk.bytes));
  return counts;
}

// A growing counter with three buckets, every 10 ms.
Columns counter_histograms(TimeMs from, TimeMs to, CounterResetHint hint) {
  Columns columns;
  for (TimeMs t = from; t <= to; t += 10) {
    const auto n = static_cast<double>(t);
    columns.histogram_t.push_back(t);
    columns.histograms.push_back(make_histogram({{0, n}, {1, n * 2}, {5, 3}}));
    columns.histograms.back().counter_reset_hint = hint;
  }
  return columns;
}

std::vector<CounterResetHint> hints(const Columns& columns) {
  std::vector<CounterResetHint> all;
  for (const FloatHistogram& h : columns.histograms) all.push_back(h.counter_reset_hint);
  return all;
}

constexpr auto kUnknown = CounterResetHint::kUnknown;
constexpr auto kNotReset = CounterResetHint::kNotReset;

}  // namespace

TEST_CASE("chunks built anew have as many samples and bytes as they may") {
  Columns columns;
  for (int i = 0; i < 1000; ++i) {
    columns.t.push_back(i * 15'000);
    columns.v.push_back(i);
  }
  std::vector<ChunkView> chunks;
  ChunkBuilder plain;
  plain.build(columns, chunks);
  CHECK(sample_counts(chunks) == std::vector<size_t>{120, 120, 120, 120, 120, 120, 120, 120, 40});
  CHECK(chunks[1].min_time == 120 * 15'000);
  CHECK(chunks[1].max_time == 239 * 15'000);
  CHECK(chunks[0].encoding == Encoding::kXor);
  CHECK(decode_all(chunks).v == columns.v);

  chunks.clear();
  ChunkBuilder repack({480, 4096});
  repack.build(columns, chunks);
  CHECK(sample_counts(chunks) == std::vector<size_t>{480, 480, 40});

  chunks.clear();
  ChunkBuilder tiny({480, 100}, Encoding::kXor2);
  tiny.build(columns, chunks);
  CHECK(decode_all(chunks).v == columns.v);
  for (const ChunkView& chunk : chunks) {
    CHECK(chunk.bytes.size() < 120);
    CHECK(chunk.encoding == Encoding::kXor2);
  }
  chunks.clear();
  ChunkBuilder single({0, 0});  // never less than one
  single.build(columns, chunks);
  CHECK(chunks.size() == 1000);
}

TEST_CASE("random series with floats, histograms and start times are rebuilt equal") {
  for (uint64_t seed = 0; seed < 60; ++seed) {
    CAPTURE(seed);
    std::mt19937_64 random(seed);
    RandomHistograms histograms(seed);
    Columns want;
    bool floats = true;
    for (TimeMs t = 0; t < 700; ++t) {
      if (random() % 100 == 0) floats = !floats;
      const TimeMs start = seed % 3 == 0 ? t / 50 : 0;
      if (floats) {
        want.t.push_back(t);
        want.v.push_back(static_cast<double>(random() % 1000));
        if (seed % 3 == 0) want.start_t.push_back(start);
      } else {
        want.histogram_t.push_back(t);
        want.histograms.push_back(histograms.next());
        if (seed % 3 == 0) want.histogram_start_t.push_back(start);
      }
    }
    ChunkBuilder builder({seed % 2 == 0 ? 120u : 480u, 4096});
    std::vector<ChunkView> chunks;
    builder.build(want, chunks);
    for (size_t i = 1; i < chunks.size(); ++i) REQUIRE(chunks[i - 1].max_time < chunks[i].min_time);
    const Columns got = decode_all(chunks);
    REQUIRE(got.t == want.t);
    REQUIRE(got.v == want.v);
    REQUIRE(got.start_t == want.start_t);
    REQUIRE(got.histogram_t == want.histogram_t);
    REQUIRE(got.histogram_start_t == want.histogram_start_t);
    for (size_t i = 0; i < want.histograms.size(); ++i)
      REQUIRE(histogram_difference(got.histograms[i], want.histograms[i]) == "");

    // A range of all of them at once is what each sample alone says.
    const TimeRange range{100, 420};
    const Columns part = decode_all(chunks, range);
    size_t floats_in = 0, histograms_in = 0;
    for (const TimeMs t : want.t) floats_in += range.contains(t);
    for (const TimeMs t : want.histogram_t) histograms_in += range.contains(t);
    REQUIRE(part.t.size() == floats_in);
    REQUIRE(part.v.size() == floats_in);
    REQUIRE(part.histograms.size() == histograms_in);
    for (const TimeMs t : part.t) REQUIRE(range.contains(t));
    if (!part.start_t.empty()) {
      REQUIRE(part.start_t.size() == floats_in);
      for (size_t i = 0; i < floats_in; ++i) REQUIRE(part.start_t[i] == part.t[i] / 50);
    }
  }
}

TEST_CASE("start times of some chunks leave zeros for the others") {
  XorEncoder without;
  without.append(1, 1);
  Xor2Encoder with;
  with.append(2, 2, 1);
  HistogramEncoder histogram, started(true);
  histogram.begin(3, make_histogram({{0, 1}}), nullptr);
  started.begin(4, make_histogram({{0, 1}}), nullptr, 2);
  Columns out;
  decode_chunk(Encoding::kXor, without.bytes(), {}, out);
  CHECK(out.start_t.empty());
  decode_chunk(Encoding::kXor2, with.bytes(), {}, out);
  decode_chunk(Encoding::kXor, without.bytes(), {}, out);
  decode_chunk(Encoding::kHistogram, histogram.bytes(), {}, out);
  decode_chunk(Encoding::kHistogramSt, started.bytes(), {}, out);
  decode_chunk(Encoding::kHistogram, histogram.bytes(), {}, out);
  CHECK(out.start_t == std::vector<TimeMs>{0, 1, 0});
  CHECK(out.histogram_start_t == std::vector<TimeMs>{0, 2, 0});
}

TEST_CASE("histograms of a finer schema than any known are read at less resolution") {
  FloatHistogram h = make_histogram({{1, 1}, {2, 2}, {3, 4}, {4, 8}});
  h.schema = 9;
  HistogramEncoder encoder;
  encoder.begin(1, h, nullptr);
  Columns out;
  decode_chunk(encoder.encoding(), encoder.bytes(), {}, out);
  CHECK(out.histograms.at(0).schema == 8);
  CHECK(out.histograms.at(0).positive_buckets == std::vector<double>{3, 12});
}

TEST_CASE("merged columns keep hints only between samples that were neighbours before") {
  Columns a = counter_histograms(10, 50, kNotReset);
  Columns b = counter_histograms(60, 70, kNotReset);
  merge_columns(a, b);
  CHECK(hints(a) ==
        std::vector{kNotReset, kNotReset, kNotReset, kNotReset, kNotReset, kUnknown, kNotReset});
  // 25 and 35 between; 40 of both: ours stays
  Columns c;
  for (const TimeMs t : {25, 35, 40, 90, 100}) {
    c.histogram_t.push_back(t);
    c.histograms.push_back(make_histogram({{0, static_cast<double>(t)}}));
    c.histograms.back().counter_reset_hint = kNotReset;
  }
  c.histograms[3].counter_reset_hint = CounterResetHint::kGauge;
  c.histogram_start_t = {1, 2, 3, 4, 5};
  merge_columns(a, c);
  CHECK(a.histogram_t == std::vector<TimeMs>{10, 20, 25, 30, 35, 40, 50, 60, 70, 90, 100});
  CHECK(a.histogram_start_t == std::vector<TimeMs>{0, 0, 1, 0, 2, 0, 0, 0, 0, 4, 5});
  CHECK(a.histograms[5].positive_buckets.size() == 3);
  CHECK(hints(a) == std::vector{kNotReset, kNotReset, kUnknown, kUnknown, kUnknown, kUnknown,
                                kNotReset, kUnknown, kNotReset, CounterResetHint::kGauge,
                                kNotReset});
}

TEST_CASE("a series has a float or a histogram at one time, the one that was there first") {
  Columns a = counter_histograms(10, 30, kNotReset);
  Columns b;
  b.t = {10, 15, 30, 40};
  b.v = {1, 2, 3, 4};
  b.start_t = {5, 6, 7, 8};
  merge_columns(a, b);
  CHECK(a.t == std::vector<TimeMs>{15, 40});
  CHECK(a.v == std::vector<double>{2, 4});
  CHECK(a.start_t == std::vector<TimeMs>{6, 8});
  CHECK(a.histogram_t == std::vector<TimeMs>{10, 20, 30});
}

TEST_CASE("after a cut the next histogram is not known to be no reset") {
  Columns a = counter_histograms(10, 60, kNotReset);
  a.histogram_start_t = {1, 2, 3, 4, 5, 6};
  a.t = {15, 25, 35};
  a.v = {1, 2, 3};
  cut_intervals({{20, 30}, {60, 60}}, a);
  CHECK(a.t == std::vector<TimeMs>{15, 35});
  CHECK(a.histogram_t == std::vector<TimeMs>{10, 40, 50});
  CHECK(a.histogram_start_t == std::vector<TimeMs>{1, 4, 5});
  CHECK(hints(a) == std::vector{kNotReset, kUnknown, kNotReset});
}
