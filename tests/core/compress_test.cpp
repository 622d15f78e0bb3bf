#include "core/compress.h"

#include <doctest/doctest.h>

#include <random>

#include "core/crc32c.h"
#include "core/error.h"

using namespace hearth;

namespace {
struct Codec {
  const char* name;
  void (*compress)(std::string_view, std::string&);
  void (*uncompress)(std::string_view, std::string&, size_t);
};
const Codec kCodecs[] = {
    {"snappy", [](std::string_view in, std::string& out) { snappy_compress(in, out); }, snappy_uncompress},
    {"zstd", [](std::string_view in, std::string& out) { zstd_compress(in, out); }, zstd_uncompress},
    {"gzip", [](std::string_view in, std::string& out) { gzip_compress(in, out); }, gzip_uncompress},
};
}  // namespace

TEST_CASE("every codec gives back what it was given") {
  std::mt19937 random(1);
  for (const Codec& codec : kCodecs) {
    for (const size_t size : {0u, 1u, 100u, 100'000u, 1'000'000u}) {
      std::string text(size, '\0');
      for (char& c : text) c = static_cast<char>(random() % 7);
      std::string packed, back;
      codec.compress(text, packed);
      codec.uncompress(packed, back, size);
      CAPTURE(codec.name);
      CAPTURE(size);
      CHECK(back == text);
      if (size > 100) CHECK_THROWS_AS(codec.uncompress(packed, back, size - 1), Error);
    }
  }
}

TEST_CASE("cut or flipped input is an error or other bytes, never a crash") {
  std::mt19937 random(2);
  for (const Codec& codec : kCodecs) {
    std::string packed, back;
    codec.compress(std::string(5000, 'a') + "bcd", packed);
    size_t refused = 0;
    for (size_t i = 0; i < packed.size(); ++i) {
      CHECK_THROWS_AS(codec.uncompress(packed.substr(0, i), back, 1 << 20), Error);
      std::string flipped = packed;
      flipped[i] = static_cast<char>(flipped[i] ^ static_cast<char>(1 + random() % 255));
      try {
        codec.uncompress(flipped, back, 1 << 20);
      } catch (const Error&) {
        ++refused;
      }
    }
    CAPTURE(codec.name);
    CHECK(refused > 0);
  }
}

TEST_CASE("gzip files of several members are read to the end") {
  std::string one, two, back;
  gzip_compress("one,", one);
  gzip_compress("two", two);
  gzip_uncompress(one + two, back, 100);
  CHECK(back == "one,two");
}

TEST_CASE("CRC-32C has the check value of its standard") {
  CHECK(crc32c("123456789") == 0xe3069283u);
  CHECK(crc32c("6789", crc32c("12345")) == 0xe3069283u);
  CHECK(crc32c("") == 0);
}

TEST_CASE("broken gzip is refused in Go's words") {
  const auto fault = [](std::string_view in) {
    std::string out;
    try {
      gzip_uncompress(in, out, 1 << 20);
    } catch (const Error& error) {
      return std::string(error.what());
    }
    return std::string("read");
  };
  std::string whole;
  gzip_compress(std::string(1000, 'a') + "some text that is not that uniform", whole);
  CHECK(fault(whole) == "read");
  CHECK(fault("") == "EOF");
  CHECK(fault("a 1\n") == "unexpected EOF");
  CHECK(fault("something else altogether") == "gzip: invalid header");
  CHECK(fault(whole.substr(0, whole.size() / 2)) == "unexpected EOF");
  CHECK(fault(whole.substr(0, whole.size() - 3)) == "unexpected EOF");
  std::string wrong = whole;
  wrong[wrong.size() - 6] ^= 1;
  CHECK(fault(wrong) == "gzip: invalid checksum");
  wrong = whole;
  wrong[12] = static_cast<char>(0xff);
  CHECK(fault(wrong).starts_with("flate: corrupt input before offset"));
  CHECK(fault(whole + "more than ten bytes") == "gzip: invalid header");
}

TEST_CASE("gzip files say truly, falsely or not at all how large they are") {
  std::string zipped, out;
  const std::string plain(100'000, 'a');
  gzip_compress(plain, zipped);
  gzip_uncompress(zipped, out, plain.size());
  CHECK(out == plain);
  gzip_compress("ab", zipped);
  gzip_uncompress(zipped, out, 2);
  CHECK(out == "ab");
  CHECK_THROWS_AS(gzip_uncompress(zipped, out, 1), Error);
  for (const char c : {'\0', '\x01', '\xff'}) {  // the size is checked with the sum
    zipped[zipped.size() - 1] = c;
    if (c == '\0') continue;
    CHECK_THROWS_AS(gzip_uncompress(zipped, out, 1 << 20), Error);
  }
}
