#include "core/matcher.h"

#include "core/go_text.h"

namespace hearth {

Matcher::Matcher(MatchType type, std::string name, std::string value)
    : type_(type), name_(std::move(name)), value_(std::move(value)) {
  if (type_ == MatchType::kRegex || type_ == MatchType::kNotRegex) regex_.emplace(value_);
}

bool Matcher::matches(std::string_view value) const {
  switch (type_) {
    case MatchType::kEqual:
      return value == value_;
    case MatchType::kNotEqual:
      return value != value_;
    case MatchType::kRegex:
      return regex_->matches(value);
    case MatchType::kNotRegex:
      return !regex_->matches(value);
  }
  return false;
}

std::string Matcher::text() const {
  static constexpr std::string_view kOperators[] = {"=", "!=", "=~", "!~"};
  std::string out = is_legacy_label_name(name_) ? name_ : go_quote(name_);
  out += kOperators[static_cast<size_t>(type_)];
  out += go_quote(value_);
  return out;
}

}  // namespace hearth
