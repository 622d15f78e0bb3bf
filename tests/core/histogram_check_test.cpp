// Native histograms that are none, and what is said of them.
#include <doctest/doctest.h>

#include <limits>

#include "core/histogram_check.h"
#include "core/sample.h"

using namespace hearth;

namespace {

// Three buckets and a zero bucket, 2 + 1 + 2 + 1 observations.
FloatHistogram good() {
  FloatHistogram h;
  h.integer = true;
  h.schema = 1;
  h.zero_threshold = 0.001;
  h.zero_count = 2;
  h.count = 6;
  h.sum = 18.4;
  h.positive_spans = {{-2, 1}, {1, 1}};
  h.positive_buckets = {1, 2};
  h.negative_spans = {{0, 1}};
  h.negative_buckets = {1};
  return h;
}

FloatHistogram custom() {
  FloatHistogram h;
  h.integer = true;
  h.schema = kCustomBucketsSchema;
  h.count = 3;
  h.sum = 5;
  h.custom_values = {1, 2};
  h.positive_spans = {{0, 3}};
  h.positive_buckets = {1, 1, 1};
  return h;
}

template <class Change>
std::string fault(FloatHistogram h, Change change) {
  change(h);
  return histogram_fault(h);
}

}  // namespace

TEST_CASE("a well-formed histogram has no fault") {
  CHECK(histogram_fault(good()) == "");
  CHECK(histogram_fault(custom()) == "");
  CHECK(histogram_fault(FloatHistogram{}) == "");
  FloatHistogram stale;
  stale.sum = stale_marker();
  CHECK(histogram_fault(stale) == "");
}

TEST_CASE("observations of NaN are counted beside the buckets") {
  CHECK(fault(good(), [](auto& h) { h.sum = normal_nan(), h.count = 7; }) == "");
  CHECK(fault(good(), [](auto& h) { h.sum = normal_nan(), h.count = 5; }) ==
        "6 observations found in buckets, but the Count field is 5: histogram's observation count "
        "should be at least the number of observations found in the buckets");
}

TEST_CASE("the counts of float histograms need not add up") {
  CHECK(fault(good(), [](auto& h) { h.integer = false, h.count = 9; }) == "");
}

TEST_CASE("a histogram that is none is told in Prometheus' words") {
  const auto of = [](auto change) { return fault(good(), change); };
  CHECK(of([](auto& h) { h.count = 7; }) ==
        "6 observations found in buckets, but the Count field is 7: histogram's observation count "
        "should equal the number of observations found in the buckets (in absence of NaN)");
  CHECK(
      of([](auto& h) { h.schema = 9; }) ==
      "histogram has an invalid schema, which must be between -4 and 8 for exponential buckets, or "
      "-53 for custom buckets, got schema 9");
  CHECK(
      of([](auto& h) { h.positive_spans[1].offset = -1; }) ==
      "positive side: span number 2 with offset -1: histogram has a span whose offset is negative");
  CHECK(of([](auto& h) { h.negative_spans.clear(); }) ==
        "negative side: spans need 0 buckets, have 1 buckets: histogram spans specify different "
        "number of buckets than provided");
  CHECK(of([](auto& h) { h.positive_spans[0].length = 4'000'000'000; }) ==
        "positive side: spans need 4000000001 buckets, have 2 buckets: histogram spans specify "
        "different number of buckets than provided");
  CHECK(of([](auto& h) { h.negative_buckets[0] = -1; }) ==
        "negative side: bucket number 1 has observation count of -1: histogram has a bucket whose "
        "observation count is negative");
  CHECK(of([](auto& h) { h.positive_buckets[1] = -2; }) ==
        "positive side: bucket number 2 has observation count of -2: histogram has a bucket whose "
        "observation count is negative");
  CHECK(of([](auto& h) { h.custom_values = {1}; }) ==
        "histogram with exponential schema must not have custom bounds");
  CHECK(of([](auto& h) { h.integer = false, h.zero_count = -2.5; }) ==
        "zero bucket has observation count of -2.5: histogram has a bucket whose observation count "
        "is negative");
  CHECK(of([](auto& h) { h.integer = false, h.count = -1; }) ==
        "observation count is  -1: histogram's observation count is negative");
}

TEST_CASE("buckets beyond all numbers are refused, where Prometheus' indexes wrap around") {
  constexpr int32_t kFar = std::numeric_limits<int32_t>::max();
  CHECK(fault(good(), [](auto& h) { h.positive_spans[1].offset = kFar; }) ==
        "positive side: span number 2 with offset 2147483647: histogram has a bucket beyond all "
        "numbers");
  CHECK(fault(good(), [](auto& h) { h.negative_spans[0].offset = -kFar; }) ==
        "negative side: span number 1 with offset -2147483647: histogram has a bucket beyond all "
        "numbers");
}

TEST_CASE("custom buckets have bounds that ascend, and nothing that is exponential") {
  constexpr double kInf = std::numeric_limits<double>::infinity();
  const auto of = [](auto change) { return fault(custom(), change); };
  CHECK(of([](auto& h) { h.custom_values = {-kInf, 1}; }) == "");
  CHECK(
      of([](auto& h) {
        h.custom_values = {0, 0};
      }) ==
      "custom buckets: previous bound is 0.000000 and current is 0.000000: histogram custom bounds "
      "must be in strictly increasing order");
  CHECK(of([](auto& h) {
          h.custom_values = {1, kInf};
        }) ==
        "custom buckets: last +Inf bound must not be explicitly defined: histogram custom bounds "
        "must be finite");
  CHECK(of([](auto& h) {
          h.custom_values = {1, normal_nan(), 3};
        }) == "custom buckets: histogram custom bounds must not be NaN");
  CHECK(of([](auto& h) { h.custom_values = {1}; }) ==
        "custom buckets: only 1 custom bounds defined which is insufficient to cover total span "
        "length of 3: histogram custom bounds are too few");
  CHECK(of([](auto& h) { h.positive_spans[0].offset = -1; }) ==
        "custom buckets: span number 1 with offset -1: histogram has a span whose offset is "
        "negative");
  CHECK(of([](auto& h) { h.zero_count = 1; }) == "custom buckets: must have zero count of 0");
  CHECK(of([](auto& h) { h.zero_threshold = 1; }) ==
        "custom buckets: must have zero threshold of 0");
  CHECK(of([](auto& h) {
          h.negative_spans = {{0, 0}};
        }) == "custom buckets: must not have negative spans");
  CHECK(of([](auto& h) { h.negative_buckets = {1}; }) ==
        "custom buckets: must not have negative buckets");
}
