#include "rules/template_lexer.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "core/go_text.h"
#include "core/utf8.h"

namespace hearth::rules {
namespace {

using Kind = TemplateTokenKind;

constexpr std::string_view kLeft = "{{", kRight = "}}";
constexpr std::string_view kSpaces = " \t\r\n";
constexpr char32_t kNone = 0xffffffff;

constexpr std::pair<std::string_view, Kind> kKeywords[] = {{"block", Kind::kBlock},
                                                           {"break", Kind::kBreak},
                                                           {"continue", Kind::kContinue},
                                                           {"define", Kind::kDefine},
                                                           {"else", Kind::kElse},
                                                           {"end", Kind::kEndKeyword},
                                                           {"if", Kind::kIf},
                                                           {"nil", Kind::kNil},
                                                           {"range", Kind::kRange},
                                                           {"template", Kind::kTemplate},
                                                           {"with", Kind::kWith}};

bool is_space(char c) { return kSpaces.find(c) != std::string_view::npos; }
bool is_digit(char32_t c) { return c >= '0' && c <= '9'; }

// Letters beyond ASCII are told from other runes by what is printable.
bool is_word(char32_t c) {
  if (c == kNone) return false;
  if (c < 0x80) return c == '_' || is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
  return c != kRuneError && is_printable(c);
}

// A minus and a space after {{, a space and a minus before }}.
bool trims_left(std::string_view after) {
  return after.size() >= 2 && after[0] == '-' && is_space(after[1]);
}
bool trims_right(std::string_view before) {
  return before.size() >= 2 && is_space(before[0]) && before[1] == '-';
}

// Go's %#U: U+0040 '@'
std::string rune_text(char32_t rune) {
  std::string out = fmt::format("U+{:04X}", static_cast<uint32_t>(rune));
  if (is_printable(rune)) {
    out += " '";
    append_rune(out, rune);
    out += "'";
  }
  return out;
}

}  // namespace

std::string token_text(const TemplateToken& token) {
  if (token.kind == Kind::kEnd) return "EOF";
  if (token.kind == Kind::kError) return token.text;
  if (token.kind > Kind::kVariable) return "<" + token.text + ">";
  size_t end = 0, runes = 0;
  while (end < token.text.size() && runes < 10) {
    end += decode_rune(std::string_view(token.text).substr(end)).size;
    ++runes;
  }
  if (token.text.size() > 10) return go_quote(std::string_view(token.text).substr(0, end)) + "...";
  return go_quote(token.text);
}

TemplateToken TemplateLexer::next() {
  if (failed_) return error_;
  return inside_ ? inside() : outside();
}

TemplateToken TemplateLexer::emit(Kind kind) {
  TemplateToken token{kind, static_cast<uint32_t>(start_), start_line_,
                      std::string(text_.substr(start_, pos_ - start_))};
  skip_ignored();
  return token;
}

TemplateToken TemplateLexer::fail(const std::string& what) {
  failed_ = true;
  error_ = TemplateToken{Kind::kError, static_cast<uint32_t>(start_), start_line_, what};
  return error_;
}

void TemplateLexer::advance(size_t bytes) {
  const std::string_view taken = text_.substr(pos_, bytes);
  line_ += static_cast<int>(std::count(taken.begin(), taken.end(), '\n'));
  pos_ += taken.size();
}

char32_t TemplateLexer::peek(size_t& size) const {
  size = 0;
  if (pos_ >= text_.size()) return kNone;
  const DecodedRune decoded = decode_rune(text_.substr(pos_));
  size = decoded.size;
  return decoded.rune;
}

bool TemplateLexer::accept(std::string_view any) {
  if (pos_ >= text_.size() || any.find(text_[pos_]) == std::string_view::npos) return false;
  advance(1);
  return true;
}
void TemplateLexer::accept_run(std::string_view any) {
  while (accept(any)) {
  }
}

TemplateToken TemplateLexer::outside() {
  const size_t found = text_.find(kLeft, pos_);
  if (found == std::string_view::npos) {
    advance(text_.size() - pos_);
    return emit(pos_ > start_ ? Kind::kText : Kind::kEnd);
  }
  if (found == pos_) return left_delimiter();
  size_t end = found;
  if (trims_left(text_.substr(found + kLeft.size()))) {
    while (end > pos_ && is_space(text_[end - 1])) --end;
  }
  advance(end - pos_);
  const bool empty = pos_ == start_;
  TemplateToken token = emit(Kind::kText);
  advance(found - end);
  skip_ignored();
  return empty ? left_delimiter() : token;
}

TemplateToken TemplateLexer::left_delimiter() {
  advance(kLeft.size());
  const bool trims = trims_left(text_.substr(pos_));
  if (text_.substr(pos_ + (trims ? 2 : 0)).starts_with("/*")) {
    advance(trims ? 2 : 0);
    skip_ignored();
    return comment();
  }
  TemplateToken token = emit(Kind::kLeftDelimiter);
  advance(trims ? 2 : 0);
  skip_ignored();
  inside_ = true;
  depth_ = 0;
  return token;
}

TemplateToken TemplateLexer::comment() {
  const size_t end = text_.find("*/", pos_ + 2);
  if (end == std::string_view::npos) return fail("unclosed comment");
  advance(end + 2 - pos_);
  bool trims = false;
  if (!at_right_delimiter(trims)) return fail("comment ends before closing delimiter");
  TemplateToken token = emit(Kind::kComment);
  advance((trims ? 2 : 0) + kRight.size());
  while (trims && pos_ < text_.size() && is_space(text_[pos_])) advance(1);
  skip_ignored();
  return token;
}

bool TemplateLexer::at_right_delimiter(bool& trims) const {
  const std::string_view rest = text_.substr(pos_);
  trims = trims_right(rest) && rest.substr(2).starts_with(kRight);
  return trims || rest.starts_with(kRight);
}

TemplateToken TemplateLexer::right_delimiter() {
  bool trims = false;
  at_right_delimiter(trims);
  advance(trims ? 2 : 0);
  skip_ignored();
  advance(kRight.size());
  TemplateToken token = emit(Kind::kRightDelimiter);
  while (trims && pos_ < text_.size() && is_space(text_[pos_])) advance(1);
  skip_ignored();
  inside_ = false;
  return token;
}

TemplateToken TemplateLexer::inside() {
  bool trims = false;
  if (at_right_delimiter(trims)) {
    return depth_ == 0 ? right_delimiter() : fail("unclosed left paren");
  }
  size_t size = 0;
  const char32_t rune = peek(size);
  if (rune == kNone) return fail("unclosed action");
  if (rune < 0x80 && is_space(static_cast<char>(rune))) return space();
  if (is_digit(rune) || rune == '+' || rune == '-') return number();
  if (rune == '.' && pos_ + 1 < text_.size() && is_digit(static_cast<char32_t>(text_[pos_ + 1]))) {
    return number();
  }
  if (is_word(rune)) return identifier();
  advance(size);
  switch (rune) {
    case '=':
      return emit(Kind::kAssign);
    case ':':
      return accept("=") ? emit(Kind::kDeclare) : fail("expected :=");
    case '|':
      return emit(Kind::kPipe);
    case '"':
      return quoted('"', Kind::kString, "unterminated quoted string");
    case '\'':
      return quoted('\'', Kind::kCharConstant, "unterminated character constant");
    case '`':
      return raw_quoted();
    case '$':
      return word(Kind::kVariable);
    case '.':
      return word(Kind::kField);
    case '(':
      ++depth_;
      return emit(Kind::kLeftParen);
    case ')':
      return --depth_ < 0 ? fail("unexpected right paren") : emit(Kind::kRightParen);
    default:
      break;
  }
  if (rune < 0x7f && rune > 0x20) return emit(Kind::kCharacter);
  return fail("unrecognized character in action: " + rune_text(rune));
}

TemplateToken TemplateLexer::space() {
  accept_run(kSpaces);
  // The last space may belong to " -}}".
  if (trims_right(text_.substr(pos_ - 1)) && text_.substr(pos_ + 1).starts_with(kRight)) {
    --pos_;
    if (text_[pos_] == '\n') --line_;
    if (pos_ == start_) return depth_ == 0 ? right_delimiter() : fail("unclosed left paren");
  }
  return emit(Kind::kSpace);
}

bool TemplateLexer::at_terminator() const {
  return pos_ >= text_.size() || at(kRight) ||
         (std::string_view(".,|:)(").find(text_[pos_]) != std::string_view::npos) ||
         is_space(text_[pos_]);
}

// After the . or $.
TemplateToken TemplateLexer::word(Kind kind) {
  if (at_terminator()) return emit(kind == Kind::kVariable ? kind : Kind::kDot);
  size_t size = 0;
  char32_t rune = peek(size);
  for (; is_word(rune); rune = peek(size)) advance(size);
  if (!at_terminator()) return fail("bad character " + rune_text(rune));
  return emit(kind);
}

TemplateToken TemplateLexer::quoted(char quote, Kind kind, std::string_view what) {
  while (pos_ < text_.size() && text_[pos_] != '\n') {
    const char c = text_[pos_];
    advance(1);
    if (c == quote) return emit(kind);
    if (c == '\\') {
      if (pos_ >= text_.size() || text_[pos_] == '\n') break;
      advance(1);
    }
  }
  return fail(std::string(what));
}

TemplateToken TemplateLexer::raw_quoted() {
  const size_t end = text_.find('`', pos_);
  if (end == std::string_view::npos) return fail("unterminated raw quoted string");
  advance(end + 1 - pos_);
  return emit(Kind::kRawString);
}

TemplateToken TemplateLexer::number() {
  bool good = scan_number();
  // Complex: 1+2i.
  size_t size = 0;
  if (const char32_t sign = peek(size); good && (sign == '+' || sign == '-')) {
    good = scan_number() && text_[pos_ - 1] == 'i';
  }
  if (!good) return fail("bad number syntax: " + go_quote(text_.substr(start_, pos_ - start_)));
  return emit(Kind::kNumber);
}

bool TemplateLexer::scan_number() {
  accept("+-");
  std::string_view digits = "0123456789_";
  std::string_view exponent = "eE";
  if (accept("0")) {
    if (accept("xX")) {
      digits = "0123456789abcdefABCDEF_";
      exponent = "pP";
    } else if (accept("oO")) {
      digits = "01234567_";
      exponent = "";
    } else if (accept("bB")) {
      digits = "01_";
      exponent = "";
    }
  }
  accept_run(digits);
  if (accept(".")) accept_run(digits);
  if (accept(exponent)) {
    accept("+-");
    accept_run("0123456789_");
  }
  accept("i");
  size_t size = 0;
  if (is_word(peek(size))) {
    advance(size);
    return false;
  }
  return true;
}

TemplateToken TemplateLexer::identifier() {
  size_t size = 0;
  char32_t rune = peek(size);
  for (; is_word(rune); rune = peek(size)) advance(size);
  if (!at_terminator()) return fail("bad character " + rune_text(rune));
  const std::string_view text = text_.substr(start_, pos_ - start_);
  for (const auto& [keyword, kind] : kKeywords) {
    if (keyword == text) return emit(kind);
  }
  return emit(text == "true" || text == "false" ? Kind::kBool : Kind::kIdentifier);
}

}  // namespace hearth::rules
