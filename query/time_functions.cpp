// Parts of a date, in UTC, of seconds since the epoch.
#include "core/duration.h"
#include "query/functions.h"
#include "query/go_math.h"

namespace hearth::promql {
namespace {

CivilTime civil(double seconds) { return civil_from_unix(go_int64(seconds)); }

double days_in_month(double seconds) {
  constexpr int kDays[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  const CivilTime t = civil(seconds);
  const bool leap = t.year % 4 == 0 && (t.year % 100 != 0 || t.year % 400 == 0);
  return kDays[t.month - 1] + (t.month == 2 && leap ? 1 : 0);
}

struct TimeFunction {
  std::string_view name;
  FloatFunction function;
};

constexpr TimeFunction kTimeFunctions[] = {
    {"day_of_month", [](double v) { return static_cast<double>(civil(v).day); }},
    {"day_of_week", [](double v) { return static_cast<double>(civil(v).weekday); }},
    {"day_of_year", [](double v) { return static_cast<double>(civil(v).yearday); }},
    {"days_in_month", days_in_month},
    {"hour", [](double v) { return static_cast<double>(civil(v).hour); }},
    {"minute", [](double v) { return static_cast<double>(civil(v).minute); }},
    {"month", [](double v) { return static_cast<double>(civil(v).month); }},
    {"year", [](double v) { return static_cast<double>(civil(v).year); }},
};

}  // namespace

FloatFunction find_time_function(std::string_view name) {
  for (const TimeFunction& known : kTimeFunctions) {
    if (known.name == name) return known.function;
  }
  return nullptr;
}

}  // namespace hearth::promql
