// What a plain scalar stands for: the rules of YAML 1.1 as go-yaml (version 2) reads them.
#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <optional>

#include "config/yaml_tree.h"
#include "core/base64.h"
#include "core/error.h"
#include "core/go_text.h"

namespace hearth {
namespace {

constexpr std::array<std::string_view, 11> kTrue = {"y",    "Y",    "yes", "Yes", "YES", "true",
                                                    "True", "TRUE", "on",  "On",  "ON"};
constexpr std::array<std::string_view, 11> kFalse = {"n",     "N",     "no",  "No",  "NO", "false",
                                                     "False", "FALSE", "off", "Off", "OFF"};

bool one_of(std::string_view text, const auto& words) {
  return std::find(words.begin(), words.end(), text) != words.end();
}

std::string without_underscores(std::string_view text) {
  std::string out(text);
  out.erase(std::remove(out.begin(), out.end(), '_'), out.end());
  return out;
}

std::optional<double> special_float(std::string_view text) {
  std::string_view rest = text;
  const bool negative = rest.starts_with('-');
  if (negative || rest.starts_with('+')) rest.remove_prefix(1);
  if (rest == ".inf" || rest == ".Inf" || rest == ".INF") {
    return negative ? -std::numeric_limits<double>::infinity()
                    : std::numeric_limits<double>::infinity();
  }
  if (text == ".nan" || text == ".NaN" || text == ".NAN") {
    return std::numeric_limits<double>::quiet_NaN();
  }
  return std::nullopt;
}

// [-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?
bool looks_like_float(std::string_view text) {
  size_t i = 0;
  const auto digits = [&] {
    const size_t from = i;
    while (i < text.size() && text[i] >= '0' && text[i] <= '9') ++i;
    return i - from;
  };
  if (i < text.size() && (text[i] == '-' || text[i] == '+')) ++i;
  const size_t whole = digits();
  size_t fraction = 0;
  if (i < text.size() && text[i] == '.') {
    ++i;
    fraction = digits();
  }
  if (whole + fraction == 0) return false;
  if (i < text.size() && (text[i] == 'e' || text[i] == 'E')) {
    ++i;
    if (i < text.size() && (text[i] == '-' || text[i] == '+')) ++i;
    if (digits() == 0) return false;
  }
  return i == text.size();
}

}  // namespace

bool yaml_int(std::string_view text, uint64_t& absolute, bool& negative) {
  const std::string plain = without_underscores(text);
  std::string_view rest = plain;
  negative = rest.starts_with('-');
  if (negative || rest.starts_with('+')) rest.remove_prefix(1);
  uint64_t base = 10;
  if (rest.size() > 1 && rest[0] == '0') {
    const char mark = rest[1];
    base = mark == 'x' || mark == 'X' ? 16 : mark == 'b' || mark == 'B' ? 2 : 8;
    const bool marked = base != 8 || mark == 'o' || mark == 'O';
    rest.remove_prefix(marked ? 2 : 1);
  }
  if (rest.empty()) return false;
  absolute = 0;
  for (const char c : rest) {
    const uint64_t digit = c >= '0' && c <= '9'   ? static_cast<uint64_t>(c - '0')
                           : c >= 'a' && c <= 'f' ? static_cast<uint64_t>(c - 'a') + 10
                           : c >= 'A' && c <= 'F' ? static_cast<uint64_t>(c - 'A') + 10
                                                  : 99;
    if (digit >= base) return false;
    if (absolute > (std::numeric_limits<uint64_t>::max() - digit) / base) return false;
    absolute = absolute * base + digit;
  }
  return !negative || absolute <= uint64_t{1} << 63;
}

bool yaml_bool(std::string_view text) { return one_of(text, kTrue); }

double yaml_float(std::string_view text) {
  if (const auto special = special_float(text)) return *special;
  uint64_t absolute = 0;
  bool negative = false;
  if (yaml_int(text, absolute, negative)) {
    return negative ? -static_cast<double>(absolute) : static_cast<double>(absolute);
  }
  return parse_go_float(without_underscores(text)).value_or(0);
}

std::string_view yaml_plain_tag(std::string_view text) {
  if (text.empty() || text == "~" || text == "null" || text == "Null" || text == "NULL") {
    return "!!null";
  }
  if (one_of(text, kTrue) || one_of(text, kFalse)) return "!!bool";
  if (text == "<<") return "!!merge";
  if (special_float(text)) return "!!float";
  const char first = text[0];
  if ((first >= '0' && first <= '9') || first == '-' || first == '+' || first == '.') {
    uint64_t absolute = 0;
    bool negative = false;
    if (first != '.' && yaml_int(text, absolute, negative)) return "!!int";
    if (looks_like_float(without_underscores(text))) return "!!float";
  }
  return "!!str";
}

std::string yaml_text(const YamlNode& scalar) {
  const std::string& tag = scalar.tag;
  if (tag == "!!binary") {
    const auto decoded = base64_decode(scalar.text);
    if (!decoded) {
      throw Error(ErrorKind::kBadData, "yaml: !!binary value contains invalid base64 data");
    }
    return *decoded;
  }
  const std::string_view found = yaml_plain_tag(scalar.text);
  const bool checked = tag == "!!int" || tag == "!!float" || tag == "!!bool" || tag == "!!null";
  if (checked && found != tag && !(tag == "!!float" && found == "!!int")) {
    throw Error(ErrorKind::kBadData,
                "yaml: cannot decode " + std::string(found) + " `" + scalar.text + "` as a " + tag);
  }
  return scalar.text;
}

std::string_view yaml_scalar_tag(const YamlNode& scalar) {
  if (!scalar.tag.empty() && scalar.tag != "!") return scalar.tag;
  return scalar.plain && scalar.tag.empty() ? yaml_plain_tag(scalar.text) : "!!str";
}

}  // namespace hearth
