#include "query/repeats.h"

namespace hearth::promql {

thread_local const Repeats* Repeats::current_ = nullptr;

Repeats::Repeats(const std::vector<int64_t>& shifts) : all_(shifts), before_(current_) {
  for (const int64_t around : current()) {
    all_.push_back(around);
    for (const int64_t shift : shifts) all_.push_back(around + shift);
  }
  current_ = this;
}

const std::vector<int64_t>& Repeats::current() {
  static const std::vector<int64_t> none;
  return current_ == nullptr ? none : current_->all_;
}

}  // namespace hearth::promql
