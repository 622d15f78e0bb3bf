#include "web/go_time.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "core/duration.h"
#include "core/error.h"
#include "core/go_text.h"

namespace hearth::web {
namespace {

constexpr int64_t kNanosPerSecond = 1'000'000'000, kNanosPerMs = 1'000'000;
constexpr int64_t kLeast = std::numeric_limits<int64_t>::min();
constexpr int64_t kMost = std::numeric_limits<int64_t>::max();
constexpr int64_t kYearOne = 62'135'596'800;  // seconds from the year 1, where Go counts from

constexpr std::string_view kMinText = "-292273086-05-16T16:47:06Z";
constexpr std::string_view kMaxText = "292277025-08-18T07:12:54.999999999Z";

// Go's integers wrap.
int64_t add(int64_t a, int64_t b) {
  return static_cast<int64_t>(static_cast<uint64_t>(a) + static_cast<uint64_t>(b));
}
int64_t multiply(int64_t a, int64_t b) {
  return static_cast<int64_t>(static_cast<uint64_t>(a) * static_cast<uint64_t>(b));
}
// Its conversion on amd64: the least number for all that has no place.
int64_t to_int64(double value) {
  constexpr double kBeyond = 9223372036854775808.0;
  return value >= -kBeyond && value < kBeyond ? static_cast<int64_t>(value) : kLeast;
}

GoTime from_seconds(double value) {
  const double whole = std::trunc(value);
  const double fraction = std::round((value - whole) * 1000) / 1000;
  return GoTime::from_unix(to_int64(whole),
                           to_int64(fraction * static_cast<double>(kNanosPerSecond)));
}

int64_t internal_seconds(const GoTime& time) { return add(time.seconds, kYearOne); }

}  // namespace

GoTime GoTime::from_ms(TimeMs time) { return from_unix(time / 1000, time % 1000 * kNanosPerMs); }

GoTime GoTime::from_unix(int64_t seconds, int64_t nanos) {
  seconds = add(seconds, nanos / kNanosPerSecond);
  nanos %= kNanosPerSecond;
  if (nanos < 0) {
    nanos += kNanosPerSecond;
    seconds = add(seconds, -1);
  }
  return {seconds, nanos};
}

TimeMs GoTime::query_time() const {
  return add(multiply(seconds, kNanosPerSecond), nanos) / kNanosPerMs;
}

TimeMs GoTime::storage_time() const { return add(multiply(seconds, 1000), nanos / kNanosPerMs); }

int64_t GoTime::nanos_since(const GoTime& start) const {
  const auto whole = static_cast<__int128>(internal_seconds(*this)) - internal_seconds(start);
  const __int128 exact = whole * kNanosPerSecond + nanos - start.nanos;
  return static_cast<int64_t>(std::clamp<__int128>(exact, kLeast, kMost));
}

bool GoTime::before(const GoTime& other) const {
  const int64_t mine = internal_seconds(*this), its = internal_seconds(other);
  return mine < its || (mine == its && nanos < other.nanos);
}

GoTime go_min_time() { return {kLeast / 1000 + kYearOne + 1, 0}; }
GoTime go_max_time() { return {kMost / 1000 - kYearOne - 1, kNanosPerSecond - 1}; }

GoTime parse_time(const std::string& text) {
  if (const auto seconds = parse_go_float(text)) return from_seconds(*seconds);
  if (const auto time = parse_rfc3339(text)) return GoTime::from_ms(*time);
  if (text == kMinText) return go_min_time();
  if (text == kMaxText) return go_max_time();
  throw Error(ErrorKind::kBadData, "cannot parse " + go_quote(text) + " to a valid timestamp");
}

int64_t parse_duration_nanos(const std::string& text) {
  const std::string failure = "cannot parse " + go_quote(text) + " to a valid duration";
  if (const auto seconds = parse_go_float(text)) {
    const double nanos = *seconds * static_cast<double>(kNanosPerSecond);
    if (nanos > static_cast<double>(kMost) || nanos < static_cast<double>(kLeast)) {
      throw Error(ErrorKind::kBadData, failure + ". It overflows int64");
    }
    return to_int64(nanos);
  }
  try {
    return multiply(parse_duration(text), kNanosPerMs);
  } catch (const Error&) {
    throw Error(ErrorKind::kBadData, failure);
  }
}

}  // namespace hearth::web
