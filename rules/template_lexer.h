// Text with {{actions}} -> tokens, by the rules of Go's text/template.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace hearth::rules {

enum class TemplateTokenKind {
  kError,  // text says what is wrong
  kEnd,
  kText,
  kComment,
  kLeftDelimiter,
  kRightDelimiter,
  kLeftParen,
  kRightParen,
  kPipe,
  kAssign,
  kDeclare,
  kCharacter,  // one that stands for itself: a comma
  kSpace,
  kBool,
  kCharConstant,
  kNumber,
  kString,
  kRawString,
  kIdentifier,
  kField,     // .name
  kVariable,  // $name
  // keywords
  kDot,
  kBlock,
  kBreak,
  kContinue,
  kDefine,
  kElse,
  kEndKeyword,
  kIf,
  kNil,
  kRange,
  kTemplate,
  kWith
};

struct TemplateToken {
  TemplateTokenKind kind = TemplateTokenKind::kEnd;
  uint32_t pos = 0;  // in bytes
  int line = 1;
  std::string text;
};

// As error messages show it: "name", <if>, EOF.
std::string token_text(const TemplateToken& token);

// `text` must outlive it. After an error or the end it gives that again. One thread.
class TemplateLexer {
 public:
  explicit TemplateLexer(std::string_view text) : text_(text) {}
  TemplateToken next();

 private:
  TemplateToken outside();
  TemplateToken left_delimiter();
  TemplateToken comment();
  TemplateToken right_delimiter();
  TemplateToken inside();
  TemplateToken space();
  TemplateToken word(TemplateTokenKind kind);
  TemplateToken quoted(char quote, TemplateTokenKind kind, std::string_view what);
  TemplateToken raw_quoted();
  TemplateToken number();
  bool scan_number();
  TemplateToken identifier();

  TemplateToken emit(TemplateTokenKind kind);
  TemplateToken fail(const std::string& what);
  bool at(std::string_view prefix) const { return text_.substr(pos_).starts_with(prefix); }
  bool at_right_delimiter(bool& trims) const;
  bool at_terminator() const;
  char32_t peek(size_t& size) const;
  void skip_ignored() {
    start_ = pos_;
    start_line_ = line_;
  }
  void advance(size_t bytes);
  bool accept(std::string_view any);
  void accept_run(std::string_view any);

  std::string_view text_;
  size_t pos_ = 0, start_ = 0;
  int line_ = 1, start_line_ = 1;
  bool inside_ = false;
  int depth_ = 0;  // of parentheses
  bool failed_ = false;
  TemplateToken error_;
};

}  // namespace hearth::rules
