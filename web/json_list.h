// A JSON array of many things, written piece by piece.
#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "web/body_source.h"

namespace hearth::web {

// `append` writes one item; `begin` and `end` stand around the array: "[" and "]", or more.
template <class Item>
class JsonList final : public BodySource {
 public:
  using Append = void (*)(std::string& out, const Item& item);
  JsonList(std::string begin, std::vector<Item> items, Append append, std::string end)
      : begin_(std::move(begin)), items_(std::move(items)), append_(append), end_(std::move(end)) {}

  bool next(std::string& out) override {
    if (ended_) return false;
    const size_t enough = out.size() + kPieceBytes;
    if (at_ == 0) out += begin_;
    for (; at_ < items_.size() && out.size() < enough; ++at_) {
      if (at_ > 0) out.push_back(',');
      append_(out, items_[at_]);
    }
    if (at_ < items_.size()) return true;
    out += end_;
    ended_ = true;
    return true;
  }

 private:
  static constexpr size_t kPieceBytes = 64 * 1024;
  const std::string begin_;
  const std::vector<Item> items_;
  const Append append_;
  const std::string end_;
  size_t at_ = 0;
  bool ended_ = false;
};

// One after the other.
class Sequence final : public BodySource {
 public:
  Sequence(std::unique_ptr<BodySource> first, std::unique_ptr<BodySource> second)
      : first_(std::move(first)), second_(std::move(second)) {}
  bool next(std::string& out) override {
    if (first_ != nullptr && first_->next(out)) return true;
    first_.reset();
    return second_->next(out);
  }

 private:
  std::unique_ptr<BodySource> first_, second_;
};

}  // namespace hearth::web
