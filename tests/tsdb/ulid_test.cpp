#include "tsdb/ulid.h"

#include <doctest/doctest.h>

using namespace hearth;
using namespace hearth::tsdb;

TEST_CASE("a ULID is read and written as everywhere else") {
  const auto ulid =
      parse_ulid("01ARZ3NDEKTSV4RRFFQ69G5FAV");  // the example of the ULID specification
  REQUIRE(ulid);
  CHECK(ulid->time() == 1469922850259);
  CHECK(ulid->text() == "01ARZ3NDEKTSV4RRFFQ69G5FAV");
  CHECK(parse_ulid("01arz3ndektsv4rrffq69g5fav") == ulid);
  const auto largest = parse_ulid("7ZZZZZZZZZZZZZZZZZZZZZZZZZ");
  REQUIRE(largest);
  CHECK(largest->text() == "7ZZZZZZZZZZZZZZZZZZZZZZZZZ");
  CHECK(largest->bytes[0] == 0xff);
  CHECK(largest->bytes[15] == 0xff);
}

TEST_CASE("what is no ULID is refused") {
  for (const char* text : {"", "wal", "01ARZ3NDEKTSV4RRFFQ69G5FA", "01ARZ3NDEKTSV4RRFFQ69G5FAVX",
                           "8ZZZZZZZZZZZZZZZZZZZZZZZZZ", "01ARZ3NDEKTSV4RRFFQ69G5FAU",
                           "01ARZ3NDEKTSV4RRFFQ69G5FA!", "01ARZ3NDEKTSV4RRFFQ69G5FAI"})
    CHECK_FALSE(parse_ulid(text));
}

TEST_CASE("new names carry their time and differ") {
  const Ulid a = make_ulid(1'700'000'000'123);
  const Ulid b = make_ulid(1'700'000'000'123);
  CHECK(a.time() == 1'700'000'000'123);
  CHECK(a != b);
  CHECK(parse_ulid(a.text()) == a);
  CHECK(make_ulid(1'700'000'000'124).text() > a.text());
}
