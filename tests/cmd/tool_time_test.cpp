#include "cmd/tool/tool_time.h"

#include <doctest/doctest.h>

#include "tests/core/error_of.h"

using namespace hearth;

TEST_CASE("times are Unix seconds or RFC3339") {
  CHECK(parse_tool_time("1577836800.5") == 1577836800.5);
  CHECK(parse_tool_time("2020-01-01T00:00:00Z") == 1577836800);
  CHECK(parse_tool_time("2020-01-01T01:00:00.25+01:00") == 1577836800.25);
  CHECK(error_of([] { parse_tool_time("abc"); }) == "cannot parse \"abc\" to a valid timestamp");
  CHECK(error_of([] { parse_tool_time("NaN"); }) == "cannot parse \"NaN\" to a valid timestamp");
}

TEST_CASE("durations are Go's") {
  CHECK(parse_go_duration("1m30s") == 90);
  CHECK(parse_go_duration("0.5s") == 0.5);
  CHECK(parse_go_duration("-1h") == -3600);
  CHECK(parse_go_duration("250ms") == 0.25);
  CHECK(parse_go_duration("0") == 0);
  CHECK(error_of([] { parse_go_duration("abc"); }) == "time: invalid duration \"abc\"");
  CHECK(error_of([] { parse_go_duration(""); }) == "time: invalid duration \"\"");
  CHECK(error_of([] { parse_go_duration("1"); }) == "time: missing unit in duration \"1\"");
  CHECK(error_of([] { parse_go_duration("1d"); }) == "time: unknown unit \"d\" in duration \"1d\"");
  CHECK(error_of([] { parse_go_duration("1m3"); }) == "time: missing unit in duration \"1m3\"");
}

TEST_CASE("times may be relative to now") {
  const double now = now_seconds();
  CHECK(parse_tool_time("now") == doctest::Approx(now).epsilon(1e-9));
  CHECK(parse_tool_time("-1h") == doctest::Approx(now - 3600).epsilon(1e-9));
  CHECK(parse_tool_time("now-1d12h") == doctest::Approx(now - 129600).epsilon(1e-9));
  CHECK_THROWS_AS(parse_tool_time("-1x"), Error);
}
