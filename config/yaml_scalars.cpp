// The scalars of YAML: block (| and >), quoted, plain; how their lines become one.
#include <algorithm>
#include <array>

#include "config/yaml_scanner.h"
#include "core/utf8.h"

namespace hearth {
namespace {

constexpr bool is_digit(char c) { return c >= '0' && c <= '9'; }

int hex_digit(char c) {
  if (is_digit(c)) return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

}  // namespace

// The blanks and line breaks between two words of a quoted or plain scalar: one break is a space,
// more of them are breaks but for the first.
struct YamlScanner::Breaks {
  std::string blanks, first, others;
  bool broken = false;

  void take(YamlSource& source) {
    if (source.is_blank()) {
      if (broken) {
        source.skip();
      } else {
        source.take(blanks);
      }
    } else if (!broken) {
      blanks.clear();
      source.take_break(first);
      broken = true;
    } else {
      source.take_break(others);
    }
  }

  void join(std::string& text) {
    if (!broken && blanks.empty()) return;
    if (!broken) {
      text += blanks;
    } else if (first == "\n") {
      text += others.empty() ? " " : others;
    } else {
      text += first + others;
    }
    *this = Breaks();
  }
};

void YamlScanner::push_scalar(std::string text, const YamlMark& start, bool plain) {
  push(Type::kScalar, start);
  tokens_.back().value = std::move(text);
  tokens_.back().plain = plain;
}

// ---- | and > -----------------------------------------------------------------------------------

void YamlScanner::block_scalar(bool literal) {
  remove_key();
  key_allowed_ = true;
  const YamlMark start = source_.mark();
  source_.skip();
  int chomping = 0;
  size_t increment = 0;
  block_indicators(chomping, increment, start);

  const size_t outer = indent_ >= 0 ? static_cast<size_t>(indent_) : 0;
  size_t indent = increment > 0 ? outer + increment : 0;
  std::string text, last_break, empty_lines;
  block_breaks(indent, empty_lines, start);
  bool after_blank = false;
  while (source_.column() == indent && !source_.is_end()) {
    const bool blank = source_.is_blank();
    if (!literal && last_break == "\n" && !after_blank && !blank) {
      if (empty_lines.empty()) text += ' ';
    } else {
      text += last_break;
    }
    text += empty_lines;
    last_break.clear();
    empty_lines.clear();
    after_blank = blank;
    while (!source_.is_break_or_end()) source_.take(text);
    source_.take_break(last_break);
    block_breaks(indent, empty_lines, start);
  }
  if (chomping >= 0) text += last_break;
  if (chomping > 0) text += empty_lines;
  push_scalar(std::move(text), start, false);
}

// "+2", "2-", in either order, and a comment: to the end of the line.
void YamlScanner::block_indicators(int& chomping, size_t& increment, const YamlMark& start) {
  const auto chomp = [&] {
    if (source_.at() != '+' && source_.at() != '-') return false;
    chomping = source_.at() == '+' ? 1 : -1;
    source_.skip();
    return true;
  };
  const auto indentation = [&] {
    if (!is_digit(source_.at())) return;
    if (source_.at() == '0') fail("found an indentation indicator equal to 0", start);
    increment = static_cast<size_t>(source_.at() - '0');
    source_.skip();
  };
  if (chomp()) {
    indentation();
  } else {
    indentation();
    if (increment > 0) chomp();
  }
  while (source_.is_blank()) source_.skip();
  if (source_.at() == '#') source_.skip_line();
  if (!source_.is_break_or_end()) fail("did not find expected comment or line break", start);
  source_.skip_break();
}

// Takes indentation and empty lines; finds out how far the text is indented, unless that is known.
void YamlScanner::block_breaks(size_t& indent, std::string& breaks, const YamlMark& start) {
  size_t longest = 0;
  for (;;) {
    while ((indent == 0 || source_.column() < indent) && source_.at() == ' ') source_.skip();
    longest = std::max(longest, source_.column());
    if ((indent == 0 || source_.column() < indent) && source_.at() == '\t') {
      fail("found a tab character where an indentation space is expected", start);
    }
    if (!source_.is_break()) break;
    source_.take_break(breaks);
  }
  if (indent > 0) return;
  indent = std::max({longest, static_cast<size_t>(indent_ + 1), size_t{1}});
}

// ---- ' and " -----------------------------------------------------------------------------------

void YamlScanner::quoted_scalar(char quote) {
  save_key();
  key_allowed_ = false;
  const YamlMark start = source_.mark();
  source_.skip();
  std::string text;
  for (;;) {
    if (source_.is_document_indicator()) fail("found unexpected document indicator", start);
    if (source_.is_end()) fail("found unexpected end of stream", start);
    Breaks between;
    between.broken = quoted_word(quote, text, start);
    if (source_.at() == quote) break;
    while (source_.is_blank() || source_.is_break()) between.take(source_);
    between.join(text);
  }
  source_.skip();
  push_scalar(std::move(text), start, false);
}

// To the next blank, break or quote. True: it ended in an escaped line break.
bool YamlScanner::quoted_word(char quote, std::string& text, const YamlMark& start) {
  while (!source_.is_space()) {
    const char c = source_.at();
    if (c == '\'' && quote == '\'' && source_.at(1) == '\'') {
      text += '\'';
      source_.skip();
      source_.skip();
    } else if (c == quote) {
      return false;
    } else if (c == '\\' && quote == '"' && source_.is_break(1)) {
      source_.skip();
      source_.skip_break();
      return true;
    } else if (c == '\\' && quote == '"') {
      escape(text, start);
    } else {
      source_.take(text);
    }
  }
  return false;
}

void YamlScanner::escape(std::string& text, const YamlMark& start) {
  constexpr std::string_view kLetters = "0abt\tnvfre \"'\\N_LP";
  constexpr char32_t kMeanings[] = {0,    7,   8,   9,    9,    '\n', 0x0B, 0x0C,   '\r',
                                    0x1B, ' ', '"', '\'', '\\', 0x85, 0xA0, 0x2028, 0x2029};
  const char letter = source_.at(1);
  const size_t digits = letter == 'x' ? 2 : letter == 'u' ? 4 : letter == 'U' ? 8 : 0;
  const size_t known = letter == '\0' ? std::string_view::npos : kLetters.find(letter);
  if (digits == 0 && known == std::string_view::npos) fail("found unknown escape character", start);
  source_.skip();
  source_.skip();
  if (digits == 0) return append_rune(text, kMeanings[known]);
  uint32_t rune = 0;
  for (size_t i = 0; i < digits; ++i) {
    const int digit = hex_digit(source_.at(i));
    if (digit < 0) fail("did not find expected hexdecimal number", start);
    rune = rune << 4 | static_cast<uint32_t>(digit);
  }
  if ((rune >= 0xD800 && rune <= 0xDFFF) || rune > kMaxRune) {
    fail("found invalid Unicode character escape code", start);
  }
  append_rune(text, rune);
  for (size_t i = 0; i < digits; ++i) source_.skip();
}

// ---- plain -------------------------------------------------------------------------------------

void YamlScanner::plain_scalar() {
  save_key();
  key_allowed_ = false;
  const YamlMark start = source_.mark();
  YamlMark end = start;
  std::string text;
  Breaks between;
  const auto least_column = static_cast<size_t>(indent_ + 1);
  for (;;) {
    if (source_.is_document_indicator() || source_.at() == '#') break;
    while (!source_.is_space() && !plain_ends()) {
      between.join(text);
      source_.take(text);
      end = source_.mark();
    }
    if (!source_.is_blank() && !source_.is_break()) break;
    while (source_.is_blank() || source_.is_break()) {
      if (between.broken && source_.column() < least_column && source_.at() == '\t') {
        fail("found a tab character that violates indentation", start);
      }
      between.take(source_);
    }
    if (flow_level_ == 0 && source_.column() < least_column) break;
  }
  if (between.broken) key_allowed_ = true;
  push_scalar(std::move(text), start, true);
  tokens_.back().end = end;
}

bool YamlScanner::plain_ends() const {
  if (source_.at() == ':') return source_.is_space(1);
  return flow_level_ > 0 && std::string_view(",?[]{}").find(source_.at()) != std::string_view::npos;
}

}  // namespace hearth
