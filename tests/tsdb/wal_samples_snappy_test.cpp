#include "tsdb/wal_samples_snappy.h"

#include <doctest/doctest.h>

#include <memory>
#include <random>

#include "core/compress.h"
#include "tsdb/wal_record.h"

using namespace hearth;
using namespace hearth::tsdb;

namespace {

// Compresses a copy of exact size, so that a sanitizer sees a read past the end.
std::string compressed(const std::string& record) {
  const std::unique_ptr<char[]> bytes(new char[record.size()]);
  std::copy(record.begin(), record.end(), bytes.get());
  std::string out;
  snappy_compress_samples({bytes.get(), record.size()}, out);
  return out;
}

bool comes_back(const std::string& record) {
  std::string back;
  snappy_uncompress(compressed(record), back, 1 << 30);
  return back == record;
}

template <class Value>
std::string samples(size_t count, Value value) {
  SamplesRecord record;
  record.reserve(count);
  for (size_t i = 0; i < count; ++i) record.add(1000 + i * 3, 1'700'000'000'000, value(i));
  return record.take();
}

}  // namespace

TEST_CASE("records of samples come back from compression") {
  std::mt19937_64 random(1);
  for (size_t count = 0; count < 300; ++count) {
    CHECK(comes_back(samples(count, [](size_t i) { return static_cast<double>(i % 3); })));
    CHECK(comes_back(
        samples(count, [&](size_t) { return static_cast<double>(random() % 100'000); })));
    CHECK(comes_back(samples(count, [&](size_t) { return std::bit_cast<double>(random()); })));
  }
  CHECK(comes_back(
      samples(30'000, [&](size_t i) { return static_cast<double>(random() % (i + 1)); })));
  CHECK(comes_back(samples(30'000, [&](size_t) { return std::bit_cast<double>(random()); })));
}

TEST_CASE("samples of any refs and times come back from compression") {
  std::mt19937_64 random(2);
  for (int round = 0; round < 200; ++round) {
    SamplesRecord record;
    record.reserve(50);
    for (int i = 0; i < 50; ++i)
      record.add(random() >> random() % 64, static_cast<TimeMs>(random() >> random() % 64), 1.5);
    CHECK(comes_back(record.take()));
  }
}

TEST_CASE("bytes that are no record of samples come back as well") {
  std::mt19937_64 random(3);
  for (size_t length = 0; length < 400; ++length) {
    std::string bytes(length, '\0');
    CHECK(comes_back(bytes));
    for (char& c : bytes) c = static_cast<char>(random() % 256);
    CHECK(comes_back(bytes));
    for (char& c : bytes) c = static_cast<char>(0x80 | random() % 2);
    CHECK(comes_back(bytes));
  }
  CHECK(comes_back(std::string(300'000, '\xff')));
}

TEST_CASE("compression leaves little more than the library would") {
  std::mt19937_64 random(4);
  const std::string records[] = {
      samples(1000, [](size_t i) { return static_cast<double>(i * 1000 + 7 * (i % 97)); }),
      samples(1000, [](size_t i) { return i % 2 == 0 ? 0.0 : 1.0; }),
      samples(1000, [&](size_t) { return static_cast<double>(random() % 1'000'000) / 100; }),
      samples(1000,
              [&](size_t i) { return i % 3 == 0 ? 0 : static_cast<double>(random() % 5000); })};
  for (const std::string& record : records) {
    std::string of_library;
    snappy_compress(record, of_library);
    CAPTURE(record.size());
    CHECK(compressed(record).size() * 100 <= of_library.size() * 116);
  }
}
