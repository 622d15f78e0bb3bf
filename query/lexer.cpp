#include "query/lexer.h"

#include "core/go_text.h"
#include "core/utf8.h"
#include "query/parse_error.h"

namespace hearth::promql {
namespace {

bool is_space(int c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }
bool is_digit(int c) { return c >= '0' && c <= '9'; }
bool is_alpha(int c) { return c == '_' || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }
bool is_alphanumeric(int c) { return is_alpha(c) || is_digit(c); }

// Go's %q of a rune.
std::string quoted_rune(char32_t rune) {
  if (rune == '\'') return R"('\'')";
  if (rune == '"') return R"('"')";
  std::string text;
  append_rune(text, rune);
  std::string quoted = go_quote(text);
  quoted.front() = quoted.back() = '\'';
  return quoted;
}

}  // namespace

bool Lexer::accept(std::string_view characters) {
  if (peek() == kEndOfText || characters.find(query_[pos_]) == std::string_view::npos) return false;
  ++pos_;
  return true;
}

void Lexer::accept_run(std::string_view characters) {
  while (accept(characters)) {
  }
}

Token Lexer::token(TokenType type) {
  const Token found{type, start_, query_.substr(start_, pos_ - start_)};
  start_ = pos_;
  return found;
}

void Lexer::fail(const std::string& text) const { throw_parse_error(query_, start_, text); }

std::string Lexer::quoted_character(uint32_t pos) const {
  // Go's end-of-text marker, -1, is no rune and prints as the replacement character.
  if (pos >= query_.size()) return quoted_rune(kRuneError);
  return quoted_rune(decode_rune(query_.substr(pos)).rune);
}

void Lexer::skip_space_and_comments() {
  while (true) {
    while (is_space(peek())) ++pos_;
    // Duration expressions know no comments.
    if (peek() != '#' || in_duration_) break;
    while (peek() != kEndOfText && peek() != '\n' && peek() != '\r') ++pos_;
  }
  start_ = pos_;
}

Token Lexer::next() {
  skip_space_and_comments();
  if (brace_open_) return inside_braces();
  if (in_duration_) return inside_duration();
  return statement();
}

Token Lexer::statement() {
  const int c = peek();
  if (c == kEndOfText) {
    if (paren_depth_ != 0) fail("unclosed left parenthesis");
    if (bracket_open_) fail("unclosed left bracket");
    return token(TokenType::kEnd);
  }
  if (is_alpha(c) || c == ':') {
    if (!bracket_open_) return word();
    if (c == ':') return colon();
    if (Token found; duration_word(found)) return found;
    fail("unexpected character: " + quoted_character(start_) + ", expected ':'");
  }
  ++pos_;
  switch (c) {
    case ',':
      return token(TokenType::kComma);
    case '*':
      return token(TokenType::kMul);
    case '/':
      return token(TokenType::kDiv);
    case '%':
      return token(TokenType::kMod);
    case '+':
      return token(TokenType::kAdd);
    case '-':
      return token(TokenType::kSub);
    case '^':
      return token(TokenType::kPow);
    case '@':
      return token(TokenType::kAt);
    case '=':
      if (peek() == '~') fail("unexpected character after '=': '~'");
      return comparison('=', TokenType::kEqual);
    case '!':
      if (peek() != '=') fail("unexpected character after '!': " + quoted_character(pos_));
      return comparison('=', TokenType::kNeq);
    case '<':
      return accept("/") ? token(TokenType::kTrimUpper) : comparison('=', TokenType::kLss);
    case '>':
      return accept("/") ? token(TokenType::kTrimLower) : comparison('=', TokenType::kGtr);
    case '"':
    case '\'':
      return string(static_cast<char>(c));
    case '`':
      return raw_string();
    case '(':
      ++paren_depth_;
      return token(TokenType::kLeftParen);
    case ')':
      return closing_paren();
    case '{':
      brace_open_ = true;
      return token(TokenType::kLeftBrace);
    case '[':
      return opening_bracket();
    case ']':
      if (!bracket_open_) fail("unexpected right bracket ']'");
      bracket_open_ = false;
      return token(TokenType::kRightBracket);
    default:
      if (is_digit(c) || (c == '.' && is_digit(peek()))) {
        --pos_;
        return number_or_duration();
      }
      fail("unexpected character: " + quoted_character(start_));
  }
}

// After = ! < >, which stands alone or before '='.
Token Lexer::comparison(char after, TokenType alone) {
  if (!accept(std::string_view(&after, 1))) return token(alone);
  switch (alone) {
    case TokenType::kEqual:
      return token(TokenType::kEqlC);
    case TokenType::kLss:
      return token(TokenType::kLte);
    case TokenType::kGtr:
      return token(TokenType::kGte);
    default:
      return token(TokenType::kNeq);
  }
}

Token Lexer::opening_bracket() {
  if (bracket_open_) fail("unexpected left bracket '['");
  bracket_open_ = true;
  in_duration_ = true;
  got_colon_ = false;
  return token(TokenType::kLeftBracket);
}

Token Lexer::closing_paren() {
  const Token found = token(TokenType::kRightParen);
  if (--paren_depth_ < 0) fail("unexpected right parenthesis ')'");
  return found;
}

Token Lexer::colon() {
  if (got_colon_) fail("unexpected colon ':'");
  got_colon_ = true;
  ++pos_;
  return token(TokenType::kColon);
}

Token Lexer::inside_braces() {
  const int c = peek();
  if (c == kEndOfText) fail("unexpected end of input inside braces");
  if (is_alpha(c)) return label();
  ++pos_;
  switch (c) {
    case ',':
      return token(TokenType::kComma);
    case '"':
    case '\'':
      return string(static_cast<char>(c));
    case '`':
      return raw_string();
    case '=':
      return token(accept("~") ? TokenType::kEqlRegex : TokenType::kEqual);
    case '!':
      if (accept("~")) return token(TokenType::kNeqRegex);
      if (accept("=")) return token(TokenType::kNeq);
      fail("unexpected character after '!' inside braces: " + quoted_character(pos_));
    case '{':
      fail("unexpected left brace '{'");
    case '}':
      brace_open_ = false;
      return token(TokenType::kRightBrace);
    default:
      fail("unexpected character inside braces: " + quoted_character(start_));
  }
}

Token Lexer::inside_duration() {
  const int c = peek();
  if (c == kEndOfText) fail("unexpected end of input in duration expression");
  if (is_digit(c) || c == '.') {
    if (c == '.' && (pos_ + 1 >= query_.size() || !is_digit(query_[pos_ + 1]))) {
      fail("unexpected character in duration expression: '.'");
    }
    got_duration_ = true;
    in_duration_ = false;
    return number_or_duration();
  }
  if (Token found; is_alpha(c) && duration_word(found)) return found;
  ++pos_;
  switch (c) {
    case ']':
      bracket_open_ = in_duration_ = got_colon_ = false;
      return token(TokenType::kRightBracket);
    case ':':
      start_ = pos_;
      if (!got_duration_) fail("unexpected colon before duration in duration expression");
      if (got_colon_) fail("unexpected repeated colon in duration expression");
      got_colon_ = true;
      --start_;
      return token(TokenType::kColon);
    case '(':
      ++paren_depth_;
      return token(TokenType::kLeftParen);
    case ')':
      return closing_paren();
    case '+':
      return token(TokenType::kAdd);
    case '-':
      return token(TokenType::kSub);
    case '*':
      return token(TokenType::kMul);
    case '/':
      return token(TokenType::kDiv);
    case '%':
      return token(TokenType::kMod);
    case '^':
      return token(TokenType::kPow);
    case ',':
      return token(TokenType::kComma);
    default:
      fail("unexpected character in duration expression: " + quoted_character(start_));
  }
}

bool Lexer::duration_word(Token& out) {
  const uint32_t before = pos_;
  while (is_alpha(peek())) ++pos_;
  const TokenType type = find_word(query_.substr(start_, pos_ - start_));
  if (type == TokenType::kStep || type == TokenType::kRange || type == TokenType::kMaxOf ||
      type == TokenType::kMinOf) {
    got_duration_ = true;
    out = token(type);
    return true;
  }
  pos_ = before;
  return false;
}

Token Lexer::word() {
  bool has_colon = false;
  while (is_alphanumeric(peek()) || peek() == ':') {
    has_colon = has_colon || peek() == ':';
    ++pos_;
  }
  if (has_colon) return token(TokenType::kMetricIdentifier);
  const TokenType type = find_word(query_.substr(start_, pos_ - start_));
  if (type == TokenType::kFill || type == TokenType::kFillLeft || type == TokenType::kFillRight) {
    // They are keywords only before a parenthesis, so that metrics may have these names.
    uint32_t after = pos_;
    while (after < query_.size() && is_space(query_[after])) ++after;
    if (after == query_.size() || query_[after] != '(') return token(TokenType::kIdentifier);
  }
  return token(type);
}

Token Lexer::label() {
  while (is_alphanumeric(peek())) ++pos_;
  return token(TokenType::kIdentifier);
}

}  // namespace hearth::promql
