#include "tsdb/chunk_xor.h"

#include <doctest/doctest.h>

#include <bit>
#include <limits>
#include <memory>
#include <random>

#include "core/error.h"
#include "core/sample.h"
#include "tests/tsdb/hex.h"
#include "tsdb/chunk.h"

using namespace hearth;
using namespace hearth::tsdb;

namespace {

std::string encode(const std::vector<Sample>& samples) {
  XorEncoder encoder;
  for (const Sample& sample : samples) encoder.append(sample.t, sample.v);
  return std::string(encoder.bytes());
}

// In memory of exactly this size, so that a sanitizer sees a read past the end.
void decode_exact(std::string_view bytes, Columns& out) {
  const auto copy = std::make_unique<char[]>(bytes.size());
  std::copy(bytes.begin(), bytes.end(), copy.get());
  decode_xor({copy.get(), bytes.size()}, out);
}

void check_round_trip(const std::vector<Sample>& samples) {
  const std::string bytes = encode(samples);
  CHECK(chunk_samples(Encoding::kXor, bytes) == samples.size());
  Columns out;
  decode_exact(bytes, out);
  REQUIRE(out.t.size() == samples.size());
  for (size_t i = 0; i < samples.size(); ++i) {
    CAPTURE(i);
    REQUIRE(out.t[i] == samples[i].t);
    REQUIRE(std::bit_cast<uint64_t>(out.v[i]) == std::bit_cast<uint64_t>(samples[i].v));
  }
}

}  // namespace

TEST_CASE("an XOR chunk has the bytes that the format says") {
  // count 1 | varint 1000 (zig-zag 2000) | 1.0
  CHECK(to_hex(encode({{1000, 1.0}})) ==
        "0001"
        "d00f"
        "3ff0000000000000");
  // second sample: uvarint 15000 | bit 0 for an equal value, seven bits of nothing
  CHECK(to_hex(encode({{1000, 1.0}, {16000, 1.0}})) ==
        "0002"
        "d00f"
        "3ff0000000000000"
        "9875"
        "00");
  // third: dod 0 and the value 2.0. 1.0 ^ 2.0 = 0x7ff0000000000000: lead 1, trail 52, 11
  // significant: 0 | 0, then 11 00001 001011 11111111111 = 0011 0000 1001 0111 1111 1111 11(00
  // 0000)
  CHECK(to_hex(encode({{1000, 1.0}, {16000, 1.0}, {31000, 2.0}})) ==
        "0003"
        "d00f"
        "3ff0000000000000"
        "9875"
        "3097ffc0");
  // dod 1 in 14 bits: value bit 0 | 10 00000000000001 | 0
  CHECK(to_hex(encode({{1000, 1.0}, {16000, 1.0}, {31001, 1.0}})) ==
        "0003"
        "d00f"
        "3ff0000000000000"
        "9875"
        "400080");
  // dod -1: 10 11111111111111 | 0
  CHECK(to_hex(encode({{1000, 1.0}, {16000, 1.0}, {30999, 1.0}})) ==
        "0003"
        "d00f"
        "3ff0000000000000"
        "9875"
        "5fff80");
}

TEST_CASE("every class of delta survives at its borders") {
  for (const int64_t border :
       {int64_t{1} << 13, int64_t{1} << 16, int64_t{1} << 19, int64_t{1} << 31, int64_t{1} << 40}) {
    for (int64_t off = -2; off <= 2; ++off) {
      for (const int64_t sign : {-1, 1}) {
        CAPTURE(border);
        CAPTURE(off);
        const int64_t base = int64_t{1} << 42;
        const int64_t dod = sign * (border + off);
        check_round_trip({{0, 1}, {base, 2}, {base + base + dod, 3}, {base * 4, 3}});
      }
    }
  }
}

TEST_CASE("special values keep every bit") {
  const double inf = std::numeric_limits<double>::infinity();
  check_round_trip({{1, normal_nan()},
                    {2, stale_marker()},
                    {3, inf},
                    {4, -inf},
                    {5, -0.0},
                    {6, 0.0},
                    {7, std::bit_cast<double>(uint64_t{1})},
                    {8, std::bit_cast<double>(~uint64_t{0})},
                    {9, std::bit_cast<double>(uint64_t{1} << 63 | 1)},
                    {10, stale_marker()},
                    {11, stale_marker()}});
}

TEST_CASE("extreme times wrap around as in Go and come back") {
  check_round_trip({{kMinTime, 1}, {kMaxTime, 2}});
  check_round_trip({{kMinTime, 1}, {0, 2}, {kMaxTime, 3}});
  check_round_trip({{-5, 1}, {-4, 1}, {3, 1}});
}

TEST_CASE("random samples come back equal") {
  std::mt19937_64 random(20261122);
  for (int round = 0; round < 300; ++round) {
    std::vector<Sample> samples;
    int64_t t = static_cast<int64_t>(random() % 2'000'000'000'000);
    const size_t count = 1 + random() % 240;
    const unsigned kind = static_cast<unsigned>(random() % 5);
    double counter = 0;
    for (size_t i = 0; i < count; ++i) {
      t += kind == 0 ? 15'000 : 1 + static_cast<int64_t>(random() >> (random() % 52 + 12));
      switch (kind) {
        case 0:
          counter += static_cast<double>(random() % 100);
          break;
        case 1:
          counter = static_cast<double>(random() % 1000) / 8;
          break;
        case 2:
          counter = std::bit_cast<double>(random());
          break;
        case 3:
          counter = random() % 4 == 0 ? stale_marker() : counter + 1;
          break;
        default:
          break;
      }
      samples.push_back({t, counter});
    }
    check_round_trip(samples);
  }
}

TEST_CASE("a truncated payload is an error at every length, or never more than its samples") {
  std::mt19937_64 random(7);
  std::vector<Sample> samples;
  for (int i = 0; i < 40; ++i) {
    samples.push_back(
        {i * 15'000 + static_cast<int64_t>(random() % 50), std::bit_cast<double>(random())});
  }
  const std::string bytes = encode(samples);
  for (size_t length = 0; length < bytes.size(); ++length) {
    Columns out;
    CAPTURE(length);
    CHECK_THROWS_AS(decode_exact(std::string_view(bytes).substr(0, length), out), Error);
  }
}

TEST_CASE("a payload with flipped bits gives an error or as many samples as it says") {
  std::mt19937_64 random(8);
  std::vector<Sample> samples;
  for (int i = 0; i < 100; ++i)
    samples.push_back({i * 15'000, static_cast<double>(random() % 1000)});
  const std::string bytes = encode(samples);
  for (size_t bit = 0; bit < bytes.size() * 8; ++bit) {
    std::string damaged = bytes;
    damaged[bit / 8] = static_cast<char>(damaged[bit / 8] ^ (1 << bit % 8));
    Columns out;
    try {
      decode_exact(damaged, out);
      CHECK(out.t.size() == chunk_samples(Encoding::kXor, damaged));
    } catch (const Error& error) {
      CHECK(error.kind() == ErrorKind::kCorrupt);
    }
  }
}

TEST_CASE("decoding a chunk keeps what lies in the range and appends to the columns") {
  const std::string bytes = encode({{10, 1}, {20, 2}, {30, 3}, {40, 4}});
  Columns out;
  decode_chunk(Encoding::kXor, bytes, {20, 30}, out);
  decode_chunk(Encoding::kXor, bytes, {35, 100}, out);
  decode_chunk(Encoding::kXor, bytes, {50, 100}, out);
  CHECK(out.t == std::vector<TimeMs>{20, 30, 40});
  CHECK(out.v == std::vector<double>{2, 3, 4});
}

TEST_CASE("an unknown encoding is refused") {
  Columns out;
  CHECK_THROWS_WITH_AS(decode_chunk(Encoding{9}, "\0\1", {}, out), "invalid chunk encoding 9",
                       Error);
}

TEST_CASE("a chunk that was decoded goes on as if its encoder had stayed") {
  std::mt19937_64 random(7);
  const auto next = [&random](Sample& sample) {
    sample.t += random() % 4 == 0 ? static_cast<TimeMs>(random() % 100'000) + 1 : 15'000;
    if (random() % 3 == 0) sample.v = std::bit_cast<double>(random());
    if (random() % 3 == 1) sample.v += 1;
  };
  for (size_t count = 0; count < 120; ++count) {
    CAPTURE(count);
    XorEncoder encoder;
    Sample sample{1'700'000'000'000, 1};
    for (size_t i = 0; i < count; ++i, next(sample)) encoder.append(sample.t, sample.v);
    std::string bytes(encoder.bytes());
    Columns out;
    const XorEnd end = decode_xor(bytes + "more", out);
    REQUIRE(end.bytes == bytes.size());
    REQUIRE(end.state.samples == count);

    XorState state = end.state;
    uint8_t buffer[kXorSampleBuffer] = {};
    if (state.bit != 0) {
      buffer[0] = static_cast<uint8_t>(bytes.back());
      bytes.pop_back();
    }
    const size_t length = encode_xor_sample(state, sample.t, std::bit_cast<uint64_t>(sample.v), buffer);
    bytes.append(reinterpret_cast<const char*>(buffer), length);
    encoder.append(sample.t, sample.v);
    REQUIRE(to_hex(bytes.substr(kXorHeaderBytes)) == to_hex(encoder.bytes().substr(kXorHeaderBytes)));
  }
}
