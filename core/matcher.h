// Label matchers: name = | != | =~ | !~ value. A label that a series does not have has the value "".
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "core/labels.h"
#include "core/regex.h"

namespace hearth {

enum class MatchType { kEqual, kNotEqual, kRegex, kNotRegex };

// Immutable, cheap to copy, thread-safe.
class Matcher {
 public:
  // Throws Error(kBadData) when a regex does not compile.
  Matcher(MatchType type, std::string name, std::string value);

  bool matches(std::string_view value) const;
  bool matches(LabelsView labels) const { return matches(labels.get(name_)); }
  bool matches_empty() const { return matches(std::string_view()); }

  MatchType type() const { return type_; }
  const std::string& name() const { return name_; }
  const std::string& value() const { return value_; }
  const Regex* regex() const { return regex_ ? &*regex_ : nullptr; }  // of =~ and !~
  std::string text() const;  // job="x", as Prometheus prints it; quotes the name where needed

  bool operator==(const Matcher& other) const {
    return type_ == other.type_ && name_ == other.name_ && value_ == other.value_;
  }

 private:
  MatchType type_;
  std::string name_;
  std::string value_;
  std::optional<Regex> regex_;
};

}  // namespace hearth
