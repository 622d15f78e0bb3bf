#include "core/bits.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <memory>
#include <random>
#include <vector>

using namespace hearth;

TEST_CASE("bits of any width come back in order") {
  std::mt19937_64 random(1);
  for (int round = 0; round < 200; ++round) {
    std::vector<std::pair<uint64_t, unsigned>> parts;
    size_t total = 0;
    for (int i = 0; i < 50; ++i) {
      const auto width = static_cast<unsigned>(random() % 64 + 1);
      parts.emplace_back(width == 64 ? random() : random() & ((uint64_t{1} << width) - 1), width);
      total += width;
    }
    // Exactly as many bytes as are filled, so that a sanitizer sees a read past them.
    std::vector<uint8_t> buffer(total / 8 + 1 + 8);
    BitWriter writer(buffer.data(), 0);
    for (const auto& [value, width] : parts) writer.write(value, width);
    const size_t size =
        static_cast<size_t>(writer.position() - buffer.data()) + (writer.used() ? 1 : 0);
    const auto exact = std::make_unique<char[]>(size);
    std::copy_n(buffer.data(), size, exact.get());
    BitReader reader({exact.get(), size});
    for (const auto& [value, width] : parts) REQUIRE(reader.read(width) == value);
    CHECK_FALSE(reader.overran());
  }
}

TEST_CASE("a writer goes on inside a byte") {
  uint8_t buffer[10] = {0b1010'0000, 0xff, 0xff};
  BitWriter writer(buffer, 3);
  writer.write(0b11, 2);
  writer.write(0b1'0000'0001, 9);
  CHECK(buffer[0] == 0b1011'1100);
  CHECK(buffer[1] == 0b0000'0100);
  CHECK(writer.used() == 6);
}

TEST_CASE("a reader gives zeros after the end and says so") {
  const char bytes[] = {'\xff'};
  BitReader reader({bytes, 1});
  CHECK(reader.read(8) == 0xff);
  CHECK_FALSE(reader.overran());
  CHECK(reader.read(64) == 0);
  CHECK(reader.overran());
  CHECK(BitReader({}).overran() == false);
}
