#include "core/go_text.h"

#include <charconv>
#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <cstring>

#include "core/utf8.h"

namespace hearth {
namespace {

bool append_special(std::string& out, double value) {
  if (std::isnan(value)) {
    out += "NaN";
  } else if (std::isinf(value)) {
    out += value > 0 ? "+Inf" : "-Inf";
  } else {
    return false;
  }
  return true;
}

bool is_digit(char c) { return c >= '0' && c <= '9'; }
char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c | 0x20) : c; }
bool is_hex_digit(char c) { return is_digit(c) || (lower(c) >= 'a' && lower(c) <= 'f'); }
unsigned hex_value(char c) {
  return is_digit(c) ? static_cast<unsigned>(c - '0') : static_cast<unsigned>(lower(c) - 'a' + 10);
}

bool equals_ignoring_case(std::string_view text, std::string_view lower_case) {
  if (text.size() != lower_case.size()) return false;
  for (size_t i = 0; i < text.size(); ++i) {
    if (lower(text[i]) != lower_case[i]) return false;
  }
  return true;
}

// Go's rule: an underscore stands between digits, or between the base prefix and a digit.
bool underscores_separate_digits(std::string_view digits, bool hex) {
  char seen = hex ? '0' : '^';
  for (const char c : digits) {
    if (is_digit(c) || (hex && is_hex_digit(c))) {
      seen = '0';
    } else if (c == '_') {
      if (seen != '0') return false;
      seen = '_';
    } else {
      if (seen == '_') return false;
      seen = '!';
    }
  }
  return seen != '_';
}

// The number's syntax: digits with at most one dot, then an exponent (which hex numbers must have).
bool is_go_float(std::string_view text, bool hex) {
  bool dot = false, digit = false;
  size_t i = 0;
  for (; i < text.size(); ++i) {
    const char c = text[i];
    if (c == '.' && !dot) {
      dot = true;
    } else if (is_digit(c) || (hex && is_hex_digit(c))) {
      digit = true;
    } else if (c != '_') {
      break;
    }
  }
  if (!digit) return false;
  if (i == text.size()) return !hex;
  if (lower(text[i]) != (hex ? 'p' : 'e')) return false;
  if (++i < text.size() && (text[i] == '+' || text[i] == '-')) ++i;
  if (i == text.size() || !is_digit(text[i])) return false;
  while (i < text.size() && (is_digit(text[i]) || text[i] == '_')) ++i;
  return i == text.size();
}

constexpr char kHex[] = "0123456789abcdef";

void append_hex(std::string& out, uint32_t value, int digits) {
  for (int shift = 4 * (digits - 1); shift >= 0; shift -= 4) out += kHex[value >> shift & 15];
}

void append_quoted_rune(std::string& out, std::string_view bytes, char32_t rune) {
  constexpr std::string_view kControls = "\a\b\f\n\r\t\v";
  constexpr std::string_view kLetters = "abfnrtv";
  if (rune == '"' || rune == '\\') {
    out += '\\';
    out += static_cast<char>(rune);
  } else if (is_printable(rune)) {
    out += bytes;
  } else if (const size_t at =
                 rune < 128 ? kControls.find(static_cast<char>(rune)) : std::string_view::npos;
             at != std::string_view::npos) {
    out += '\\';
    out += kLetters[at];
  } else if (rune < 0x20 || rune == 0x7f) {
    out += "\\x";
    append_hex(out, static_cast<uint32_t>(rune), 2);
  } else if (rune < 0x10000) {
    out += "\\u";
    append_hex(out, static_cast<uint32_t>(rune), 4);
  } else {
    out += "\\U";
    append_hex(out, static_cast<uint32_t>(rune), 8);
  }
}

// Reads `count` digits of a base from text[pos...]; nullopt where one is missing.
std::optional<uint32_t> read_digits(std::string_view text, size_t pos, size_t count,
                                    uint32_t base) {
  if (text.size() - pos < count) return std::nullopt;
  uint32_t value = 0;
  for (const char c : text.substr(pos, count)) {
    if (!is_hex_digit(c) || hex_value(c) >= base) return std::nullopt;
    value = value * base + hex_value(c);
  }
  return value;
}

// Appends what the escape at text[pos] (after the backslash) means; pos moves behind it.
bool append_escape(std::string& out, std::string_view text, size_t& pos, char quote) {
  constexpr std::string_view kLetters = "abfnrtv\\";
  constexpr std::string_view kMeanings = "\a\b\f\n\r\t\v\\";
  if (pos == text.size()) return false;
  const char c = text[pos++];
  if (const size_t at = kLetters.find(c); at != std::string_view::npos) {
    out += kMeanings[at];
    return true;
  }
  if (c == '\'' || c == '"') {
    out += c;
    return c == quote;
  }
  if (c >= '0' && c <= '7') {
    const auto value = read_digits(text, --pos, 3, 8);
    if (!value || *value > 255) return false;
    out += static_cast<char>(*value);
    pos += 3;
    return true;
  }
  const size_t count = c == 'x' ? 2 : c == 'u' ? 4 : c == 'U' ? 8 : 0;
  if (count == 0) return false;
  const auto value = read_digits(text, pos, count, 16);
  if (!value || *value > kMaxRune) return false;
  pos += count;
  if (c == 'x') {
    out += static_cast<char>(*value);
  } else {
    append_rune(out, *value);
  }
  return true;
}

}  // namespace

void append_float_f(std::string& out, double value) {
  if (append_special(out, value)) return;
  char buffer[400];
  if (std::fabs(value) < 9007199254740992.0) {
    const auto end = std::to_chars(buffer, buffer + sizeof buffer, value, std::chars_format::fixed);
    out.append(buffer, end.ptr);
    return;
  }
  // From 2^53 on the library prints the exact integer; Go prints the shortest digits, then zeros.
  const char* end =
      std::to_chars(buffer, buffer + sizeof buffer, value, std::chars_format::scientific).ptr;
  const char* next = buffer;
  if (*next == '-') out += *next++;
  const char* exponent_mark =
      static_cast<const char*>(std::memchr(next, 'e', static_cast<size_t>(end - next)));
  int exponent = 0;
  std::from_chars(exponent_mark + 2, end, exponent);
  out += *next++;
  if (*next == '.') ++next;
  const auto decimals = static_cast<size_t>(exponent_mark - next);
  out.append(next, decimals);
  out.append(static_cast<size_t>(exponent) - decimals, '0');
}

void append_float_e(std::string& out, double value) {
  if (append_special(out, value)) return;
  char buffer[40];
  const auto end =
      std::to_chars(buffer, buffer + sizeof buffer, value, std::chars_format::scientific);
  out.append(buffer, end.ptr);
}

void append_float_g(std::string& out, double value) {
  if (append_special(out, value)) return;
  if (value == 0) return append_float_f(out, value);
  char buffer[40];
  const char* end =
      std::to_chars(buffer, buffer + sizeof buffer, value, std::chars_format::scientific).ptr;
  const char* mark =
      static_cast<const char*>(std::memchr(buffer, 'e', static_cast<size_t>(end - buffer)));
  int exponent = 0;
  std::from_chars(mark[1] == '+' ? mark + 2 : mark + 1, end, exponent);
  if (exponent < -4 || exponent >= 6) {
    out.append(buffer, static_cast<size_t>(end - buffer));
  } else {
    append_float_f(out, value);
  }
}

void append_float_json(std::string& out, double value) {
  const double magnitude = std::fabs(value);
  if (magnitude != 0 && (magnitude < 1e-6 || magnitude >= 1e21)) {
    append_float_e(out, value);
  } else {
    append_float_f(out, value);
  }
}

std::string float_f(double value) {
  std::string out;
  append_float_f(out, value);
  return out;
}

std::string float_g(double value) {
  std::string out;
  append_float_g(out, value);
  return out;
}

std::string float_json(double value) {
  std::string out;
  append_float_json(out, value);
  return out;
}

std::optional<double> parse_go_float(std::string_view text) {
  bool negative = false, sign = false;
  if (!text.empty() && (text[0] == '+' || text[0] == '-')) {
    sign = true;
    negative = text[0] == '-';
    text.remove_prefix(1);
  }
  if (equals_ignoring_case(text, "inf") || equals_ignoring_case(text, "infinity")) {
    return negative ? -HUGE_VAL : HUGE_VAL;
  }
  if (equals_ignoring_case(text, "nan")) {
    return sign ? std::nullopt : std::optional<double>(std::nan(""));
  }
  const bool hex = text.size() > 2 && text[0] == '0' && lower(text[1]) == 'x';
  if (hex) text.remove_prefix(2);
  if (!is_go_float(text, hex)) return std::nullopt;

  std::string clean;
  if (text.find('_') != std::string_view::npos) {
    if (!underscores_separate_digits(text, hex)) return std::nullopt;
    for (const char c : text) {
      if (c != '_') clean += c;
    }
    text = clean;
  }
  double value = 0;
  const auto [end, error] =
      std::from_chars(text.data(), text.data() + text.size(), value,
                      hex ? std::chars_format::hex : std::chars_format::general);
  if (error == std::errc::result_out_of_range) {
    // Too large and too small are the same to from_chars; strtod tells them apart.
    value = std::strtod(((hex ? "0x" : "") + std::string(text)).c_str(), nullptr);
    if (std::isinf(value)) return std::nullopt;
  } else if (error != std::errc() || end != text.data() + text.size()) {
    return std::nullopt;
  }
  return negative ? -value : value;
}

std::string go_quote(std::string_view text) {
  std::string out = "\"";
  while (!text.empty()) {
    const DecodedRune next = decode_rune(text);
    if (next.valid) {
      append_quoted_rune(out, text.substr(0, next.size), next.rune);
    } else {
      out += "\\x";
      append_hex(out, static_cast<uint8_t>(text[0]), 2);
    }
    text.remove_prefix(next.size);
  }
  out += '"';
  return out;
}

std::optional<std::string> go_unquote(std::string_view body, char quote) {
  if (quote == '`') {
    if (body.find('`') != std::string_view::npos) return std::nullopt;
    return std::string(body);
  }
  if (body.find('\n') != std::string_view::npos) return std::nullopt;
  std::string out;
  out.reserve(body.size());
  for (size_t pos = 0; pos < body.size();) {
    const char c = body[pos];
    if (c == quote) return std::nullopt;
    ++pos;
    if (c != '\\') {
      out += c;
    } else if (!append_escape(out, body, pos, quote)) {
      return std::nullopt;
    }
  }
  return out;
}

bool valid_utf8(std::string_view text) {
  while (text.size() >= 8) {
    uint64_t word;
    std::memcpy(&word, text.data(), 8);
    if ((word & 0x8080808080808080u) != 0) break;
    text.remove_prefix(8);
  }
  while (!text.empty()) {
    if (static_cast<uint8_t>(text[0]) < 0x80) {
      text.remove_prefix(1);
      continue;
    }
    const DecodedRune next = decode_rune(text);
    if (!next.valid) return false;
    text.remove_prefix(next.size);
  }
  return true;
}

std::string html_escape(std::string_view text) {
  std::string out;
  for (const char c : text) {
    switch (c) {
      case '&':
        out += "&amp;";
        break;
      case '<':
        out += "&lt;";
        break;
      case '>':
        out += "&gt;";
        break;
      case '"':
        out += "&#34;";
        break;
      case '\'':
        out += "&#39;";
        break;
      default:
        out += c;
    }
  }
  return out;
}

}  // namespace hearth
