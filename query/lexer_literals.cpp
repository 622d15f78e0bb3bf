// Numbers, durations and strings.
#include "core/go_text.h"
#include "core/utf8.h"
#include "query/lexer.h"

namespace hearth::promql {
namespace {

bool is_alphanumeric(int c) {
  return c == '_' || (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}
constexpr std::string_view kDigits = "0123456789";

// Go's %#U of a rune: U+0041 'A'.
std::string rune_with_code(char32_t rune) {
  constexpr char kHex[] = "0123456789ABCDEF";
  std::string code;
  for (auto rest = static_cast<uint32_t>(rune); rest != 0 || code.size() < 4; rest /= 16) {
    code.insert(code.begin(), kHex[rest % 16]);
  }
  std::string out = "U+" + code;
  if (is_printable(rune)) {
    out += " '";
    append_rune(out, rune);
    out += '\'';
  }
  return out;
}

}  // namespace

Token Lexer::number_or_duration() {
  if (scan_number()) return token(TokenType::kNumber);
  if (scan_duration()) return token(TokenType::kDuration);
  fail("bad number or duration syntax: " + go_quote(query_.substr(start_, pos_ - start_)));
}

// Goes on where scan_number() stopped: at the first unit.
bool Lexer::scan_duration() {
  if (!accept("smhdwy")) return false;
  accept("s");
  while (accept(kDigits)) {
    accept_run(kDigits);
    if (!accept("smhdw")) return false;
    accept("s");
  }
  if (!is_alphanumeric(peek())) return true;
  ++pos_;
  return false;
}

// Takes what looks like a number; whether it is one is seen when it is converted.
bool Lexer::scan_number() {
  std::string_view digits = kDigits;
  if (accept("0") && accept("xX")) {
    accept("_");
    digits = "0123456789abcdefABCDEF";
  }
  const bool hex = digits.size() > kDigits.size();
  accept(".");
  accept(digits);
  bool dot = false, exponent = false;
  while (true) {
    // Digits come last: in a hexadecimal number 'e' is one, but stands for an exponent here.
    if (peek() == '.') {
      ++pos_;
      if (dot || accept("_.") || hex) return false;
      dot = true;
    } else if (peek() == 'e' || peek() == 'E') {
      ++pos_;
      if (exponent) return false;
      exponent = true;
      accept("+-");
      if (accept("._eE") || peek() == kEndOfText) return false;
    } else if (accept("_")) {
      if (accept("._eE") || peek() == kEndOfText) return false;
    } else if (accept(digits)) {
      accept_run(digits);
    } else {
      break;
    }
  }
  return pos_ > start_ && !is_alphanumeric(peek());
}

Token Lexer::string(char quote) {
  while (true) {
    const int c = peek();
    if (c == kEndOfText || c == '\n') fail("unterminated quoted string");
    if (c == quote) break;
    const DecodedRune rune = decode_rune(query_.substr(pos_));
    if (rune.rune == kRuneError) fail("invalid UTF-8 rune");
    pos_ += rune.size;
    if (c == '\\') escape(quote);
  }
  ++pos_;
  return token(TokenType::kString);
}

Token Lexer::raw_string() {
  while (peek() != '`') {
    if (peek() == kEndOfText) fail("unterminated raw string");
    const DecodedRune rune = decode_rune(query_.substr(pos_));
    if (rune.rune == kRuneError) fail("invalid UTF-8 rune");
    pos_ += rune.size;
  }
  ++pos_;
  return token(TokenType::kString);
}

// The backslash has been read.
void Lexer::escape(char quote) {
  if (peek() == kEndOfText) fail("escape sequence not terminated");
  if (accept("abfnrtv\\") || accept(std::string_view(&quote, 1))) return;
  size_t count = 3;
  uint32_t base = 8, max = 255;
  if (peek() < '0' || peek() > '7') {
    base = 16;
    if (accept("x")) {
      count = 2;
    } else if (accept("u")) {
      count = 4;
      max = kMaxRune;
    } else if (accept("U")) {
      count = 8;
      max = kMaxRune;
    } else {
      fail("unknown escape sequence " + rune_with_code(decode_rune(query_.substr(pos_)).rune));
    }
  }
  uint64_t value = 0;
  for (size_t i = 0; i < count; ++i, ++pos_) {
    if (peek() == kEndOfText) fail("escape sequence not terminated");
    const std::string_view all = "0123456789abcdef";
    const size_t digit =
        all.find(query_[pos_] >= 'A' && query_[pos_] <= 'F' ? static_cast<char>(query_[pos_] | 0x20)
                                                            : query_[pos_]);
    if (digit >= base) {
      fail("illegal character " + rune_with_code(decode_rune(query_.substr(pos_)).rune) +
           " in escape sequence");
    }
    value = value * base + digit;
  }
  if (value > max || (value >= 0xd800 && value < 0xe000)) {
    fail("escape sequence is an invalid Unicode code point");
  }
}

}  // namespace hearth::promql
