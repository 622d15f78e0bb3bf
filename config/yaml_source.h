// The characters of a YAML document, one after another, and where in the document they stand.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace hearth {

// Counted from 0; index and column in characters.
struct YamlMark {
  size_t index = 0, line = 0, column = 0;
};

// What makes a document unreadable; thrown until it is put into go-yaml's words (yaml_tree.cpp).
struct YamlProblem {
  std::string text;
  YamlMark at, context;       // where it was found, and where what contains it begins
  bool from_scanner = false;  // the scanner found it: such lines count from 1
};

// UTF-8, or UTF-16 with a byte order mark. One thread.
class YamlSource {
 public:
  explicit YamlSource(std::string_view text);

  // The byte `ahead` of the position; '\0' at the end. Throws YamlProblem where the bytes are no
  // text: for all of the 512 bytes that such a byte is in, as go-yaml decodes so many at once.
  char at(size_t ahead = 0) const { return pos_ + ahead < limit_ ? text_[pos_ + ahead] : at_end(); }
  bool is_end() const { return at() == '\0'; }
  bool is_blank(size_t ahead = 0) const { return at(ahead) == ' ' || at(ahead) == '\t'; }
  bool is_break(size_t ahead = 0) const { return break_size(ahead) > 0; }
  bool is_break_or_end(size_t ahead = 0) const { return at(ahead) == '\0' || is_break(ahead); }
  bool is_space(size_t ahead = 0) const { return is_blank(ahead) || is_break_or_end(ahead); }
  bool is_name() const;  // of an anchor or a handle: letters, digits, _ and -
  // "---" or "...", alone on its line as far as can be seen.
  bool is_document_indicator(char of) const;
  bool is_document_indicator() const {
    return is_document_indicator('-') || is_document_indicator('.');
  }

  void skip();                         // one character
  void skip_break();                   // a whole line break
  void skip_line();                    // all but its break
  void take(std::string& into);        // one character
  void take_break(std::string& into);  // a line break: "\n" for most
  void end_line();                     // what follows the last character is on a line of its own

  const YamlMark& mark() const { return mark_; }
  size_t column() const { return mark_.column; }

 private:
  size_t break_size(size_t ahead) const;
  char at_end() const;

  std::string text_;
  size_t limit_ = 0;     // what is readable
  std::string problem_;  // with what comes after it
  size_t pos_ = 0;
  YamlMark mark_;
};

}  // namespace hearth
