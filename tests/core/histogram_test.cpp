#include <doctest/doctest.h>

#include <cmath>
#include <limits>

#include "core/histogram_buckets.h"
#include "core/histogram_math.h"

using namespace hearth;

namespace {

// Positive buckets from index 0 on.
FloatHistogram exponential(int32_t schema, std::vector<double> buckets, double zero_count = 0,
                           double zero_threshold = 0) {
  FloatHistogram h;
  h.schema = schema;
  h.zero_count = zero_count;
  h.zero_threshold = zero_threshold;
  h.count = zero_count;
  for (const double bucket : buckets) h.count += bucket;
  h.sum = h.count;
  if (!buckets.empty()) h.positive_spans = {{0, static_cast<uint32_t>(buckets.size())}};
  h.positive_buckets = std::move(buckets);
  return h;
}

FloatHistogram custom(std::vector<double> bounds, std::vector<double> buckets) {
  FloatHistogram h = exponential(kCustomBucketsSchema, std::move(buckets));
  h.custom_values = std::move(bounds);
  return h;
}

using Counts = std::vector<IndexedCount>;
Counts counts(const FloatHistogram& h) {
  return indexed_counts(h.positive_spans, h.positive_buckets);
}

}  // namespace

TEST_CASE("exponential bounds have Prometheus' bits") {
  CHECK(exponential_bound(0, 0) == 1);
  CHECK(exponential_bound(3, 0) == 8);
  CHECK(exponential_bound(-1, 0) == 0.5);
  CHECK(exponential_bound(1, -2) == 16);
  CHECK(exponential_bound(1, 1) == 2 * 0.7071067811865475);
  CHECK(exponential_bound(3, 2) == 2 * 0.8408964152537144);
  CHECK(exponential_bound(-1, 3) == 0.9170040432046711);
  CHECK(exponential_bound(11, 4) == 2 * 0.805245165974627);
  CHECK(exponential_bound(-1, 5) == 0.9785720620876999);
  CHECK(exponential_bound(-5, 6) == 0.9472879907934827);
  CHECK(exponential_bound(-1, 7) == 0.9945994234836328);
  CHECK(exponential_bound(-255, 8) == 0.5013556375251013);
  CHECK(exponential_bound(-1, 8) == 0.9972960560854698);
  CHECK(exponential_bound(1024, 0) == std::numeric_limits<double>::max());
  CHECK(std::isinf(exponential_bound(1025, 0)));
  CHECK(exponential_bound(64, -4) == std::numeric_limits<double>::max());
}

TEST_CASE("spans and indexes say the same") {
  const std::vector<HistogramSpan> spans = {{-2, 2}, {3, 1}, {0, 1}};
  const std::vector<double> buckets = {1, 2, 3, 4};
  const Counts indexed = indexed_counts(spans, buckets);
  CHECK(indexed == Counts{{-2, 1}, {-1, 2}, {3, 3}, {4, 4}});
  FloatHistogram h;
  set_counts(indexed, h.positive_spans, h.positive_buckets);
  CHECK(h.positive_spans == std::vector<HistogramSpan>{{-2, 2}, {3, 2}});
  CHECK(h.positive_buckets == buckets);
  CHECK(at_lower_resolution(indexed, 1) == Counts{{-1, 1}, {0, 2}, {2, 7}});
}

TEST_CASE("all buckets go from the lowest bound to the highest") {
  FloatHistogram h = exponential(0, {1, 2}, 3, 0.25);
  h.negative_spans = {{1, 1}};
  h.negative_buckets = {4};
  const auto buckets = all_buckets(h);
  REQUIRE(buckets.size() == 4);
  CHECK(buckets[0].lower == -2);
  CHECK(buckets[0].upper == -1);
  CHECK(buckets[0].lower_inclusive);
  CHECK(buckets[1].lower == -0.25);
  CHECK(buckets[1].count == 3);
  CHECK(buckets[2].lower == 0.5);
  CHECK(buckets[2].upper_inclusive);
  CHECK(buckets[3].upper == 2);

  const auto in_custom = all_buckets(custom({1, 5}, {1, 2, 3}));
  REQUIRE(in_custom.size() == 3);
  CHECK(std::isinf(in_custom[0].lower));
  CHECK(in_custom[1].lower == 1);
  CHECK(std::isinf(in_custom[2].upper));
}

TEST_CASE("histograms of different resolution are added at the lower one") {
  FloatHistogram sum = exponential(1, {1, 2, 3});
  const auto merge = add(sum, exponential(0, {10, 20}));
  REQUIRE(merge.has_value());
  CHECK(sum.schema == 0);
  CHECK(counts(sum) == Counts{{0, 11}, {1, 25}});
  CHECK(sum.count == 36);

  FloatHistogram other = exponential(0, {10, 20});
  REQUIRE(subtract(other, exponential(1, {1, 2, 3})).has_value());
  CHECK(counts(other) == Counts{{0, 9}, {1, 15}});
}

TEST_CASE("the wider zero bucket swallows what lies inside it") {
  FloatHistogram narrow = exponential(0, {1, 2, 3}, 4, 0.001);
  REQUIRE(add(narrow, exponential(0, {10, 20, 30}, 40, 1)).has_value());
  CHECK(narrow.zero_threshold == 1);
  CHECK(narrow.zero_count == 45);
  CHECK(counts(narrow) == Counts{{1, 22}, {2, 33}});

  // A threshold within a populated bucket goes on to that bucket's end, on both sides.
  FloatHistogram wide = exponential(0, {10, 20, 30}, 40, 0.75);
  REQUIRE(add(wide, exponential(0, {1, 2, 3}, 4, 0.001)).has_value());
  CHECK(wide.zero_threshold == 1);
  CHECK(wide.zero_count == 55);
  CHECK(counts(wide) == Counts{{1, 22}, {2, 33}});
}

TEST_CASE("custom bounds that differ are reduced to the common ones") {
  FloatHistogram sum = custom({1, 2, 5}, {1, 2, 3, 4});
  const auto merge = add(sum, custom({2, 3, 5, 7}, {10, 20, 30, 40, 50}));
  REQUIRE(merge.has_value());
  CHECK(merge->bounds_reconciled);
  CHECK(sum.custom_values == std::vector<double>{2, 5});
  CHECK(counts(sum) == Counts{{0, 13}, {1, 53}, {2, 94}});
  CHECK_FALSE(add(sum, exponential(0, {1})).has_value());
}

TEST_CASE("hints of counters and gauges merge as in Prometheus") {
  using Hint = CounterResetHint;
  const auto merged_hint = [](Hint a, Hint b, bool collide) {
    FloatHistogram x, y;
    x.counter_reset_hint = a;
    y.counter_reset_hint = b;
    const auto merge = add(x, y);
    CHECK(merge->hints_collide == collide);
    return x.counter_reset_hint;
  };
  CHECK(merged_hint(Hint::kGauge, Hint::kReset, false) == Hint::kGauge);
  CHECK(merged_hint(Hint::kReset, Hint::kGauge, false) == Hint::kGauge);
  CHECK(merged_hint(Hint::kUnknown, Hint::kReset, false) == Hint::kUnknown);
  CHECK(merged_hint(Hint::kReset, Hint::kUnknown, false) == Hint::kUnknown);
  CHECK(merged_hint(Hint::kReset, Hint::kNotReset, true) == Hint::kUnknown);
  CHECK(merged_hint(Hint::kReset, Hint::kReset, false) == Hint::kReset);
}

TEST_CASE("compacting and comparing ignore empty buckets") {
  FloatHistogram h = exponential(0, {0, 1, 0, 0, 2, 0});
  FloatHistogram compacted = h;
  compact(compacted);
  CHECK(compacted.positive_spans == std::vector<HistogramSpan>{{1, 1}, {2, 1}});
  CHECK(same_histogram(h, compacted));
  h.sum = compacted.sum = std::nan("");
  CHECK(same_histogram(h, compacted));
  compacted.positive_buckets[0] = 5;
  CHECK_FALSE(same_histogram(h, compacted));
}

TEST_CASE("multiplying and dividing reach every count") {
  FloatHistogram h = exponential(0, {1, 2}, 3, 0.1);
  multiply(h, -2);
  CHECK(h.count == -12);
  CHECK(h.zero_count == -6);
  CHECK(h.positive_buckets == std::vector<double>{-2, -4});
  CHECK(h.counter_reset_hint == CounterResetHint::kGauge);
  divide(h, 0);
  CHECK(h.positive_buckets.empty());
  CHECK(std::isinf(h.count));
}

TEST_CASE("sums keep what single additions would lose") {
  HistogramSum sum(exponential(0, {1}));
  REQUIRE(sum.add(exponential(0, {1e100, 1})).has_value());
  REQUIRE(sum.add(exponential(0, {1})).has_value());
  REQUIRE(sum.add(exponential(0, {-1e100})).has_value());
  CHECK(counts(sum.total()) == Counts{{0, 2}, {1, 1}});
  CHECK(sum.total().count == 2);

  HistogramSum mean(exponential(0, {1e308}));
  REQUIRE(mean.add_to_mean(exponential(0, {1e308}), 2).has_value());
  CHECK(counts(mean.total()) == Counts{{0, 1e308}});
}

TEST_CASE("counter resets are seen in every part") {
  const FloatHistogram before = exponential(1, {1, 2, 3}, 4, 0.001);
  const auto after = [&](auto change) {
    FloatHistogram h = before;
    h.count += 100;
    change(h);
    return counter_was_reset(h, before);
  };
  CHECK_FALSE(after([](FloatHistogram&) {}));
  CHECK(after([](FloatHistogram& h) { h.count = 1; }));
  CHECK(after([](FloatHistogram& h) { h.zero_count = 3; }));
  CHECK(after([](FloatHistogram& h) { h.positive_buckets[1] = 1; }));
  CHECK(after([](FloatHistogram& h) {
    h.positive_spans = {{1, 2}};
    h.positive_buckets = {2, 3};
  }));
  CHECK(after([](FloatHistogram& h) { h.zero_threshold = 0; }));
  CHECK(after([](FloatHistogram& h) { h.schema = 2; }));
  CHECK_FALSE(after([](FloatHistogram& h) { reduce_resolution(h, 0); }));
  CHECK(after([](FloatHistogram& h) { h.counter_reset_hint = CounterResetHint::kReset; }));
  CHECK(after([](FloatHistogram& h) {  // a gauge's are looked at as any other's
    h.count = 1;
    h.counter_reset_hint = CounterResetHint::kGauge;
  }));
  CHECK_FALSE(after([](FloatHistogram& h) { h.counter_reset_hint = CounterResetHint::kGauge; }));
  CHECK_FALSE(counter_was_reset(custom({1, 5}, {1, 2, 3}), custom({1, 5}, {1, 2, 3})));
  CHECK(counter_was_reset(custom({1, 5}, {1, 2, 3}), custom({1, 5}, {2, 1, 3})));
  CHECK_FALSE(counter_was_reset(custom({2, 5}, {3, 3, 3}), custom({1, 5}, {1, 2, 3})));
  CHECK(counter_was_reset(custom({2, 5}, {1, 1, 9}), custom({1, 5}, {1, 2, 3})));
}
