#include "core/duration.h"

#include <doctest/doctest.h>

#include <limits>

#include "core/error.h"

using namespace hearth;

namespace {

constexpr DurationMs kSecond = 1000, kMinute = 60 * kSecond, kHour = 60 * kMinute,
                     kDay = 24 * kHour;

std::string duration_error(std::string_view text) {
  try {
    parse_duration(text);
  } catch (const Error& error) {
    CHECK(error.kind() == ErrorKind::kBadData);
    return error.what();
  }
  return "no error";
}

}  // namespace

TEST_CASE("durations are read as Prometheus reads them") {
  CHECK(parse_duration("0") == 0);
  CHECK(parse_duration("0s") == 0);
  CHECK(parse_duration("250ms") == 250);
  CHECK(parse_duration("15s") == 15 * kSecond);
  CHECK(parse_duration("5m") == 5 * kMinute);
  CHECK(parse_duration("1d12h") == kDay + 12 * kHour);
  CHECK(parse_duration("1y2w3d4h5m6s7ms") ==
        365 * kDay + 14 * kDay + 3 * kDay + 4 * kHour + 5 * kMinute + 6 * kSecond + 7);
  CHECK(parse_duration("90m") == 90 * kMinute);
  CHECK(parse_duration("292y") == 292 * 365 * kDay);
}

TEST_CASE("malformed durations are refused in Prometheus' words") {
  CHECK(duration_error("") == "empty duration string");
  CHECK(duration_error("abc") == "not a valid duration string: \"abc\"");
  CHECK(duration_error("1") == "not a valid duration string: \"1\"");
  CHECK(duration_error("-1s") == "not a valid duration string: \"-1s\"");
  CHECK(duration_error("1m1h") == "not a valid duration string: \"1m1h\"");
  CHECK(duration_error("1s1s") == "not a valid duration string: \"1s1s\"");
  CHECK(duration_error("5x") == "unknown unit \"x\" in duration \"5x\"");
  CHECK(duration_error("1.5h") == "unknown unit \".\" in duration \"1.5h\"");
  CHECK(duration_error("293y") == "duration out of range");

  CHECK(duration_error("292y500d") == "duration out of range");
  CHECK(duration_error("99999999999999999999s") ==
        "not a valid duration string: \"99999999999999999999s\"");
}

TEST_CASE("durations are written with the largest units") {
  CHECK(duration_text(0) == "0s");
  CHECK(duration_text(1) == "1ms");
  CHECK(duration_text(kMinute + 500) == "1m500ms");
  CHECK(duration_text(90 * kMinute) == "1h30m");
  CHECK(duration_text(7 * kDay) == "1w");
  CHECK(duration_text(8 * kDay) == "8d");
  CHECK(duration_text(365 * kDay) == "1y");
  CHECK(duration_text(366 * kDay) == "366d");
  CHECK(duration_text(-15 * kSecond) == "-15s");
  CHECK(duration_text(std::numeric_limits<int64_t>::min()).substr(0, 2) == "-1");
}

TEST_CASE("times are written and read as RFC 3339") {
  CHECK(rfc3339_text(0) == "1970-01-01T00:00:00Z");
  CHECK(rfc3339_text(1'700'000'000'120) == "2023-11-14T22:13:20.12Z");
  CHECK(rfc3339_text(-1) == "1969-12-31T23:59:59.999Z");
  CHECK(rfc3339_text(1'709'164'800'000) == "2024-02-29T00:00:00Z");

  CHECK(parse_rfc3339("1970-01-01T00:00:00Z") == 0);
  CHECK(parse_rfc3339("2023-11-14T22:13:20.123456789Z") == 1'700'000'000'123);
  CHECK(parse_rfc3339("2023-11-14T23:43:20.1+01:30") == 1'700'000'000'100);
  CHECK(parse_rfc3339("1969-12-31T23:59:59.999-00:00") == -1);
  CHECK(parse_rfc3339("0000-01-01T00:00:00Z") == -62'167'219'200'000);
  CHECK(parse_rfc3339("9999-12-31T23:59:59Z") == 253'402'300'799'000);
  for (const char* bad : {"", "2023", "2023-11-14", "2023-11-14T22:13:20", "2023-11-14 22:13:20Z",
                          "2023-13-14T22:13:20Z", "2023-02-29T00:00:00Z", "2023-11-14T24:00:00Z",
                          "2023-11-14T22:60:00Z", "2023-11-14T22:13:60Z", "2023-11-14T22:13:20.Z",
                          "2023-11-14T22:13:20+0100", "2023-11-14T22:13:20Zx",
                          "x023-11-14T22:13:20Z", "2023-11-14T22:13:20+25:00"}) {
    CAPTURE(bad);
    CHECK_FALSE(parse_rfc3339(bad).has_value());
  }
}

TEST_CASE("every second of 64 bits has a civil time, as in Go") {
  const CivilTime epoch = civil_from_unix(0);
  CHECK(epoch.year == 1970);
  CHECK(epoch.month == 1);
  CHECK(epoch.day == 1);
  CHECK(epoch.weekday == 4);
  CHECK(epoch.yearday == 1);

  const CivilTime leap = civil_from_unix(1'709'251'199);  // 2024-02-29T23:59:59Z
  CHECK(leap.month == 2);
  CHECK(leap.day == 29);
  CHECK(leap.hour == 23);
  CHECK(leap.minute == 59);
  CHECK(leap.second == 59);
  CHECK(leap.weekday == 4);
  CHECK(leap.yearday == 60);

  CHECK(civil_from_unix(1'735'603'200).yearday == 366);  // 2024-12-31
  CHECK(civil_from_unix(1'704'067'199).yearday == 365);  // 2023-12-31
  CHECK(civil_from_unix(-1).year == 1969);
  CHECK(civil_from_unix(-1).yearday == 365);

  // What NaN becomes: the smallest integer.
  const CivilTime lowest = civil_from_unix(std::numeric_limits<int64_t>::min());
  CHECK(lowest.minute == 30);
  CHECK(lowest.year == 292277026596);
}
