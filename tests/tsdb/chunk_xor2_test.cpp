#include "tsdb/chunk_xor2.h"

#include <doctest/doctest.h>

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

struct StartedSample {
  TimeMs t;
  double v;
  TimeMs start = 0;
};

std::string encode(const std::vector<StartedSample>& samples) {
  Xor2Encoder encoder;
  for (const StartedSample& sample : samples) encoder.append(sample.t, sample.v, sample.start);
  CHECK(encoder.samples() == samples.size());
  return std::string(encoder.bytes());
}

// In memory of exactly this size, so that a sanitizer sees a read past the end.
Columns decode_exact(std::string_view bytes) {
  const auto copy = std::make_unique<char[]>(bytes.size());
  std::copy(bytes.begin(), bytes.end(), copy.get());
  Columns out;
  decode_xor2({copy.get(), bytes.size()}, out);
  return out;
}

void check_round_trip(const std::vector<StartedSample>& samples) {
  const std::string bytes = encode(samples);
  CHECK(chunk_samples(Encoding::kXor2, bytes) == samples.size());
  Columns out = decode_exact(bytes);
  REQUIRE(out.t.size() == samples.size());
  REQUIRE((out.start_t.empty() || out.start_t.size() == samples.size()));
  out.start_t.resize(samples.size());
  for (size_t i = 0; i < samples.size(); ++i) {
    CAPTURE(i);
    REQUIRE(out.t[i] == samples[i].t);
    REQUIRE(std::bit_cast<uint64_t>(out.v[i]) == std::bit_cast<uint64_t>(samples[i].v));
    REQUIRE(out.start_t[i] == samples[i].start);
  }
}

}  // namespace

TEST_CASE("an XOR2 chunk has the bytes that the format says") {
  const std::string two =
      "d00f"              // varint 1000
      "3ff0000000000000"  // 1.0
      "9875";             // uvarint 15000
  // count, no start times | second value the same: 0
  CHECK(to_hex(encode({{1000, 1}, {16000, 1}})) ==
        "0002"
        "00" +
            two + "00");
  // third, the step the same: value the same 0; the second value's bit before it
  CHECK(to_hex(encode({{1000, 1}, {16000, 1}, {31000, 1}})) ==
        "0003"
        "00" +
            two + "00");
  // a new value, 2.0: 0 | 10 1 00001 001011 11111111111 = 0101 0000 1001 0111 1111 1111 11(00 0000)
  CHECK(to_hex(encode({{1000, 1}, {16000, 1}, {31000, 2}})) ==
        "0003"
        "00" +
            two + "5097ffc0");
  // step + 1, the same value: 0 | 110 0000000000001 | 0
  CHECK(to_hex(encode({{1000, 1}, {16000, 1}, {31001, 1}})) ==
        "0003"
        "00" +
            two +
            "600080"
            "");
  // step - 1, a new value: 0 | 110 1111111111111 | 110 00001 001011 11111111111
  //  0110 1111 1111 1111 1 110 0000 1001 0111 1111 1111 11(00)
  CHECK(to_hex(encode({{1000, 1}, {16000, 1}, {30999, 2}})) ==
        "0003"
        "00" +
            two + "6fffe097ffc0");
  // step + 5000, 20 bits: 0 | 1110 00000001001110001000 | 0 = 0111 0000 0000 1001 1100 0100 0 0
  CHECK(to_hex(encode({{1000, 1}, {16000, 1}, {36000, 1}})) ==
        "0003"
        "00" +
            two + "7009c400");
  // stale, the step the same: 0 | 11111; then the value before it again: 0
  CHECK(to_hex(encode({{1000, 1}, {16000, 1}, {31000, stale_marker()}, {46000, 1}})) ==
        "0004"
        "00" +
            two + "7c");
  // stale as the second, 111, and as the third with step + 1: 110 0000000000001 | 111
  CHECK(to_hex(encode({{1000, 1}, {16000, stale_marker()}, {31001, stale_marker()}})) ==
        "0003"
        "00" +
            two + "f8003c");
}

TEST_CASE("start times have the bytes that the format says") {
  // known from the first on and the same: varint 1000 - 400 after the first sample, no more
  CHECK(to_hex(encode({{1000, 1, 400}, {16000, 1, 400}, {31000, 1, 400}})) ==
        "0003"
        "80"
        "d00f"
        "3ff0000000000000"
        "b009"
        "9875"
        "00");
  // one that appears at the third: 16000 - 15999 = 1 as varbit 10 001 after its bit
  CHECK(to_hex(encode({{1000, 1}, {16000, 1}, {31000, 1, 15999}})) ==
        "0003"
        "02"
        "d00f"
        "3ff0000000000000"
        "9875"
        "22");  // 0 | 0 | 10 001 | 0
  // from then on the change of that difference: 31000 - 30990 - 1 = 9: 110 001001
  CHECK(to_hex(encode({{1000, 1}, {16000, 1}, {31000, 1, 15999}, {46000, 1, 30990}})) ==
        "0004"
        "02"
        "d00f"
        "3ff0000000000000"
        "9875"
        "22"
        "c480");  // ... 0 | 0 110 001001
}

TEST_CASE("XOR2 keeps every bit of values, times and start times") {
  const double inf = std::numeric_limits<double>::infinity();
  check_round_trip({{1, normal_nan()},
                    {2, stale_marker()},
                    {3, inf},
                    {4, -inf},
                    {9, -0.0},
                    {10, 0.0},
                    {11, std::bit_cast<double>(~uint64_t{0})},
                    {12, stale_marker()},
                    {13, stale_marker()},
                    {14, std::bit_cast<double>(uint64_t{1} << 63 | 1)}});
  check_round_trip({{1, stale_marker()}, {2, stale_marker()}, {3, 0}, {4, 5}});
  check_round_trip({{kMinTime, 1, kMaxTime}, {0, 2, kMinTime}, {kMaxTime, 3, 1}});
  for (const int64_t border : {int64_t{1} << 12, int64_t{1} << 19, int64_t{1} << 31}) {
    for (int64_t off = -2; off <= 2; ++off) {
      for (const int64_t sign : {-1, 1}) {
        const int64_t base = int64_t{1} << 42;
        const int64_t dod = sign * (border + off);
        check_round_trip({{0, 1}, {base, 2}, {base + base + dod, 3}, {base * 4, 3}});
      }
    }
  }
}

TEST_CASE("random samples come back equal from XOR2") {
  std::mt19937_64 random(4);
  for (int round = 0; round < 300; ++round) {
    std::vector<StartedSample> samples;
    TimeMs t = static_cast<TimeMs>(random() % 2'000'000'000'000), start = 0;
    const size_t count = 1 + random() % 400;
    const auto kind = random() % 4;
    const auto starts = random() % 4;
    double counter = 0;
    for (size_t i = 0; i < count; ++i) {
      t += kind == 0 ? 15'000 : 1 + static_cast<int64_t>(random() >> (random() % 52 + 12));
      if (kind == 1) counter = static_cast<double>(random() % 1000) / 8;
      if (kind == 2) counter = std::bit_cast<double>(random());
      if (kind != 2) counter += static_cast<double>(random() % 3);
      if (starts == 1) start = t - 15'000;
      if (starts == 2 && random() % 150 == 0) start = t;
      if (starts == 3 && i == 0) start = t - 1;
      samples.push_back({t, random() % 10 == 0 ? stale_marker() : counter, start});
    }
    check_round_trip(samples);
  }
}

TEST_CASE("an XOR2 chunk without start times leaves their column empty, also beyond 127 samples") {
  Xor2Encoder encoder;
  for (int i = 0; i < 200; ++i) encoder.append(i * 1000, 1);
  CHECK(decode_exact(encoder.bytes()).start_t.empty());
  CHECK(static_cast<uint8_t>(encoder.bytes()[2]) == 127);
}

TEST_CASE("an XOR2 chunk that is cut short or damaged is an error or gives what it says") {
  std::mt19937_64 random(9);
  std::vector<StartedSample> samples;
  for (int i = 0; i < 60; ++i) {
    samples.push_back({i * 15'000 + static_cast<int64_t>(random() % 50),
                       std::bit_cast<double>(random()), i / 20 * 1000});
  }
  const std::string bytes = encode(samples);
  for (size_t length = 0; length < bytes.size(); ++length) {
    CAPTURE(length);
    CHECK_THROWS_AS(decode_exact(std::string_view(bytes).substr(0, length)), Error);
  }
  for (size_t bit = 0; bit < bytes.size() * 8; ++bit) {
    std::string damaged = bytes;
    damaged[bit / 8] = static_cast<char>(damaged[bit / 8] ^ (1 << bit % 8));
    try {
      const size_t count = decode_exact(damaged).t.size();
      CHECK(count == chunk_samples(Encoding::kXor2, damaged));
    } catch (const Error& error) {
      CHECK(error.kind() == ErrorKind::kCorrupt);
    }
  }
}
