// Numbers that are read fast are those that are written, to the last bit; and spaces are found where they are.
#include "scraper/number.h"

#include <doctest/doctest.h>

#include <charconv>
#include <cstring>
#include <random>
#include <string>

#include "scraper/lines_ahead.h"

namespace hearth {
namespace {

TEST_CASE("a plain number is read as the library reads it, whatever stands around it") {
  std::mt19937 random(1);
  size_t read = 0;
  for (int i = 0; i < 200'000; ++i) {
    std::string text = random() % 4 == 0 ? "-" : "";
    const auto digits = [&](size_t count) {
      for (; count > 0; --count) text += static_cast<char>('0' + random() % 10);
    };
    digits(random() % 18);
    if (random() % 2 == 0) text += ".";
    digits(random() % 10);
    if (random() % 8 == 0) text += "x";
    if (random() % 4 == 0) {
      text += random() % 2 == 0 ? "e" : "E";
      if (random() % 3 != 0) text += random() % 2 == 0 ? "+" : "-";
      digits(random() % 3);
    }
    const std::string line = text + (random() % 2 == 0 ? "\n" : " ") + std::string(64, static_cast<char>(random() % 256));
    double expected = 0, got = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), expected);
    const bool whole = error == std::errc() && end == text.data() + text.size();
    const char* const after = read_plain_number(line.data(), line.data() + line.size(), got);
    if (after == nullptr) continue;  // may be one all the same
    CAPTURE(text);
    ++read;
    REQUIRE(whole);
    REQUIRE(after == line.data() + text.size());
    REQUIRE(std::memcmp(&got, &expected, sizeof got) == 0);
  }
  CHECK(read > 100'000);
}

TEST_CASE("what is no number is not read as one, however much it looks like one") {
  for (const char* text : {"", "-", ".", ".5", "e5", "1e", "1e+", "1.5e-", "1..5", "1.5.5", "--1", "1-", "1e5.5", "1e5e5",
                           "0x10", "1_000", "1e999", "1e99999999999", "NaN", "+1"}) {
    CAPTURE(text);
    const std::string line = text + std::string("\n") + std::string(64, '5');
    double value;
    CHECK(read_plain_number(line.data(), line.data() + line.size(), value) == nullptr);
  }
}

TEST_CASE("a byte is found in all places where it stands, and only there") {
  std::mt19937 random(1);
  for (int i = 0; i < 1'000; ++i) {
    char bytes[64];
    for (char& byte : bytes) byte = static_cast<char>("\n\x0b\x8a\t\0\xff"[random() % 6]);
    uint64_t expected = 0;
    for (size_t at = 0; at < 64; ++at) expected |= uint64_t{bytes[at] == '\n'} << at;
    REQUIRE(byte_mask64(bytes, '\n') == expected);
    REQUIRE(byte_mask16(bytes, '\n') == (expected & 0xffff));
    REQUIRE(byte_mask8(bytes, '\n') == (expected & 0xff));
  }
}

TEST_CASE("the last space is found near the end, far from it, and where the text is short") {
  for (size_t length = 0; length <= 60; ++length) {
    const std::string none(length, static_cast<char>(' ' | 0x80));  // not quite a space
    CHECK(last_space(none.data(), none.data() + length) == nullptr);
    for (size_t at = 0; at < length; ++at) {
      std::string text = none;
      text[at] = text[at / 2] = ' ';
      CHECK(last_space(text.data(), text.data() + length) == text.data() + at);
    }
  }
}

}  // namespace
}  // namespace hearth
