#include "core/snappy_block.h"

#include <doctest/doctest.h>
#include <snappy.h>

#include <random>
#include <string>

using namespace hearth;

namespace {

// What our own hand makes of a block of `size` bytes, in room that ends with the slack.
bool uncompressed(const std::string& block, size_t size, std::string& out) {
  out.assign(size + kSnappySlack, 'x');
  if (!uncompress_snappy_block(block, out.data(), size)) return false;
  out.resize(size);
  return true;
}

std::string random_text(std::mt19937& random) {
  std::string text;
  const size_t size = random() % 3000, alphabet = 1 + random() % 40;
  while (text.size() < size) {
    if (!text.empty() && random() % 3 == 0) {  // something that stood before
      const size_t from = random() % text.size();
      const size_t length = 1 + random() % 100;
      for (size_t i = 0; i < length; ++i) text += text[from + i];
    } else {
      text += static_cast<char>('a' + random() % alphabet);
    }
  }
  return text;
}

}  // namespace

TEST_CASE("blocks become what the library makes of them, damaged ones too") {
  std::mt19937 random(1);
  std::string block, out, expected;
  size_t refused = 0;
  for (int i = 0; i < 20'000; ++i) {
    const std::string text = random_text(random);
    snappy::Compress(text.data(), text.size(), &block);
    size_t head = 1;
    while ((block[head - 1] & 0x80) != 0) ++head;
    REQUIRE(uncompressed(block.substr(head), text.size(), out));
    REQUIRE(out == text);

    // Some bytes changed, or the end cut off.
    std::string damaged = block;
    for (size_t k = random() % 4; k > 0 && damaged.size() > head; --k)
      damaged[head + random() % (damaged.size() - head)] = static_cast<char>(random());
    if (random() % 4 == 0) damaged.resize(head + random() % (damaged.size() - head + 1));
    expected.assign(text.size(), '\0');
    const bool good = snappy::RawUncompress(damaged.data(), damaged.size(), expected.data());
    REQUIRE(uncompressed(damaged.substr(head), text.size(), out) == good);
    if (good) {
      REQUIRE(out == expected);
    }
    refused += good ? 0 : 1;
  }
  CHECK(refused > 1000);
}

TEST_CASE("long literals, copies of copies and far offsets are uncompressed") {
  std::mt19937 random(2);
  std::string text, block, out;
  for (int i = 0; i < 200'000; ++i) text += static_cast<char>(random());
  text += std::string(70'000, 'a') + text.substr(0, 40'000);
  for (int i = 0; i < 30'000; ++i) text += "abcdefghij"[i % 7];
  snappy::Compress(text.data(), text.size(), &block);
  REQUIRE(uncompressed(block.substr(3), text.size(), out));
  CHECK(out == text);
  CHECK_FALSE(uncompressed(block.substr(3), text.size() - 1, out));
  CHECK_FALSE(uncompressed(block.substr(3), text.size() + 1, out));
  // A literal whose length has four bytes, and a copy with an offset of four.
  CHECK(uncompressed(std::string("\xfc\x02\0\0\0abc\x0b\x03\0\0\0", 13), 6, out));
  CHECK(out == "abcabc");
  CHECK_FALSE(uncompressed(std::string("\xfc\xff\xff\xff\xff", 5), 100, out));
  CHECK_FALSE(uncompressed(std::string("\x00"
                                       "a\x05\x00",
                                       4),
                           6, out));  // an offset of 0
  CHECK(uncompressed("", 0, out));
}
