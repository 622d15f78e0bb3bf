#include "tsdb/chunk_cut.h"

#include <doctest/doctest.h>

using namespace hearth;
using namespace hearth::tsdb;

TEST_CASE("a time belongs to the aligned range that holds it") {
  CHECK(range_end(0, 100) == 100);
  CHECK(range_end(99, 100) == 100);
  CHECK(range_end(100, 100) == 200);
  CHECK(range_end(-1, 100) == 100);  // towards zero, as Prometheus' integer division
  CHECK(range_end(-101, 100) == 0);
  CHECK(range_end(kMaxTime, 7'200'000) == kMaxTime);
}

TEST_CASE("the end of a chunk is predicted so that chunks become equally long") {
  // {start, newest, end} -> wanted; the cases follow from n = (end - start) / (4 (newest - start +
  // 1))
  CHECK(predicted_end(0, 1, 1000) == 1000 / 125);
  CHECK(predicted_end(100, 200, 1000) == 100 + 900 / 2);
  CHECK(predicted_end(0, 500, 1000) == 1000);
  CHECK(predicted_end(0, 999, 1000) == 1000);
  CHECK(predicted_end(0, 29 * 15'000, 7'200'000) == 1'800'000);
}
