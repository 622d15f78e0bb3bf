#include "core/large_memory.h"

#include <doctest/doctest.h>

#include <cstdint>
#include <vector>

using namespace hearth;

TEST_CASE("memory of any size keeps what is written to it") {
  for (const size_t bytes : {size_t{1}, size_t{4096}, size_t{131'071}, size_t{131'072}, size_t{5'000'000}}) {
    CAPTURE(bytes);
    auto* const memory = static_cast<unsigned char*>(allocate_large(bytes));
    REQUIRE(memory != nullptr);
    for (size_t i = 0; i < bytes; ++i) memory[i] = static_cast<unsigned char>(i * 7);
    size_t wrong = 0;
    for (size_t i = 0; i < bytes; ++i) wrong += memory[i] == static_cast<unsigned char>(i * 7) ? 0 : 1;
    CHECK(wrong == 0);
    free_large(memory, bytes);
  }
}

TEST_CASE("a vector grows over the border between small and large") {
  std::vector<uint64_t, LargeAllocator<uint64_t>> numbers;
  for (uint64_t i = 0; i < 100'000; ++i) numbers.push_back(i);
  size_t wrong = 0;
  for (uint64_t i = 0; i < 100'000; ++i) wrong += numbers[i] == i ? 0 : 1;
  CHECK(wrong == 0);
}
