// The text of one scrape as the parsers want it.
#pragma once

#include <string>
#include <string_view>
#include <utility>

namespace hearth {

// An exposition, followed by a newline and zero bytes, so that a reader may look a few bytes past the
// end without asking. Immutable; parsers and what they return must not outlive it.
class Body {
 public:
  static constexpr size_t kPadding = 64;

  Body() : Body(std::string()) {}
  explicit Body(std::string text) : text_(std::move(text)), size_(text_.size()) {
    text_.reserve(size_ + 1 + kPadding);
    text_.push_back('\n');
    text_.append(kPadding, '\0');
  }
  std::string_view text() const { return {text_.data(), size_}; }
  std::string_view with_newline() const { return {text_.data(), size_ + 1}; }
  // Its memory, for another one. Nothing of it is valid afterwards.
  std::string take() && { return std::move(text_); }

 private:
  std::string text_;
  size_t size_;
};

}  // namespace hearth
