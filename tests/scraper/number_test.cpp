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
    if (random() % 8 == 0) text += random() % 2 == 0 ? "e+05" : "x";
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
