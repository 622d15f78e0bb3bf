#include "core/go_duration.h"

#include <algorithm>
#include <string_view>

#include "core/error.h"
#include "core/go_text.h"

namespace hearth {
namespace {

[[noreturn]] void refuse(const std::string& text) { throw Error(ErrorKind::kBadData, text); }

struct Unit {
  std::string_view name;
  double seconds;
};
constexpr Unit kUnits[] = {{"ns", 1e-9}, {"us", 1e-6}, {"\xC2\xB5s", 1e-6}, {"\xCE\xBCs", 1e-6},
                           {"ms", 1e-3}, {"s", 1},     {"m", 60},           {"h", 3600}};

double unit_seconds(std::string_view name, const std::string& whole) {
  for (const Unit& unit : kUnits) {
    if (unit.name == name) return unit.seconds;
  }
  refuse("time: unknown unit " + go_quote(name) + " in duration " + go_quote(whole));
}

}  // namespace

double parse_go_duration(const std::string& text) {
  std::string_view rest = text;
  const bool negative = rest.starts_with('-');
  if (negative || rest.starts_with('+')) rest.remove_prefix(1);
  if (rest == "0") return 0;
  double sum = 0;
  do {
    const size_t digits = std::min(rest.find_first_not_of("0123456789."), rest.size());
    const auto number = digits > 0 ? parse_go_float(rest.substr(0, digits)) : std::nullopt;
    if (!number) refuse("time: invalid duration " + go_quote(text));
    rest.remove_prefix(digits);
    const size_t letters = std::min(rest.find_first_of("0123456789."), rest.size());
    if (letters == 0) refuse("time: missing unit in duration " + go_quote(text));
    sum += *number * unit_seconds(rest.substr(0, letters), text);
    rest.remove_prefix(letters);
  } while (!rest.empty());
  return negative ? -sum : sum;
}

}  // namespace hearth
