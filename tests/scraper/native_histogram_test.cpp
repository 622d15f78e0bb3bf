#include "scraper/native_histogram.h"

#include <doctest/doctest.h>

#include "core/error.h"

namespace hearth {
namespace {

// `buckets` observations, one in each bucket.
FloatHistogram fine(int32_t schema, uint32_t buckets) {
  FloatHistogram h;
  h.integer = true;
  h.schema = schema;
  h.count = buckets;
  h.positive_spans = {{1, buckets}};
  h.positive_buckets.assign(buckets, 1);
  return h;
}

TEST_CASE("the schema of a factor is the finest whose buckets grow by it at least") {
  CHECK(schema_of_factor(0) == 8);
  CHECK(schema_of_factor(1) == 8);
  CHECK(schema_of_factor(1.002) == 8);
  CHECK(schema_of_factor(1.1) == 2);
  CHECK(schema_of_factor(1.5) == 0);
  CHECK(schema_of_factor(2) == 0);
  CHECK(schema_of_factor(4) == -1);
  CHECK(schema_of_factor(1e99) == -4);
}

TEST_CASE("buckets are merged until there are few enough") {
  ScrapeConfig config;
  config.native_histogram_bucket_limit = 3;
  FloatHistogram h = fine(5, 16);
  REQUIRE(fit_histogram(h, config));
  CHECK(h.positive_buckets.size() <= 3);
  CHECK(h.schema == 2);
  FloatHistogram wide;
  wide.integer = true;
  wide.schema = -4;
  wide.count = 4;
  wide.positive_spans = {{-1, 4}};
  wide.positive_buckets.assign(4, 1);
  CHECK_FALSE(fit_histogram(wide, config));
}

TEST_CASE("custom buckets cannot be merged") {
  ScrapeConfig config;
  config.native_histogram_bucket_limit = 1;
  FloatHistogram h = fine(kCustomBucketsSchema, 2);
  h.positive_spans = {{0, 2}};
  h.custom_values = {1};
  CHECK_FALSE(fit_histogram(h, config));
}

TEST_CASE("what is no histogram is refused before anything is merged") {
  FloatHistogram h = fine(3, 4);
  h.positive_spans = {{0, 400'000'000}};
  CHECK_THROWS_AS(fit_histogram(h, {}), Error);
  h = fine(3, 4);
  h.count = 9;
  CHECK_THROWS_AS(fit_histogram(h, {}), Error);
  h = fine(53, 4);
  CHECK_THROWS_AS(fit_histogram(h, {}), Error);
}

TEST_CASE("schemas that are too fine to be stored are made coarser") {
  FloatHistogram h = fine(52, 4);
  REQUIRE(fit_histogram(h, {}));
  CHECK(h.schema == 8);
}

}  // namespace
}  // namespace hearth
