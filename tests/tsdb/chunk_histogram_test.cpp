#include "tsdb/chunk_histogram.h"

#include <doctest/doctest.h>

#include <fstream>
#include <memory>
#include <sstream>

#include "core/crc32c.h"
#include "core/error.h"
#include "tests/tsdb/hex.h"
#include "tests/tsdb/histograms.h"

using namespace hearth;
using namespace hearth::tsdb;

namespace {

// In memory of exactly this size, so that a sanitizer sees a read past the end.
Columns decode(Encoding encoding, std::string_view bytes, TimeRange range = {}) {
  const auto copy = std::make_unique<char[]>(bytes.size());
  std::copy(bytes.begin(), bytes.end(), copy.get());
  Columns out;
  decode_histograms(encoding, {copy.get(), bytes.size()}, range, out);
  return out;
}
Columns decode(const HistogramEncoder& encoder) {
  return decode(encoder.encoding(), encoder.bytes());
}

uint8_t header(const HistogramEncoder& encoder) { return static_cast<uint8_t>(encoder.bytes()[2]); }

FloatHistogram as_floats(FloatHistogram h) {
  h.integer = false;
  return h;
}
FloatHistogram as_gauge(FloatHistogram h) {
  h.counter_reset_hint = CounterResetHint::kGauge;
  return h;
}

}  // namespace

TEST_CASE("random histograms come back equal, in as many chunks as the encoder asks for") {
  for (const bool with_starts : {false, true}) {
    for (uint64_t seed = 0; seed < 200; ++seed) {
      CAPTURE(seed);
      RandomHistograms random(seed);
      std::mt19937_64 times(seed);
      std::vector<FloatHistogram> want;
      std::vector<TimeMs> want_t, want_start;
      Columns got;
      HistogramEncoder encoder(with_starts);
      const auto seal = [&] { decode_histograms(encoder.encoding(), encoder.bytes(), {}, got); };
      TimeMs t = static_cast<TimeMs>(times() % 1'000'000) - 1000, start = 0;
      for (int i = 0; i < 150; ++i) {
        const FloatHistogram h = random.next();
        t += seed % 2 == 0 ? 15'000 : 1 + static_cast<TimeMs>(times() % 20'000);
        if (times() % (seed % 3 == 0 ? 4 : 50) == 0) start = t - 5;
        if (seed % 5 == 0) start = 0;
        if (i == 0) {
          encoder.begin(t, h, nullptr, start);
        } else if (!encoder.append(t, h, start)) {
          seal();
          const FloatHistogram last = encoder.last();
          encoder.begin(t, h, &last, start);
        }
        want.push_back(h);
        want_t.push_back(t);
        want_start.push_back(with_starts ? start : 0);
        REQUIRE(encoder.last_time() == t);
        REQUIRE(histogram_difference(encoder.last(), h) == "");
      }
      seal();
      REQUIRE(got.histogram_t == want_t);
      got.histogram_start_t.resize(want_t.size());
      REQUIRE(got.histogram_start_t == want_start);
      for (size_t i = 0; i < want.size(); ++i) {
        CAPTURE(i);
        REQUIRE(histogram_difference(got.histograms[i], want[i]) == "");
      }
    }
  }
}

TEST_CASE("a chunk of integers has the bytes that the format says") {
  // n 1 | flags | threshold 2^-128: 243 - 127 | schema 0: 0 | one span: 10 001, length 2: 10 010,
  // offset 0: 0 | no negative spans: 0 | t 1000: 11110 001111101000 | count 3: 10 011 |
  // zero count 1: 10 001 | sum 1.0 | buckets 1, 1: 10 001 0
  FloatHistogram h = make_histogram({{0, 1}, {1, 1}}, {}, 1);
  h.sum = 1;
  HistogramEncoder encoder;
  encoder.begin(1000, h, nullptr);
  CHECK(encoder.encoding() == Encoding::kHistogram);
  //  0 10001 10 | 010 0 0 111 | 10 001111 | 101000 10 | 011 10001 | 1.0 | 10001 0 00
  CHECK(to_hex(encoder.bytes()) ==
        "0001"
        "00"
        "74"
        "46"
        "47"
        "8f"
        "a2"
        "71"
        "3ff0000000000000"
        "88");

  // dod of t 1000: 1110... no: 11110 001111101000 | count + 1: 10 001 | zero 0: 0 | sum same: 0 |
  // first bucket + 1: 10 001, second: its step fell by 1: 10 111
  h.positive_buckets = {2, 1};
  h.count = 4;
  REQUIRE(encoder.append(2000, h));
  //  10001 0 11 | 11000111 | 1101000 1 | 0001 0 0 10 | 001 10111
  CHECK(to_hex(encoder.bytes()) ==
        "0002"
        "00"
        "74"
        "46"
        "47"
        "8f"
        "a2"
        "71"
        "3ff0000000000000"
        "8b"
        "c7"
        "d1"
        "12"
        "37");
}

TEST_CASE("a chunk of floats has the bytes that the format says") {
  // as above, t; then three doubles and one for each bucket
  FloatHistogram h = as_floats(make_histogram({{0, 1}}, {}, 0.5));
  h.zero_threshold = 0.001;  // takes nine bytes
  h.sum = 2;
  HistogramEncoder encoder;
  encoder.begin(0, h, nullptr);
  CHECK(encoder.encoding() == Encoding::kFloatHistogram);
  // schema 0 | 10001 10001 0 | 0 | t 0 : 0 1000110 | 0010 0 0 . .
  CHECK(to_hex(encoder.bytes().substr(0, 13)) ==
        "0001"
        "00"
        "ff"
        "3f50624dd2f1a9fc"
        "46");
  CHECK(encoder.bytes().size() == 13 + 1 + 4 * 8);
}

TEST_CASE("chunks have the bytes that a Prometheus wrote of the same histograms") {
  struct Chunk {
    uint64_t seed;
    size_t samples, encoding, bytes;
    uint32_t crc;
  };
  std::vector<Chunk> chunks;
  std::ifstream file(HEARTH_SOURCE_DIR "/tests/tsdb/prometheus_histogram_chunks.txt");
  for (std::string line; std::getline(file, line);) {
    if (line.starts_with('#')) continue;
    Chunk chunk{};
    std::istringstream in(line);
    in >> chunk.seed >> chunk.samples >> chunk.encoding >> chunk.bytes >> std::hex >> chunk.crc;
    REQUIRE(in);
    chunks.push_back(chunk);
  }
  REQUIRE(chunks.size() > 300);

  for (size_t c = 0; c < chunks.size();) {
    const uint64_t seed = chunks[c].seed;
    CAPTURE(seed);
    RandomHistograms random(seed);
    std::mt19937_64 times(seed);
    TimeMs t = 1'700'000'000'000;
    HistogramEncoder encoder;
    size_t position = 0;
    for (const size_t first = c; c < chunks.size() && chunks[c].seed == seed; ++c) {
      const bool anew = c == first || c + 1 == chunks.size() || chunks[c + 1].seed != seed;
      CAPTURE(position);
      for (size_t i = 0; i < chunks[c].samples; ++i, ++position) {
        const FloatHistogram h = random.next();
        t += seed % 2 == 0 ? 15'000 : 1 + static_cast<TimeMs>(times() % 20'000);
        if (i == 0) {
          encoder.begin(t, h, anew ? nullptr : &encoder.last());
        } else {
          REQUIRE(encoder.append(t, h));
        }
      }
      REQUIRE(static_cast<size_t>(encoder.encoding()) == chunks[c].encoding);
      REQUIRE(encoder.bytes().size() == chunks[c].bytes);
      REQUIRE(crc32c(encoder.bytes()) == chunks[c].crc);
    }
  }
}

TEST_CASE("zero thresholds and custom bounds keep every bit") {
  for (const double threshold : {0.0, 0x1p-243, 0x1p-244, 0x1p-128, 1.0, 1024.0, 2048.0, 0.1}) {
    CAPTURE(threshold);
    FloatHistogram h = make_histogram({{3, 1}});
    h.zero_threshold = threshold;
    HistogramEncoder encoder;
    encoder.begin(1, h, nullptr);
    CHECK(decode(encoder).histograms.at(0).zero_threshold == threshold);
  }
  const std::vector<double> bounds{-5,  0,         0.001,      0.005, 0.0005,
                                   1.1, 33'554.43, 33'554.431, 1e300, 33'554.4305};
  HistogramEncoder encoder;
  encoder.begin(1, make_custom_histogram(bounds, std::vector<double>(bounds.size() + 1, 2)),
                nullptr);
  CHECK(decode(encoder).histograms.at(0).custom_values == bounds);
}

TEST_CASE("new buckets widen the chunk and all that is in it") {
  for (const bool floats : {false, true}) {
    const auto kind = [&](FloatHistogram h) { return floats ? as_floats(h) : h; };
    HistogramEncoder encoder;
    const FloatHistogram first = kind(make_histogram({{2, 5}, {3, 1}}, {{-4, 7}}, 2));
    const FloatHistogram second =
        kind(make_histogram({{0, 1}, {2, 5}, {3, 2}, {9, 3}}, {{-4, 7}}, 2));
    const FloatHistogram third =
        kind(make_histogram({{0, 1}, {2, 6}, {3, 2}, {9, 3}, {10, 1}}, {{-4, 8}, {1, 1}}, 2));
    encoder.begin(10, first, nullptr);
    REQUIRE(encoder.append(20, second));
    REQUIRE(encoder.append(30, third));
    CHECK(encoder.samples() == 3);
    const Columns got = decode(encoder);
    REQUIRE(got.histogram_t == std::vector<TimeMs>{10, 20, 30});
    CHECK(histogram_difference(got.histograms[0], first) == "");
    CHECK(histogram_difference(got.histograms[1], second) == "");
    CHECK(histogram_difference(got.histograms[2], third) == "");
    CHECK(got.histograms[0].positive_spans == third.positive_spans);
  }
}

TEST_CASE("buckets that are missing fit where they were empty, else it is a reset") {
  HistogramEncoder encoder;
  encoder.begin(10, make_histogram({{1, 0}, {2, 5}, {7, 0}}), nullptr);
  REQUIRE(encoder.append(20, make_histogram({{2, 6}})));
  REQUIRE(encoder.append(30, make_histogram({{2, 6}, {4, 1}})));  // both ways at once
  CHECK(encoder.last().positive_spans == std::vector<HistogramSpan>{{1, 2}, {1, 1}, {2, 1}});
  const Columns got = decode(encoder);
  CHECK(histogram_difference(got.histograms.at(1), make_histogram({{2, 6}})) == "");
  CHECK(histogram_difference(got.histograms.at(2), make_histogram({{2, 6}, {4, 1}})) == "");

  const std::string before(encoder.bytes());
  CHECK_FALSE(encoder.append(40, make_histogram({{4, 1}, {5, 100}})));
  CHECK(encoder.bytes() == before);
  CHECK(encoder.last_time() == 30);
}

TEST_CASE("a chunk ends where Prometheus ends it, and the next says why") {
  const FloatHistogram base = make_histogram({{2, 5}, {3, 4}}, {{1, 2}}, 3);
  const FloatHistogram custom = make_custom_histogram({1, 2}, {1, 2, 3});
  struct Case {
    const char* what;
    FloatHistogram first, second;
    bool fits;
    uint8_t header;  // of the next chunk, for integers
    uint8_t header_floats;
  };
  const auto with = [](FloatHistogram h, auto&& change) {
    change(h);
    return h;
  };
  const FloatHistogram more = make_histogram({{2, 5}, {3, 5}}, {{1, 2}}, 3);
  const Case cases[] = {
      {"the same", base, base, true, 0x40, 0x40},
      {"more", base, more, true, 0x40, 0x40},
      {"fewer in all", base, with(base, [](auto& h) { h.count = 1; }), false, 0x80, 0x80},
      {"fewer zeros", base, with(more, [](auto& h) { h.zero_count = 2; }), false, 0x80, 0x80},
      {"a bucket fell", base,
       with(more,
            [](auto& h) {
              h.positive_buckets = {6, 3};
            }),
       false, 0x80, 0x80},
      {"a bucket is gone", base, make_histogram({{2, 50}}, {{1, 2}}, 3), false, 0x80, 0x80},
      {"a negative bucket fell", base, make_histogram({{2, 50}, {3, 4}}, {{1, 1}}, 3), false, 0x80,
       0x80},
      {"another schema", base, with(more, [](auto& h) { h.schema = 3; }), false, 0x00, 0x00},
      {"another zero threshold", base, with(more, [](auto& h) { h.zero_threshold = 1; }), false,
       0x00, 0x00},
      {"other bounds", custom, make_custom_histogram({1, 3}, {10, 20, 30}), false, 0x80, 0x80},
      {"the same bounds", custom, make_custom_histogram({1, 2}, {10, 20, 30}), true, 0x40, 0x40},
      {"custom after exponential", base, make_custom_histogram({1, 3}, {10, 20, 30}), false, 0x00,
       0x00},
      {"told to be a reset", base,
       with(more, [](auto& h) { h.counter_reset_hint = CounterResetHint::kReset; }), false, 0x80,
       0x80},
      {"a stale marker", base, make_stale_histogram(), true, 0x40, 0x40},
      {"a stale marker after one", make_stale_histogram(), make_stale_histogram(), true, 0x40,
       0x40},
      {"after a stale marker", make_stale_histogram(), base, false, 0x00, 0x00},
      {"a gauge after a counter", base, as_gauge(base), false, 0xc0, 0xc0},
      {"a counter after a gauge", as_gauge(base), base, false, 0x40, 0x00},
      {"a gauge after a gauge", as_gauge(base), as_gauge(make_histogram({{1, 1}})), true, 0xc0,
       0xc0},
      {"a stale marker in a gauge", as_gauge(base), make_stale_histogram(), false, 0x40, 0x00},
  };
  for (const Case& c : cases) {
    for (const bool floats : {false, true}) {
      CAPTURE(c.what);
      CAPTURE(floats);
      const auto kind = [&](FloatHistogram h) {
        h.integer = !floats;
        return h;
      };
      HistogramEncoder encoder;
      encoder.begin(10, kind(c.first), nullptr);
      const FloatHistogram last = encoder.last();
      CHECK(encoder.append(20, kind(c.second)) == c.fits);
      HistogramEncoder next;
      next.begin(20, kind(c.second), &last);
      CHECK(static_cast<int>(header(next)) == (floats ? c.header_floats : c.header));
    }
  }
  SUBCASE("floats do not follow integers") {
    HistogramEncoder encoder;
    encoder.begin(10, base, nullptr);
    CHECK_FALSE(encoder.append(20, as_floats(base)));
    HistogramEncoder next;
    next.begin(20, as_floats(base), &encoder.last());
    CHECK(header(next) == 0x00);
  }
}

TEST_CASE("a gauge chunk takes buckets that come, go and fall") {
  HistogramEncoder encoder;
  const FloatHistogram first = as_gauge(make_histogram({{2, 5}, {3, 4}}));
  const FloatHistogram second = as_gauge(make_histogram({{3, 1}, {6, 2}}, {{0, 1}}));
  const FloatHistogram third = as_gauge(make_histogram({}));
  encoder.begin(10, first, nullptr);
  REQUIRE(encoder.append(20, second));
  REQUIRE(encoder.append(30, third));
  const Columns got = decode(encoder);
  CHECK(histogram_difference(got.histograms.at(0), first) == "");
  CHECK(histogram_difference(got.histograms.at(1), second) == "");
  CHECK(histogram_difference(got.histograms.at(2), third) == "");
  for (const FloatHistogram& h : got.histograms)
    CHECK(h.counter_reset_hint == CounterResetHint::kGauge);
}

TEST_CASE("the first histogram of a chunk is not known to be no reset, the others are") {
  HistogramEncoder encoder;
  FloatHistogram h = make_histogram({{2, 5}});
  h.counter_reset_hint = CounterResetHint::kReset;
  encoder.begin(10, h, nullptr);
  CHECK(header(encoder) == 0x80);
  REQUIRE(encoder.append(20, make_histogram({{2, 6}})));
  REQUIRE(encoder.append(30, make_stale_histogram()));
  const Columns got = decode(encoder);
  CHECK(got.histograms.at(0).counter_reset_hint == CounterResetHint::kUnknown);
  CHECK(got.histograms.at(1).counter_reset_hint == CounterResetHint::kNotReset);
  CHECK(got.histograms.at(2).counter_reset_hint == CounterResetHint::kUnknown);
}

TEST_CASE("only histograms in the range are decoded") {
  HistogramEncoder encoder;
  encoder.begin(10, make_histogram({{2, 1}}), nullptr);
  for (int i = 2; i <= 9; ++i) REQUIRE(encoder.append(i * 10, make_histogram({{2, i * 1.0}})));
  const Columns got = decode(encoder.encoding(), encoder.bytes(), {25, 50});
  CHECK(got.histogram_t == std::vector<TimeMs>{30, 40, 50});
  CHECK(got.histograms.at(0).count == 3);
}

TEST_CASE("counts beyond what a double can say do not stop the encoder") {
  HistogramEncoder encoder;
  FloatHistogram h = make_histogram({{0, 0x1p60}, {1, 0x1p63}});
  h.count = 0x1p64;  // fits into nothing
  encoder.begin(kMinTime, h, nullptr);
  h.positive_buckets = {0x1p70, std::numeric_limits<double>::infinity()};
  h.count = std::numeric_limits<double>::infinity();
  REQUIRE(encoder.append(kMaxTime, h));
  const Columns got = decode(encoder);
  CHECK(got.histogram_t == std::vector<TimeMs>{kMinTime, kMaxTime});
}

// ---- damage ------------------------------------------------------------------------------------

TEST_CASE("a histogram chunk that is cut short or damaged is an error or gives what it says") {
  for (uint64_t seed = 0; seed < 12; ++seed) {
    RandomHistograms random(seed);
    HistogramEncoder encoder(seed % 3 == 0);
    encoder.begin(1000, random.next(), nullptr, 5);
    for (int i = 2; i < 40 && encoder.append(i * 1000, random.next(), i * 7); ++i) continue;
    const std::string bytes(encoder.bytes());
    const size_t samples = encoder.samples();
    for (size_t length = 0; length < bytes.size(); ++length) {
      CAPTURE(length);
      CHECK_THROWS_AS(decode(encoder.encoding(), std::string_view(bytes).substr(0, length)), Error);
    }
    for (size_t bit = 16; bit < bytes.size() * 8; ++bit) {
      std::string damaged = bytes;
      damaged[bit / 8] = static_cast<char>(damaged[bit / 8] ^ (1 << bit % 8));
      try {
        const size_t count = decode(encoder.encoding(), damaged).histograms.size();
        CHECK(count == samples);
      } catch (const Error& error) {
        const bool unknown = error.kind() == ErrorKind::kExecution;
        CHECK((unknown || error.kind() == ErrorKind::kCorrupt));
      }
    }
  }
}

TEST_CASE("a chunk that claims what no histogram has is refused before it takes memory") {
  BitBuffer spans(kHistogramHeaderBytes);
  spans.set_byte(0, 0xff);
  spans.set_byte(1, 0xff);  // samples
  spans.write(0, 8);        // zero threshold
  write_varbit_int(spans, 0);
  SUBCASE("a span of 2^32 - 1 buckets") {
    write_varbit_uint(spans, 1);
    write_varbit_uint(spans, 0xffffffff);
    write_varbit_int(spans, 0);
  }
  SUBCASE("2^60 spans") { write_varbit_uint(spans, uint64_t{1} << 60); }
  SUBCASE("60,000 empty spans, again in each of 65,535 samples") {
    write_varbit_uint(spans, 60'000);
    for (int i = 0; i < 60'000 * 2; ++i) spans.write(0, 1);
  }
  SUBCASE("spans that overlap") {
    write_varbit_uint(spans, 2);
    for (const int64_t offset : {5, -3}) {
      write_varbit_uint(spans, 2);
      write_varbit_int(spans, offset);
    }
  }
  SUBCASE("buckets beyond all numbers") {
    write_varbit_uint(spans, 1);
    write_varbit_uint(spans, 1);
    write_varbit_int(spans, std::numeric_limits<int32_t>::min());
  }
  SUBCASE("more samples than bits") {
    write_varbit_uint(spans, 0);
    write_varbit_uint(spans, 0);
  }
  for (const Encoding encoding : {Encoding::kHistogram, Encoding::kFloatHistogram}) {
    std::string bytes(spans.bytes());
    bytes.resize(bytes.size() + 1000);
    CHECK_THROWS_AS(decode(encoding, bytes), Error);
  }
}
