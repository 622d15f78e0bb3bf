#include "config/scalar.h"

#include <array>
#include <cmath>
#include <limits>

#include "config/yaml_tree.h"
#include "core/duration.h"
#include "core/error.h"
#include "core/go_text.h"
#include "core/regex.h"

namespace hearth {
namespace {

[[noreturn]] void fail(const std::string& text) { throw Error(ErrorKind::kBadData, text); }

constexpr std::array<std::string_view, 7> kUnits = {"B", "KB", "MB", "GB", "TB", "PB", "EB"};

// The power of 1024, or -1. "KiB" is the same as "KB".
int unit_power(std::string_view unit) {
  const bool binary = unit.size() == 3 && unit[1] == 'i' && unit[2] == 'B';
  for (size_t i = 0; i < kUnits.size(); ++i) {
    if (kUnits[i] == unit || (binary && i > 0 && kUnits[i][0] == unit[0]))
      return static_cast<int>(i);
  }
  return -1;
}

bool read_integer(Value& value, std::string_view tag, const std::string& text, bool is_unsigned) {
  if (tag == "!!int") {
    uint64_t absolute = 0;
    bool negative = false;
    if (!yaml_int(text, absolute, negative) || (negative && is_unsigned && absolute > 0))
      return false;
    if (!is_unsigned && !negative && absolute > static_cast<uint64_t>(INT64_MAX)) return false;
    value.integer = static_cast<int64_t>(negative ? 0 - absolute : absolute);
    return true;
  }
  if (tag != "!!float") return false;
  // go-yaml cuts the fraction off, looks at the upper bound only, and takes 2^64 for uint64's.
  const double real = yaml_float(text);
  if (!(real <= (is_unsigned ? 0x1p64 : 0x1p63))) return false;
  if (is_unsigned && real >= 0x1p63 && real < 0x1p64) {
    value.integer = static_cast<int64_t>(static_cast<uint64_t>(real));
  } else if (real >= 0x1p63 || real <= -0x1p63) {
    value.integer = INT64_MIN;  // as amd64 converts what does not fit
  } else {
    value.integer = static_cast<int64_t>(real);
  }
  return true;
}

// A relabelling regex is compiled with anchors around it, so Prometheus' message shows them.
void check_regex(const std::string& pattern) {
  try {
    Regex regex(pattern);
  } catch (const Error& bare) {
    Regex anchored("^(?s:" + pattern + ")$");
    throw;
  }
}

bool read(Value& value, std::string_view tag, const std::string& text) {
  switch (value.type->kind) {
    case Type::Kind::kBool:
      if (tag != "!!bool") return false;
      value.integer = yaml_bool(text) ? 1 : 0;
      return true;
    case Type::Kind::kInt:
      return read_integer(value, tag, text, false);
    case Type::Kind::kUint:
      return read_integer(value, tag, text, true);
    case Type::Kind::kFloat:
      if (tag != "!!float" && tag != "!!int") return false;
      value.real = yaml_float(text);
      return true;
    case Type::Kind::kDuration:
      value.integer = parse_duration(text);
      return true;
    case Type::Kind::kBytes:
      value.integer = parse_bytes(text);
      return true;
    case Type::Kind::kRegex:
      check_regex(text);
      break;
    case Type::Kind::kUrl:
      parse_url(text);
      break;
    default:
      break;
  }
  value.text = text;
  return true;
}

}  // namespace

bool read_scalar(Value& value, const YamlNode& node) {
  value.present = true;
  return read(value, yaml_scalar_tag(node), yaml_text(node));
}
bool read_scalar(Value& value, std::string_view plain_text) {
  value.present = true;
  return read(value, yaml_plain_tag(plain_text), std::string(plain_text));
}

int64_t parse_bytes(std::string_view text) {
  const std::string whole(text);
  const bool negative = text.starts_with('-');
  if (negative || text.starts_with('+')) text.remove_prefix(1);
  if (text == "0") return 0;
  if (text.empty()) fail("units: invalid " + whole);
  double sum = 0;
  while (!text.empty()) {
    size_t digits = 0;
    while (digits < text.size() &&
           (text[digits] == '.' || (text[digits] >= '0' && text[digits] <= '9'))) {
      ++digits;
    }
    const auto number = parse_go_float(text.substr(0, digits));
    if (digits == 0 || !number) fail("units: invalid " + whole);
    text.remove_prefix(digits);
    size_t letters = 0;
    while (letters < text.size() && text[letters] != '.' &&
           !(text[letters] >= '0' && text[letters] <= '9')) {
      ++letters;
    }
    const std::string unit(text.substr(0, letters));
    const int power = unit_power(unit);
    if (power < 0) fail("units: unknown unit " + unit + " in " + whole);
    sum += *number * std::pow(1024.0, power);
    text.remove_prefix(letters);
  }
  if (sum >= 9.2e18) fail("units: overflow parsing unit");
  return static_cast<int64_t>(negative ? -sum : sum);
}

std::string bytes_text(int64_t bytes) {
  if (bytes == 0) return "0B";
  uint64_t rest = bytes < 0 ? 0 - static_cast<uint64_t>(bytes) : static_cast<uint64_t>(bytes);
  std::string out;
  for (size_t i = 0; rest > 0 && i < kUnits.size(); ++i) {
    const uint64_t part = rest % 1024;
    rest /= 1024;
    const std::string unit = i == 0 ? "B" : std::string(kUnits[i].substr(0, 1)) + "iB";
    if (part > 0) out = std::to_string(part) + unit + out;
  }
  return bytes < 0 ? "-" + out : out;
}

}  // namespace hearth
