#include "core/reserved_range.h"

#include <doctest/doctest.h>

#include <new>

using namespace hearth;

TEST_CASE("a range is usable from its beginning on, and zero where it was discarded") {
  ReservedRange range(size_t{1} << 36, size_t{1} << 30);
  REQUIRE(range.size() >= size_t{1} << 30);
  const char* const data = range.data();
  range.make_usable(10 << 20);
  range.make_usable(1000);  // is already
  for (size_t i = 0; i < 10 << 20; i += 4096) range.data()[i] = 'x';
  range.discard(4096, 8192);
  CHECK(data == range.data());
  CHECK(data[0] == 'x');
  CHECK(data[4096] == 0);
  CHECK(data[8192] == 0);
  CHECK(data[3 * 4096] == 'x');
}

TEST_CASE("a range is smaller where there are not so many addresses") {
  const ReservedRange range(size_t{1} << 60, size_t{1} << 20);
  CHECK(range.size() >= size_t{1} << 20);
  CHECK(range.size() < size_t{1} << 60);
  CHECK_THROWS_AS(ReservedRange(size_t{1} << 60, size_t{1} << 59), std::bad_alloc);
}
