#include "tsdb/wal.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <random>
#include <thread>

#include "core/error.h"
#include "core/file.h"
#include "core/log.h"
#include "tests/tsdb/hex.h"
#include "tsdb/wal_reader.h"

using namespace hearth;
using namespace hearth::tsdb;

namespace {

constexpr size_t kSegmentBytes = 4 * kWalPageBytes;

// The records of a segment's bytes until it ends or is corrupt.
std::vector<std::string> records_of(std::string_view bytes, WalReader::Outcome* end = nullptr) {
  std::vector<std::string> records;
  WalReader reader(bytes);
  WalReader::Outcome outcome;
  while ((outcome = reader.next()) == WalReader::Outcome::kRecord) {
    records.emplace_back(reader.record());
  }
  if (end != nullptr) *end = outcome;
  return records;
}

std::vector<std::string> records_in(const std::string& dir) {
  std::vector<std::string> records;
  for (const uint32_t segment : wal_segments(dir)) {
    WalReader::Outcome end;
    for (std::string& record : records_of(read_file(wal_segment_path(dir, segment)), &end)) {
      records.push_back(std::move(record));
    }
    CHECK(end == WalReader::Outcome::kEnd);
  }
  return records;
}

std::string random_text(std::mt19937_64& random, size_t length) {
  std::string text(length, '\0');
  for (char& c : text) c = static_cast<char>(random() % 256);
  return text;
}

// The bytes of one segment with these records.
std::string segment_of(const std::vector<std::string>& records, WalCompression compression) {
  TempDir dir;
  WalWriter writer(dir.path(), 0, 100 * kSegmentBytes);
  for (const std::string& record : records) writer.add(make_wal_record(record, compression));
  writer.flush();
  return read_file(wal_segment_path(dir.path(), 0));
}

}  // namespace

TEST_CASE("a record has the bytes that the format says") {
  // type full | length 9 | CRC-32C of "123456789" | data
  CHECK(to_hex(segment_of({"123456789"}, WalCompression::kNone)) ==
        "01"
        "0009"
        "e3069283"
        "313233343536373839");
  // a page with 5 bytes left is filled up with zeros; with 7 left it takes an empty first fragment
  const std::string padded =
      segment_of({std::string(kWalPageBytes - 7 - 5, 'x'), "123456789"}, WalCompression::kNone);
  CHECK(to_hex(std::string_view(padded).substr(kWalPageBytes - 5)) ==
        "0000000000"
        "01"
        "0009"
        "e3069283"
        "313233343536373839");
  const std::string split =
      segment_of({std::string(kWalPageBytes - 14, 'x'), "123456789"}, WalCompression::kNone);
  CHECK(to_hex(std::string_view(split).substr(kWalPageBytes - 7)) ==
        "02"
        "0000"
        "00000000"
        "04"
        "0009"
        "e3069283"
        "313233343536373839");
}

TEST_CASE("records of every length around a page's border come back") {
  std::mt19937_64 random(1);
  for (const size_t page : {size_t{1}, size_t{2}, size_t{3}}) {
    for (size_t off = 0; off < 40; ++off) {
      const std::vector<std::string> records = {
          random_text(random, page * kWalPageBytes - 20 - off), random_text(random, 5),
          random_text(random, kWalPageBytes - 7), random_text(random, off)};
      CAPTURE(page);
      CAPTURE(off);
      WalReader::Outcome end;
      CHECK(records_of(segment_of(records, WalCompression::kNone), &end) == records);
      CHECK(end == WalReader::Outcome::kEnd);
    }
  }
}

TEST_CASE("compressed records come back, and are only compressed where that is smaller") {
  std::mt19937_64 random(2);
  const std::vector<std::string> records = {std::string(100'000, 'a'), random_text(random, 1000),
                                            "b"};
  for (const WalCompression compression : {WalCompression::kSnappy, WalCompression::kZstd}) {
    const std::string bytes = segment_of(records, compression);
    CHECK(bytes.size() < 10'000);
    CHECK(records_of(bytes) == records);
    CHECK(make_wal_record(records[1], compression).flag == 0);
  }
}

TEST_CASE("a segment torn at any byte of its last record gives the records before it") {
  std::mt19937_64 random(3);
  const std::vector<std::string> records = {
      random_text(random, 100), random_text(random, kWalPageBytes), random_text(random, 300) + "x"};
  const std::string before = segment_of({records[0], records[1]}, WalCompression::kNone);
  const std::string all = segment_of(records, WalCompression::kNone);
  for (size_t length = before.size() + 1; length < all.size(); ++length) {
    CAPTURE(length);
    WalReader::Outcome end;
    const std::vector<std::string> found =
        records_of(std::string_view(all).substr(0, length), &end);
    if (length == before.size() + 1) {
      // A lone type byte and zeros read as a record of nothing, for Prometheus too.
      REQUIRE(found.size() == 3);
      CHECK(found[2].empty());
      continue;
    }
    REQUIRE(found.size() == 2);
    CHECK(end == WalReader::Outcome::kCorrupt);
  }
}

TEST_CASE("a flipped bit in data, length or checksum never gives a record that was not written") {
  std::mt19937_64 random(4);
  const std::vector<std::string> records = {random_text(random, 40), std::string(200, 'a'),
                                            random_text(random, 50)};
  for (const WalCompression compression : {WalCompression::kNone, WalCompression::kSnappy}) {
    const std::string bytes = segment_of(records, compression);
    const size_t second = kWalHeaderBytes + make_wal_record(records[0], compression).bytes.size();
    const size_t third =
        second + kWalHeaderBytes + make_wal_record(records[1], compression).bytes.size();
    for (size_t bit = 0; bit < bytes.size() * 8; ++bit) {
      // The format does not protect the byte that says how a record is compressed.
      if (bit / 8 == 0 || bit / 8 == second || bit / 8 == third) continue;
      std::string damaged = bytes;
      damaged[bit / 8] = static_cast<char>(damaged[bit / 8] ^ (1 << bit % 8));
      const std::vector<std::string> found = records_of(damaged);
      CAPTURE(bit);
      REQUIRE(found.size() <= records.size());
      for (size_t i = 0; i < found.size(); ++i) CHECK(found[i] == records[i]);
    }
  }
}

TEST_CASE("random bytes are read without harm") {
  std::mt19937_64 random(5);
  for (int round = 0; round < 300; ++round) {
    const std::string bytes = random_text(random, random() % 70'000);
    WalReader::Outcome end;
    CHECK(records_of(bytes, &end).empty());
    CHECK((bytes.empty() || bytes[0] == 0 || end == WalReader::Outcome::kCorrupt));
  }
}

TEST_CASE("records never cross a segment, and segments follow each other") {
  TempDir dir;
  Registry registry;
  std::mt19937_64 random(6);
  std::vector<std::string> records;
  {
    Wal wal(dir.path(), 7, kSegmentBytes, registry);
    for (int i = 0; i < 60; ++i) {
      records.push_back(random_text(random, 1 + random() % 30'000));
      wal.append(std::vector<WalRecord>{{records.back(), 0}});
    }
    records.push_back(random_text(random, 2 * kSegmentBytes));  // larger than a segment
    wal.append(std::vector<WalRecord>{{records.back(), 0}});
    CHECK(wal.segment() == wal_segments(dir.path()).back());
  }
  CHECK(records_in(dir.path()) == records);
  const std::vector<uint32_t> segments = wal_segments(dir.path());
  CHECK(segments.front() == 7);
  CHECK(segments.size() > 5);
  for (size_t i = 0; i + 2 < segments.size(); ++i) {
    CHECK(read_file(wal_segment_path(dir.path(), segments[i])).size() <= kSegmentBytes);
  }
}

TEST_CASE("those who append at the same time all get their records in, each in its order") {
  TempDir dir;
  Registry registry;
  constexpr int kThreads = 4;
  constexpr int kRecords = 300;
  {
    Wal wal(dir.path(), 0, kSegmentBytes, registry);
    std::vector<std::thread> threads;
    for (int t = 0; t < kThreads; ++t) {
      threads.emplace_back([&wal, t] {
        for (int i = 0; i < kRecords; ++i) {
          const std::string text = std::to_string(t) + ":" + std::to_string(i);
          wal.append(std::vector<WalRecord>{{text, 0}, {text + "b", 0}});
          if (i % 100 == 50) wal.next_segment();
        }
      });
    }
    for (std::thread& thread : threads) thread.join();
  }
  const std::vector<std::string> records = records_in(dir.path());
  CHECK(records.size() == 2 * kThreads * kRecords);
  std::vector<int> next(kThreads, 0);
  for (size_t i = 0; i + 1 < records.size(); i += 2) {
    const int t = records[i][0] - '0';
    CHECK(records[i] == std::to_string(t) + ":" + std::to_string(next[static_cast<size_t>(t)]++));
    CHECK(records[i + 1] == records[i] + "b");
  }
}

TEST_CASE("a failed write leaves nothing behind, and the next one starts a new segment") {
  TempDir dir;
  Registry registry;
  {
    Wal wal(dir.path(), 0, kSegmentBytes, registry);
    wal.append(std::vector<WalRecord>{{"one", 0}});
    set_file_hook([](FileOp op, const std::string&, size_t* bytes) {
      if (op != FileOp::kWrite) return;
      *bytes /= 2;
      throw Error(ErrorKind::kIo, "no space left on device");
    });
    for (int i = 0; i < 5; ++i) {
      CHECK_THROWS_AS(wal.append(std::vector<WalRecord>{{"two", 0}}), Error);
    }
    set_file_hook({});
    wal.append(std::vector<WalRecord>{{"three", 0}});
    CHECK(wal.segment() == 1);
  }
  CHECK(records_in(dir.path()) == std::vector<std::string>{"one", "three"});
  CHECK(registry.text().find("prometheus_tsdb_wal_writes_failed_total 5") != std::string::npos);
}

TEST_CASE("a failed write that cannot be taken back at once is taken back before the next one") {
  TempDir dir;
  Registry registry;
  set_log_level(LogLevel::kError);
  set_log_sink([](std::string_view) {});
  {
    Wal wal(dir.path(), 0, kSegmentBytes, registry);
    wal.append(std::vector<WalRecord>{{"one", 0}});
    set_file_hook([](FileOp op, const std::string&, size_t* bytes) {
      if (op == FileOp::kWrite) *bytes /= 2;
      throw Error(ErrorKind::kIo, "input/output error");
    });
    CHECK_THROWS_AS(wal.append(std::vector<WalRecord>{{"two", 0}}), Error);
    CHECK_THROWS_AS(wal.append(std::vector<WalRecord>{{"two", 0}}), Error);
    set_file_hook({});
    wal.append(std::vector<WalRecord>{{"three", 0}});
  }
  set_log_sink(nullptr);
  CHECK(records_in(dir.path()) == std::vector<std::string>{"one", "three"});
}
