#include "core/regex_split.h"

#include <algorithm>

namespace hearth {
namespace {

using Kind = RegexPart::Kind;
using Alternatives = std::vector<RegexSequence>;

constexpr int kMaxDepth = 100;

Alternatives unknown() { return {{RegexPart{Kind::kUnknown, {}}}}; }
Alternatives literal(std::string_view text) {
  return {{RegexPart{Kind::kLiteral, std::string(text)}}};
}

void append_part(RegexSequence& sequence, const RegexPart& part) {
  if (!sequence.empty()) {
    RegexPart& last = sequence.back();
    if (last.kind == Kind::kLiteral && part.kind == Kind::kLiteral) {
      last.literal += part.literal;
      return;
    }
    const bool last_gap = last.kind == Kind::kAnything || last.kind == Kind::kSomething;
    const bool part_gap = part.kind == Kind::kAnything || part.kind == Kind::kSomething;
    if (last_gap && part_gap) {
      if (last.kind == Kind::kSomething && part.kind == Kind::kSomething) {
        sequence.push_back(RegexPart{Kind::kUnknown, {}});  // at least two characters
      } else if (part.kind == Kind::kSomething) {
        last.kind = Kind::kSomething;
      }
      return;
    }
  }
  sequence.push_back(part);
}

// Every sequence of `left` followed by every sequence of `right`.
Alternatives concatenate(const Alternatives& left, const Alternatives& right) {
  if (left.size() * right.size() > kMaxRegexAlternatives) return concatenate(left, unknown());
  Alternatives out;
  out.reserve(left.size() * right.size());
  for (const RegexSequence& l : left) {
    for (const RegexSequence& r : right) {
      out.push_back(l);
      for (const RegexPart& part : r) append_part(out.back(), part);
    }
  }
  return out;
}

bool ascii_punctuation(char c) {
  return (c >= '!' && c <= '/') || (c >= ':' && c <= '@') || (c >= '[' && c <= '`') ||
         (c >= '{' && c <= '~');
}

// Recursive descent over a valid pattern. Flags such as (?i) change the meaning of what follows, so
// they make the whole pattern unknown (gave_up). One thread.
class Splitter {
 public:
  explicit Splitter(std::string_view pattern) : rest_(pattern) {}

  Alternatives split() {
    Alternatives out = alternation(0);
    return gave_up_ || !rest_.empty() ? unknown() : out;
  }

 private:
  Alternatives alternation(int depth) {
    Alternatives out = concatenation(depth);
    while (!gave_up_ && take('|')) {
      Alternatives more = concatenation(depth);
      out.insert(out.end(), more.begin(), more.end());
      if (out.size() > kMaxRegexAlternatives) out = unknown();
    }
    return out;
  }

  Alternatives concatenation(int depth) {
    Alternatives out{{}};
    while (!gave_up_ && !rest_.empty() && rest_[0] != '|' && rest_[0] != ')') {
      if (depth == 0 && rest_[0] == '^' && out == Alternatives{{}}) {
        rest_.remove_prefix(1);
      } else if (depth == 0 && rest_[0] == '$' && (rest_.size() == 1 || rest_[1] == '|')) {
        rest_.remove_prefix(1);
      } else {
        out = concatenate(out, repeated_atom(depth));
      }
    }
    return out;
  }

  Alternatives repeated_atom(int depth) {
    const bool dot = rest_[0] == '.';
    Alternatives out = atom(depth);
    for (bool first = true;; first = false) {
      if (take('*')) {
        out = dot && first ? Alternatives{{RegexPart{Kind::kAnything, {}}}} : unknown();
      } else if (take('+')) {
        out = dot && first ? Alternatives{{RegexPart{Kind::kSomething, {}}}} : unknown();
      } else if (take('?')) {
        if (first) out.push_back({});  // after another operator it only means "not greedy"
      } else if (take_count()) {
        out = unknown();
      } else {
        return out;
      }
    }
  }

  Alternatives atom(int depth) {
    const char c = rest_[0];
    if (c == '(') return group(depth);
    if (c == '[') return character_class();
    if (c == '\\') return escape();
    if (c == '.' || c == '^' || c == '$') {
      rest_.remove_prefix(1);
      return unknown();
    }
    size_t length = 1;  // one whole UTF-8 character, as operators apply to it
    while (length < rest_.size() && (rest_[length] & 0xC0) == 0x80) ++length;
    const std::string_view character = rest_.substr(0, length);
    rest_.remove_prefix(length);
    return literal(character);
  }

  Alternatives group(int depth) {
    rest_.remove_prefix(1);
    if (take('?')) {
      if (rest_.starts_with("P<") || rest_.starts_with('<')) {
        rest_.remove_prefix(std::min(rest_.size(), rest_.find('>') + 1));
      } else if (!take(':')) {
        return give_up();
      }
    }
    if (depth >= kMaxDepth) return give_up();
    Alternatives out = alternation(depth + 1);
    return take(')') ? out : give_up();
  }

  Alternatives character_class() {
    rest_.remove_prefix(1);
    if (rest_.starts_with('^')) return skip_class();
    Alternatives out;
    for (bool first = true; first || !rest_.starts_with(']'); first = false) {
      const int from = class_character();
      int to = from;
      if (from >= 0 && rest_.size() > 1 && rest_[0] == '-' && rest_[1] != ']') {
        rest_.remove_prefix(1);
        to = class_character();
      }
      if (from < 0 || to < from) return skip_class();
      for (int c = from; c <= to; ++c) {
        const char character = static_cast<char>(c);
        out.push_back(literal(std::string_view(&character, 1))[0]);
      }
    }
    rest_.remove_prefix(1);
    return out;
  }

  // One ASCII character of a class, or -1 for anything else.
  int class_character() {
    if (rest_.empty() || rest_.starts_with("[:")) return -1;
    char c = rest_[0];
    if (c == '\\') {
      if (rest_.size() < 2 || !ascii_punctuation(rest_[1])) return -1;
      rest_.remove_prefix(1);
      c = rest_[0];
    }
    if (static_cast<unsigned char>(c) >= 0x80) return -1;
    rest_.remove_prefix(1);
    return c;
  }

  // Goes behind the class that it stands in; what was read of it does not matter.
  Alternatives skip_class() {
    if (rest_.starts_with('^')) rest_.remove_prefix(1);
    if (rest_.starts_with(']')) rest_.remove_prefix(1);
    while (!rest_.empty() && rest_[0] != ']') {
      if (rest_.starts_with("[:")) {
        const size_t end = rest_.find(":]");
        if (end == std::string_view::npos) return give_up();
        rest_.remove_prefix(end + 2);
      } else {
        rest_.remove_prefix(rest_[0] == '\\' && rest_.size() > 1 ? 2 : 1);
      }
    }
    return take(']') ? unknown() : give_up();
  }

  Alternatives escape() {
    if (rest_.size() < 2) return give_up();
    const char c = rest_[1];
    rest_.remove_prefix(2);
    if (ascii_punctuation(c)) return literal(std::string_view(&c, 1));
    switch (c) {
      case 'd':
      case 'D':
      case 's':
      case 'S':
      case 'w':
      case 'W':
      case 'b':
      case 'B':
      case 'A':
      case 'z':
        return unknown();
      default:
        return give_up();  // \Q, \x41, \pN ...: rare, and of varying length
    }
  }

  bool take_count() {  // {2}, {2,}, {2,3}; any other { is a literal
    if (rest_.empty() || rest_[0] != '{') return false;
    size_t i = 1;
    while (i < rest_.size() && rest_[i] >= '0' && rest_[i] <= '9') ++i;
    if (i == 1) return false;
    if (i < rest_.size() && rest_[i] == ',') ++i;
    while (i < rest_.size() && rest_[i] >= '0' && rest_[i] <= '9') ++i;
    if (i >= rest_.size() || rest_[i] != '}') return false;
    rest_.remove_prefix(i + 1);
    return true;
  }

  bool take(char c) {
    if (!rest_.starts_with(c)) return false;
    rest_.remove_prefix(1);
    return true;
  }
  Alternatives give_up() {
    gave_up_ = true;
    return unknown();
  }

  std::string_view rest_;
  bool gave_up_ = false;
};

}  // namespace

std::vector<RegexSequence> split_regex(std::string_view pattern) {
  return Splitter(pattern).split();
}

bool sequence_matches(const RegexSequence& sequence, std::string_view text) {
  // A literal after a gap is taken where it occurs first: that leaves the most for what follows.
  bool gap = false;
  size_t least = 0;  // bytes that the gap must have
  for (size_t i = 0; i < sequence.size(); ++i) {
    const RegexPart& part = sequence[i];
    if (part.kind != Kind::kLiteral) {
      gap = true;
      least = part.kind == Kind::kSomething ? 1 : 0;
      continue;
    }
    if (!gap) {
      if (!text.starts_with(part.literal)) return false;
      text.remove_prefix(part.literal.size());
    } else if (i + 1 == sequence.size()) {
      return text.size() >= least + part.literal.size() && text.ends_with(part.literal);
    } else {
      const size_t found = text.find(part.literal, least);
      if (found == std::string_view::npos) return false;
      text.remove_prefix(found + part.literal.size());
    }
    gap = false;
    least = 0;
  }
  return gap ? text.size() >= least : text.empty();
}

}  // namespace hearth
