// Times and durations of templates as Go writes them.
#include <fmt/format.h>

#include <array>

#include "core/duration.h"
#include "rules/template_value.h"

namespace hearth::rules {
namespace {

constexpr int64_t kSecond = 1'000'000'000;

constexpr std::array<std::string_view, 12> kMonths = {
    "January", "February", "March",     "April",   "May",      "June",
    "July",    "August",   "September", "October", "November", "December"};
constexpr std::array<std::string_view, 7> kDays = {"Sunday",   "Monday", "Tuesday", "Wednesday",
                                                   "Thursday", "Friday", "Saturday"};

struct Moment {
  CivilTime civil;
  int64_t nanoseconds;  // of its second
};
Moment moment(GoTime time) {
  int64_t seconds = time.ns / kSecond, rest = time.ns % kSecond;
  if (rest < 0) {
    rest += kSecond;
    --seconds;
  }
  return Moment{civil_from_unix(seconds), rest};
}

std::string fraction(int64_t nanoseconds, size_t digits, bool trims) {
  std::string out = fmt::format("{:09}", nanoseconds).substr(0, digits);
  while (trims && !out.empty() && out.back() == '0') out.pop_back();
  return out;
}

// The parts of a layout, the longer ones before those that they begin with.
struct Part {
  std::string_view layout;
  std::string (*write)(const Moment&);
};
int hour12(const Moment& m) { return m.civil.hour % 12 == 0 ? 12 : m.civil.hour % 12; }
const Part kParts[] = {
    {"January",
     [](const Moment& m) { return std::string(kMonths[static_cast<size_t>(m.civil.month) - 1]); }},
    {"Jan",
     [](const Moment& m) {
       return std::string(kMonths[static_cast<size_t>(m.civil.month) - 1].substr(0, 3));
     }},
    {"Monday",
     [](const Moment& m) { return std::string(kDays[static_cast<size_t>(m.civil.weekday)]); }},
    {"Mon",
     [](const Moment& m) {
       return std::string(kDays[static_cast<size_t>(m.civil.weekday)].substr(0, 3));
     }},
    {"MST", [](const Moment&) { return std::string("UTC"); }},
    {"2006", [](const Moment& m) { return fmt::format("{:04}", m.civil.year); }},
    {"002", [](const Moment& m) { return fmt::format("{:03}", m.civil.yearday); }},
    {"-07:00", [](const Moment&) { return std::string("+00:00"); }},
    {"-0700", [](const Moment&) { return std::string("+0000"); }},
    {"-07", [](const Moment&) { return std::string("+00"); }},
    {"Z07:00", [](const Moment&) { return std::string("Z"); }},
    {"Z0700", [](const Moment&) { return std::string("Z"); }},
    {"01", [](const Moment& m) { return fmt::format("{:02}", m.civil.month); }},
    {"02", [](const Moment& m) { return fmt::format("{:02}", m.civil.day); }},
    {"03", [](const Moment& m) { return fmt::format("{:02}", hour12(m)); }},
    {"04", [](const Moment& m) { return fmt::format("{:02}", m.civil.minute); }},
    {"05", [](const Moment& m) { return fmt::format("{:02}", m.civil.second); }},
    {"06", [](const Moment& m) { return fmt::format("{:02}", m.civil.year % 100); }},
    {"15", [](const Moment& m) { return fmt::format("{:02}", m.civil.hour); }},
    {"PM", [](const Moment& m) { return std::string(m.civil.hour >= 12 ? "PM" : "AM"); }},
    {"pm", [](const Moment& m) { return std::string(m.civil.hour >= 12 ? "pm" : "am"); }},
    {"_2", [](const Moment& m) { return fmt::format("{:2}", m.civil.day); }},
    {"1", [](const Moment& m) { return std::to_string(m.civil.month); }},
    {"2", [](const Moment& m) { return std::to_string(m.civil.day); }},
    {"3", [](const Moment& m) { return std::to_string(hour12(m)); }},
    {"4", [](const Moment& m) { return std::to_string(m.civil.minute); }},
    {"5", [](const Moment& m) { return std::to_string(m.civil.second); }}};

// ".000" writes all digits, ".999" those up to the last that is not 0. Returns the layout's bytes
// that it took.
size_t write_fraction(std::string_view layout, const Moment& m, std::string& out) {
  if (layout.size() < 2 || (layout[0] != '.' && layout[0] != ',')) return 0;
  const char digit = layout[1];
  if (digit != '0' && digit != '9') return 0;
  size_t end = layout.find_first_not_of(digit, 1);
  if (end == std::string_view::npos) end = layout.size();
  if (end < layout.size() && layout[end] >= '0' && layout[end] <= '9') return 0;
  const std::string digits = fraction(m.nanoseconds, std::min<size_t>(end - 1, 9), digit == '9');
  if (!digits.empty()) out += layout[0] + digits;
  return end;
}

}  // namespace

std::string go_time_text(GoTime time, std::string_view layout) {
  const Moment m = moment(time);
  std::string out;
  while (!layout.empty()) {
    if (const size_t taken = write_fraction(layout, m, out); taken > 0) {
      layout.remove_prefix(taken);
      continue;
    }
    const Part* found = nullptr;
    for (const Part& part : kParts) {
      if (found == nullptr && layout.starts_with(part.layout)) found = &part;
    }
    if (found == nullptr) {
      out += layout.front();
      layout.remove_prefix(1);
    } else {
      out += found->write(m);
      layout.remove_prefix(found->layout.size());
    }
  }
  return out;
}

std::string go_time_text(GoTime time) {
  return go_time_text(time, "2006-01-02 15:04:05.999999999 -0700 MST");
}

std::string go_duration_text(GoDuration duration) {
  if (duration.ns == 0) return "0s";
  const bool negative = duration.ns < 0;
  const uint64_t ns =
      negative ? 0 - static_cast<uint64_t>(duration.ns) : static_cast<uint64_t>(duration.ns);
  const auto with_fraction = [](uint64_t value, uint64_t unit) {
    std::string out = std::to_string(value / unit);
    std::string rest = std::to_string(value % unit + unit).substr(1);
    while (!rest.empty() && rest.back() == '0') rest.pop_back();
    return rest.empty() || unit == 1 ? out : out + "." + rest;
  };
  std::string out;
  if (ns < 1'000) {
    out = std::to_string(ns) + "ns";
  } else if (ns < 1'000'000) {
    out = with_fraction(ns, 1'000) + "\xC2\xB5s";
  } else if (ns < kSecond) {
    out = with_fraction(ns, 1'000'000) + "ms";
  } else {
    constexpr uint64_t kMinute = 60 * static_cast<uint64_t>(kSecond), kHour = 60 * kMinute;
    if (ns >= kHour) out += std::to_string(ns / kHour) + "h";
    if (ns >= kMinute) out += std::to_string(ns % kHour / kMinute) + "m";
    out += with_fraction(ns % kMinute, static_cast<uint64_t>(kSecond)) + "s";
  }
  return negative ? "-" + out : out;
}

}  // namespace hearth::rules
