#include "web/go_time.h"

#include <doctest/doctest.h>

#include <limits>

#include "core/error.h"

using namespace hearth;
using namespace hearth::web;

namespace {

constexpr int64_t kMost = std::numeric_limits<int64_t>::max();

TimeMs query_time(const char* text) { return parse_time(text).query_time(); }
TimeMs storage_time(const char* text) { return parse_time(text).storage_time(); }

}  // namespace

TEST_CASE("times are seconds or RFC3339") {
  for (const auto time : {query_time, storage_time}) {
    CHECK(time("1.5") == 1'500);
    CHECK(time("-1.0015") == -1'002);
    CHECK(time("1700000000.123") == 1'700'000'000'123);
    CHECK(time("1700000000.9999") == 1'700'000'001'000);
    CHECK(time("2015-07-01T20:10:51.781Z") == 1'435'781'451'781);
    CHECK(time("2015-07-01T20:10:51+02:00") == 1'435'774'251'000);
  }
  for (const char* bad : {"", "now", "2015-13-01T00:00:00Z", "1 "}) {
    CHECK_THROWS_AS(parse_time(bad), Error);
  }
}

// What a Prometheus 3.5 says that time() is then.
TEST_CASE("a query's time beyond what nanoseconds can hold comes round, as Go's does") {
  CHECK(query_time("NaN") == -9'223'372'036'854);
  CHECK(query_time("Inf") == -9'223'372'036'854);
  CHECK(query_time("1e300") == 0);
  CHECK(query_time("9223372036854776") == 192);
  CHECK(query_time("9223372036.854775") == -9'223'372'036'854);
  CHECK(query_time("0001-01-01T00:00:00Z") == -6'795'364'578'871);
  CHECK(query_time("9999-12-31T23:59:59Z") == -4'852'116'232'933);
  CHECK(query_time("-292273086-05-16T16:47:06Z") == 6'795'364'580'679);
}

TEST_CASE("the storage is asked for all times by the ends that clients send") {
  CHECK(go_min_time().storage_time() < -9'000'000'000'000'000'000);
  CHECK(go_max_time().storage_time() > 9'000'000'000'000'000'000);
  CHECK(storage_time("-292273086-05-16T16:47:06Z") == go_min_time().storage_time());
  CHECK(storage_time("292277025-08-18T07:12:54.999999999Z") == go_max_time().storage_time());
}

TEST_CASE("the time between two moments is at most what nanoseconds can say") {
  CHECK(parse_time("10.5").nanos_since(parse_time("9")) == 1'500'000'000);
  CHECK(parse_time("9").nanos_since(parse_time("10.5")) == -1'500'000'000);
  CHECK(go_max_time().nanos_since(go_min_time()) == kMost);
  CHECK(go_min_time().nanos_since(go_max_time()) == std::numeric_limits<int64_t>::min());
  CHECK(parse_time("1.001").before(parse_time("1.002")));
  CHECK_FALSE(parse_time("1.002").before(parse_time("1.002")));
  CHECK(parse_time("1e300").before(parse_time("0")));
}

TEST_CASE("durations are seconds or words, to the nanosecond") {
  CHECK(parse_duration_nanos("33.3") == 33'299'999'999);
  CHECK(parse_duration_nanos("5m") == 300'000'000'000);
  CHECK(parse_duration_nanos("-1") == -1'000'000'000);
  CHECK(parse_duration_nanos("0.0001") == 100'000);
  CHECK(parse_duration_nanos("NaN") < 0);
  for (const char* bad : {"", "x", "1e30", "-1e30", "1m1h"}) {
    CHECK_THROWS_AS(parse_duration_nanos(bad), Error);
  }
}
