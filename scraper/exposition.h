// What the two text formats have in common: entries, labels, numbers and the error texts.
//
// The formats are read as Prometheus reads them (model/textparse of 3.14), its oddities included: its
// error texts quote the token that was found and everything since the start of the entry.
#pragma once

#include <deque>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/clock.h"
#include "core/labels.h"
#include "core/sample.h"
#include "scraper/body.h"

namespace hearth {

// What --enable-feature=type-and-unit-labels adds.
inline constexpr std::string_view kTypeLabel = "__type__";
inline constexpr std::string_view kUnitLabel = "__unit__";

enum class EntryKind : uint8_t { kSeries, kType, kHelp, kUnit, kComment, kEnd };

// Reads one body entry by entry. text_parser.h and openmetrics_parser.h add next() and suffix().
// One thread. Views that it returns are valid until the next entry.
class ExpositionParser {
 public:
  // Of a series: what identifies it, as written. Of a comment: the line without its newline.
  std::string_view text() const { return text_; }
  const char* position() const { return next_; }  // where the next entry begins
  const char* end() const { return end_; }
  void skip_to(const char* p) { next_ = p; }  // past entries that were recognised without the parser

  // Of a series.
  double value() const { return value_; }
  bool has_time() const { return has_time_; }
  TimeMs time() const { return time_; }
  bool has_exemplar() const { return has_exemplar_; }
  // All labels with __name__, unescaped, in the order written; duplicates and empty values are there.
  const std::vector<Label>& labels();
  std::string_view raw_name() const { return name_; }  // as written
  const std::string_view* raw_value(std::string_view label) const;  // as written; nullptr: no such label
  // A fingerprint of the first `length` bytes of the name as written and of all labels but `without`.
  uint64_t print_without(std::string_view without, size_t length, uint64_t seed) const;
  // What labels() is made of; valid as long as the body. It can be put aside and swapped in again.
  struct RawLabel {
    std::string_view name, value;  // without quotes, still escaped
  };
  struct RawSeries {
    std::string_view name;
    std::vector<RawLabel> labels;
  };
  void copy_to(RawSeries& other) const {
    other.name = name_;
    other.labels = raw_labels_;
  }
  void swap(RawSeries& other) {
    std::swap(name_, other.name);
    raw_labels_.swap(other.labels);
  }
  Exemplar exemplar();

  // Of a comment with a family.
  std::string_view family() const { return family_; }
  MetricType type() const { return type_; }  // of the last kType entry, or as told
  std::string_view help() const { return help_; }  // also the unit
  // Continues as if a kType entry had been read: that line was recognised without the parser.
  void set_type(MetricType type) { type_ = type; }
  // From now on labels() has __type__ and __unit__, of series whose family says them.
  // Requires: no comment is recognised without the parser.
  void add_type_and_unit() { type_and_unit_ = true; }

 protected:
  struct Token {
    const char* begin;
    const char* end;  // where the lexer stood after it; for an invalid one: at the byte it refused
    const char* name;  // as in error texts
    bool is(const char* other) const { return name == other; }
  };
  // Arrays, so that each has one address everywhere.
  static constexpr char kInvalid[] = "INVALID";
  static constexpr char kAtEnd[] = "EOF";
  static constexpr char kLinebreak[] = "LINEBREAK";
  static constexpr char kBraceOpen[] = "BOPEN";
  static constexpr char kBraceClose[] = "BCLOSE";
  static constexpr char kLabelName[] = "LNAME";
  static constexpr char kQuoted[] = "QSTRING";
  static constexpr char kLabelValue[] = "LVALUE";
  static constexpr char kEqual[] = "EQUAL";
  static constexpr char kComma[] = "COMMA";
  static constexpr char kTimestamp[] = "TIMESTAMP";
  static constexpr char kValue[] = "VALUE";
  static constexpr char kCommentToken[] = "COMMENT";

  explicit ExpositionParser(std::string_view body)
      : next_(body.data()), end_(body.data() + body.size()), start_(body.data()) {}

  [[noreturn]] static void fail(const std::string& text);
  [[noreturn]] void fail_expected(const std::string& expected, const Token& got) const;
  // `what` while parsing: "<from the start of the entry up to `to`>"
  [[noreturn]] void fail_while(const std::string& what, const char* to) const;
  double parse_float(std::string_view text, const char* to) const;
  static std::string quote(std::string_view text);  // %q, cut where it is very long

  const char* scan_name(const char* p) const;  // past [a-zA-Z0-9_:]*
  enum class Nul { kStops, kSkipped };
  enum class Newline { kStops, kAllowed };
  // A quoted string that begins at `p` (on the quote).
  Token scan_quoted(const char* p, const char* name, Nul nul, Newline newline) const;
  void begin_series(const char* start);
  struct TypeName {
    std::string_view name;
    MetricType type;
  };
  void set_metadata_type(std::string_view text, std::span<const TypeName> known);
  void set_metadata_unit(std::string_view unit);
  std::string_view unescape(std::string_view text, bool quotes);

  const char* next_;
  const char* const end_;
  const char* start_;  // of the entry
  std::string_view text_, family_, help_;
  MetricType type_ = MetricType::kUnknown;

  bool name_set_ = false;
  std::string_view name_;
  std::vector<RawLabel> raw_labels_;
  double value_ = 0;
  TimeMs time_ = 0;
  bool has_time_ = false;

  bool has_exemplar_ = false;
  std::vector<RawLabel> exemplar_labels_;
  double exemplar_value_ = 0;
  TimeMs exemplar_time_ = 0;
  bool exemplar_has_time_ = false;

 private:
  std::string_view normalised(std::string_view name, std::string_view value);
  void add_type_and_unit_labels(std::string_view name);
  bool type_and_unit_ = false;
  std::string_view typed_family_, unit_family_, unit_;  // of the last kType and kUnit entries
  std::vector<Label> labels_;
  std::deque<std::string> unescaped_;
};

inline bool is_name_start(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}
inline bool is_digit(char c) { return c >= '0' && c <= '9'; }

// The value of an `le` or `quantile` label as OpenMetrics writes it: "1" -> "1.0".
std::string openmetrics_float(double value);

}  // namespace hearth
