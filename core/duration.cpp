#include "core/duration.h"

#include <charconv>
#include <limits>

#include "core/error.h"
#include "core/go_text.h"

namespace hearth {
namespace {

struct Unit {
  std::string_view name;
  uint64_t millis;
};
constexpr Unit kUnits[] = {{"y", 365ull * 24 * 3600 * 1000},
                           {"w", 7ull * 24 * 3600 * 1000},
                           {"d", 24ull * 3600 * 1000},
                           {"h", 3600ull * 1000},
                           {"m", 60ull * 1000},
                           {"s", 1000},
                           {"ms", 1}};
constexpr size_t kUnitCount = std::size(kUnits);

// Go counts nanoseconds in 64 bits; about 292 years.
constexpr uint64_t kMaxDurationMs =
    static_cast<uint64_t>(std::numeric_limits<int64_t>::max()) / 1'000'000;

bool is_digit(char c) { return c >= '0' && c <= '9'; }

[[noreturn]] void not_a_duration(std::string_view text) {
  throw Error(ErrorKind::kBadData, "not a valid duration string: " + go_quote(text));
}

void append_padded(std::string& out, int64_t value, size_t width) {
  std::string digits = std::to_string(value < 0 ? -value : value);
  if (value < 0) out += '-';
  if (digits.size() < width) out.append(width - digits.size(), '0');
  out += digits;
}

// 1970-01-01 is day 0.
int64_t days_from_civil(int64_t year, int month, int day) {
  const int64_t y = month <= 2 ? year - 1 : year;
  const int64_t era = (y >= 0 ? y : y - 399) / 400;
  const int64_t year_of_era = y - era * 400;
  const int64_t day_of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
  return era * 146097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year -
         719468;
}

bool is_leap(int64_t year) { return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0); }

int days_in_month(int64_t year, int month) {
  if (month == 2) return is_leap(year) ? 29 : 28;
  return month == 4 || month == 6 || month == 9 || month == 11 ? 30 : 31;
}

// Takes `count` digits, then the character `after` unless it is 0.
bool take_number(std::string_view& text, size_t count, char after, int& out) {
  if (text.size() < count + (after != 0 ? 1 : 0)) return false;
  out = 0;
  for (size_t i = 0; i < count; ++i) {
    if (!is_digit(text[i])) return false;
    out = out * 10 + (text[i] - '0');
  }
  if (after != 0 && text[count] != after) return false;
  text.remove_prefix(count + (after != 0 ? 1 : 0));
  return true;
}

}  // namespace

DurationMs parse_duration(std::string_view text) {
  if (text == "0") return 0;
  if (text.empty()) throw Error(ErrorKind::kBadData, "empty duration string");
  uint64_t total = 0;
  size_t next_unit = 0;  // units go from large to small
  for (std::string_view rest = text; !rest.empty();) {
    uint64_t count = 0;
    const auto [end, error] = std::from_chars(rest.data(), rest.data() + rest.size(), count);
    if (error != std::errc()) not_a_duration(text);
    rest.remove_prefix(static_cast<size_t>(end - rest.data()));
    size_t length = 0;
    while (length < rest.size() && !is_digit(rest[length])) ++length;
    const std::string_view name = rest.substr(0, length);
    if (name.empty()) not_a_duration(text);
    rest.remove_prefix(length);
    size_t unit = 0;
    while (unit < kUnitCount && kUnits[unit].name != name) ++unit;
    if (unit == kUnitCount) {
      throw Error(ErrorKind::kBadData,
                  "unknown unit " + go_quote(name) + " in duration " + go_quote(text));
    }
    if (unit < next_unit) not_a_duration(text);
    next_unit = unit + 1;
    if (count > kMaxDurationMs / kUnits[unit].millis ||
        (total += count * kUnits[unit].millis) > kMaxDurationMs) {
      throw Error(ErrorKind::kBadData, "duration out of range");
    }
  }
  return static_cast<DurationMs>(total);
}

std::string duration_text(DurationMs duration) {
  if (duration == 0) return "0s";
  std::string out;
  uint64_t left = static_cast<uint64_t>(duration);
  if (duration < 0) {
    out += '-';
    left = 0 - left;
  }
  for (size_t i = 0; i < kUnitCount; ++i) {
    const Unit& unit = kUnits[i];
    const bool only_exact = i < 2;  // years and weeks
    if (left < unit.millis || (only_exact && left % unit.millis != 0)) continue;
    out += std::to_string(left / unit.millis);
    out += unit.name;
    left %= unit.millis;
  }
  return out;
}

std::string rfc3339_millis_text(TimeMs time) {
  int64_t seconds = time / 1000, millis = time % 1000;
  if (millis < 0) {
    millis += 1000;
    --seconds;
  }
  const CivilTime civil = civil_from_unix(seconds);
  std::string out;
  append_padded(out, civil.year, 4);
  constexpr char kBefore[] = {'-', '-', 'T', ':', ':'};
  const int parts[] = {civil.month, civil.day, civil.hour, civil.minute, civil.second};
  for (size_t i = 0; i < std::size(parts); ++i) {
    out += kBefore[i];
    append_padded(out, parts[i], 2);
  }
  out += '.';
  append_padded(out, millis, 3);
  out += 'Z';
  return out;
}

std::string rfc3339_text(TimeMs time) {
  std::string out = rfc3339_millis_text(time);
  out.pop_back();
  while (out.back() == '0') out.pop_back();
  if (out.back() == '.') out.pop_back();
  return out + 'Z';
}

std::optional<TimeMs> parse_rfc3339(std::string_view text) {
  int year, month, day, hour, minute, second;
  if (!take_number(text, 4, '-', year) || !take_number(text, 2, '-', month) ||
      !take_number(text, 2, 'T', day) || !take_number(text, 2, ':', hour) ||
      !take_number(text, 2, ':', minute) || !take_number(text, 2, 0, second)) {
    return std::nullopt;
  }
  if (month < 1 || month > 12 || day < 1 || day > days_in_month(year, month) || hour > 23 ||
      minute > 59 || second > 59) {
    return std::nullopt;
  }
  TimeMs millis = 0;
  if (text.size() > 1 && (text[0] == '.' || text[0] == ',') && is_digit(text[1])) {
    text.remove_prefix(1);
    for (TimeMs scale = 100; !text.empty() && is_digit(text[0]); scale /= 10) {
      millis += scale * (text[0] - '0');
      text.remove_prefix(1);
    }
  }
  int64_t offset_seconds = 0;
  if (text != "Z") {
    if (text.empty() || (text[0] != '+' && text[0] != '-')) return std::nullopt;
    const int64_t sign = text[0] == '-' ? -1 : 1;
    text.remove_prefix(1);
    int hours, minutes;
    if (!take_number(text, 2, ':', hours) || !take_number(text, 2, 0, minutes) || !text.empty() ||
        hours > 24 || minutes > 60) {
      return std::nullopt;
    }
    offset_seconds = sign * (hours * 3600 + minutes * 60);
  }
  const int64_t seconds = days_from_civil(year, month, day) * 86400 + hour * 3600 + minute * 60 +
                          second - offset_seconds;
  return seconds * 1000 + millis;
}

CivilTime civil_from_unix(int64_t unix_seconds) {
  // As Go does: unsigned seconds since a 1 March long before, so that every int64 has an answer and
  // those near its ends wrap around as Go's do.
  constexpr int64_t kYearsBefore = 292277022400;  // a multiple of 400; of the year 0
  constexpr uint64_t kDaysBefore = static_cast<uint64_t>(kYearsBefore / 400) * 146097 + 719468;
  const uint64_t absolute = static_cast<uint64_t>(unix_seconds) + kDaysBefore * 86400;
  const uint64_t days = absolute / 86400;
  const auto second_of_day = static_cast<int>(absolute % 86400);

  const uint64_t era = days / 146097;
  const uint64_t day_of_era = days % 146097;
  const uint64_t year_of_era =
      (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
  const auto day_of_year =  // from 1 March
      static_cast<int>(day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100));
  const int march_month = (5 * day_of_year + 2) / 153;

  CivilTime civil;
  civil.day = day_of_year - (153 * march_month + 2) / 5 + 1;
  civil.month = march_month < 10 ? march_month + 3 : march_month - 9;
  civil.year =
      static_cast<int64_t>(era * 400 + year_of_era) - kYearsBefore + (civil.month <= 2 ? 1 : 0);
  civil.hour = second_of_day / 3600;
  civil.minute = second_of_day / 60 % 60;
  civil.second = second_of_day % 60;
  civil.weekday = static_cast<int>((days + 3) % 7);  // the first day was a Wednesday
  const int before_march = is_leap(civil.year) ? 60 : 59;
  civil.yearday = civil.month <= 2 ? day_of_year - 306 + 1 : day_of_year + before_march + 1;
  return civil;
}

}  // namespace hearth
