#include "core/crc32c.h"

#include <doctest/doctest.h>

#include <random>
#include <string>

using namespace hearth;

namespace {

// Bit by bit, as the polynomial is written.
uint32_t slow_crc(std::string_view bytes) {
  uint32_t crc = 0xffffffff;
  for (const char c : bytes) {
    crc ^= static_cast<uint8_t>(c);
    for (int bit = 0; bit < 8; ++bit) crc = (crc >> 1) ^ ((crc & 1) != 0 ? 0x82f63b78u : 0);
  }
  return ~crc;
}

}  // namespace

TEST_CASE("the CRC of the nine digits is that of the catalogue") {
  CHECK(crc32c("123456789") == 0xe3069283);
}

TEST_CASE("the CRC of any number of bytes, from any address on, is that of the polynomial") {
  std::mt19937 random(1);
  std::string bytes(5000, '\0');
  for (char& c : bytes) c = static_cast<char>(random());
  for (size_t length = 0; length < 5000; length += length < 40 ? 1 : 53) {
    const size_t from = random() % (bytes.size() - length);
    CAPTURE(length);
    CHECK(crc32c(std::string_view(bytes).substr(from, length)) ==
          slow_crc(std::string_view(bytes).substr(from, length)));
  }
}

TEST_CASE("a CRC goes on where another ended") {
  const std::string bytes(3000, 'x');
  const std::string_view all = bytes;
  CHECK(crc32c(all.substr(1000), crc32c(all.substr(0, 1000))) == crc32c(all));
}
