// Begins to bring memory into the cache, while there is other work to do.
#pragma once

#include <cstddef>

namespace hearth {

// Whatever is there: addresses that nobody may read do no harm.
inline void prefetch(const char* begin, size_t bytes) {
  constexpr size_t kLine = 64;
  for (size_t at = 0; at < bytes; at += kLine) __builtin_prefetch(begin + at);
}

}  // namespace hearth
