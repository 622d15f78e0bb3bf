// Query text -> tokens. What a character means depends on the brackets around it: inside braces
// words are labels, inside square brackets they are durations.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "query/token.h"

namespace hearth::promql {

// The query must outlive it. One thread.
class Lexer {
 public:
  explicit Lexer(std::string_view query) : query_(query) {}

  // The next token that is no comment; kEnd for ever after the last. Throws the parse error where
  // the text is no token.
  Token next();
  std::string_view query() const { return query_; }

 private:
  static constexpr int kEndOfText = -1;

  int peek() const {
    return pos_ < query_.size() ? static_cast<unsigned char>(query_[pos_]) : kEndOfText;
  }
  bool accept(std::string_view characters);
  void accept_run(std::string_view characters);
  Token token(TokenType type);
  [[noreturn]] void fail(const std::string& text) const;
  // %q of the character at `pos`, which may be a rune of several bytes.
  std::string quoted_character(uint32_t pos) const;

  void skip_space_and_comments();
  Token statement();
  Token inside_braces();
  Token inside_duration();
  Token colon();
  Token comparison(char after, TokenType alone);
  Token opening_bracket();
  Token closing_paren();
  Token word();
  Token label();
  bool duration_word(Token& out);
  Token number_or_duration();
  bool scan_number();
  bool scan_duration();
  Token string(char quote);
  Token raw_string();
  void escape(char quote);

  std::string_view query_;
  uint32_t pos_ = 0;
  uint32_t start_ = 0;  // of the token being read
  int paren_depth_ = 0;
  bool brace_open_ = false;
  bool bracket_open_ = false;
  bool in_duration_ = false;  // after '[', until the first number
  bool got_duration_ = false;
  bool got_colon_ = false;
};

}  // namespace hearth::promql
