// Sorts that end by exception when their query shall end.
#pragma once

#include <algorithm>
#include <cstdint>

#include "query/context.h"

namespace hearth::promql {

template <class Items, class Less>
void checked_sort(const Context& context, Items& items, const Less& less) {
  constexpr uint32_t kOften = 4096;  // comparisons
  uint32_t compared = 0;
  std::stable_sort(items.begin(), items.end(), [&](const auto& a, const auto& b) {
    if (++compared % kOften == 0) context.check();
    return less(a, b);
  });
}

}  // namespace hearth::promql
