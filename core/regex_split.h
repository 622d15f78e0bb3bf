// Takes a regular expression apart as far as it consists of literals and "anything": what is left
// can be matched without a regex engine, or at least has a known beginning.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace hearth {

// One part of a sequence. kUnknown stands for any construct that is not taken apart.
struct RegexPart {
  enum class Kind { kLiteral, kAnything, kSomething, kUnknown };  // "abc", ".*", ".+", "[^a]{2}"
  Kind kind;
  std::string literal;
  bool operator==(const RegexPart&) const = default;
};
using RegexSequence = std::vector<RegexPart>;

// The alternatives of the pattern: at most kMaxRegexAlternatives sequences, two literals never side
// by side. Requires: the pattern is valid; dot matches newline; the match is anchored.
inline constexpr size_t kMaxRegexAlternatives = 256;
std::vector<RegexSequence> split_regex(std::string_view pattern);

// Whether `text` as a whole matches. Requires: no part of the sequence is kUnknown.
bool sequence_matches(const RegexSequence& sequence, std::string_view text);

}  // namespace hearth
