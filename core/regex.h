// Regular expressions of matchers and relabelling: fully anchored, dot matches newline, Go's texts
// for what does not compile. The library behind it, RE2, stays in regex.cpp.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace hearth {

// Literals, alternatives of literals, prefixes, suffixes and ".*"/".+" are matched without RE2.
// Immutable, cheap to copy, thread-safe.
class Regex {
 public:
  // Throws Error(kBadData): "error parsing regexp: missing closing ): `a(b`".
  explicit Regex(std::string_view pattern);

  bool matches(std::string_view text) const;  // the whole text

  // The finite set of texts it matches, if it is one ("a|b|c", "x(1|2)"), sorted; else nullopt.
  const std::optional<std::vector<std::string>>& alternatives() const;
  // Every matching text starts with this ("" when nothing is known).
  std::string_view prefix() const;
  const std::string& pattern() const;

  // Replaces $1, ${1}, $name, ${name} in `replacement` by the groups matched in `text`;
  // nullopt when the whole text does not match.
  std::optional<std::string> expand(std::string_view text, std::string_view replacement) const;

  // The names of the capture groups in order; unnamed ones are "".
  size_t groups() const;

 private:
  struct Compiled;
  std::shared_ptr<const Compiled> compiled_;
};

}  // namespace hearth
