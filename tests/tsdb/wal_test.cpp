#include "tsdb/wal.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <mutex>
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

TEST_CASE("a disk that is full for a while, from any operation on, costs only what it was told") {
  set_log_sink([](std::string_view) {});
  std::mt19937_64 random(7);
  const std::string large = random_text(random, kSegmentBytes / 2);  // two segments for three
  bool failed = true;
  for (int allowed = 0; failed; ++allowed) {
    failed = false;
    TempDir dir;
    Registry registry;
    std::vector<std::string> stored;
    int refused = 0;
    {
      Wal wal(dir.path(), 0, kSegmentBytes, registry);
      int operations = 0;
      set_file_hook([&](FileOp op, const std::string&, size_t* bytes) {
        if (op == FileOp::kSync || op == FileOp::kRemove || op == FileOp::kTruncate) return;
        ++operations;
        if (operations <= allowed || operations > allowed + 3) return;
        if (op == FileOp::kWrite) *bytes = *bytes * 2 / 3;
        throw Error(ErrorKind::kIo, "no space left on device");
      });
      for (int i = 0; i < 10; ++i) {
        const std::string record = std::to_string(i) + (i % 3 == 0 ? large : "small");
        try {
          if (i % 5 == 4) wal.next_segment();
          wal.append(std::vector<WalRecord>{{record, 0}, {record + "+", 0}});
          stored.push_back(record);
          stored.push_back(record + "+");
        } catch (const Error& error) {
          failed = true;
          ++refused;
          CHECK(error.kind() == ErrorKind::kIo);
          CHECK(std::string(error.what()).find("no space left on device; nothing was stored") !=
                std::string::npos);
          CHECK(std::string(error.what()).find(dir.path()) != std::string::npos);
        }
      }
      set_file_hook({});
    }
    CAPTURE(allowed);
    CHECK(refused <= 3);
    CHECK((records_in(dir.path()) == stored));
    CHECK(registry.text().find("prometheus_tsdb_wal_writes_failed_total " +
                               std::to_string(refused)) != std::string::npos);
    const std::vector<uint32_t> segments = wal_segments(dir.path());
    CHECK(segments.back() - segments.front() + 1 == segments.size());
    CHECK(segments.size() < 30);
  }
  set_log_sink(nullptr);
}

namespace {

std::atomic<int> lines_of_loss{0};

// Which segments were synced, and by whom.
class SyncWatch {
 public:
  SyncWatch() {
    set_file_hook([this](FileOp op, const std::string& path, size_t*) {
      if (op != FileOp::kSync) return;
      const std::lock_guard lock(mutex_);
      if (std::this_thread::get_id() == test_) ++by_us_;
      if (fail_) throw Error(ErrorKind::kIo, "input/output error");
      const std::string name = path.substr(path.rfind('/') + 1);
      if (name.find_first_not_of("0123456789") == std::string::npos) synced_.push_back(name);
      changed_.notify_all();
    });
  }
  ~SyncWatch() { set_file_hook({}); }
  void wait_for(const std::string& segment) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return !synced_.empty() && synced_.back() == segment; });
  }
  std::vector<std::string> take() {
    const std::lock_guard lock(mutex_);
    return std::exchange(synced_, {});
  }
  int by_us() {
    const std::lock_guard lock(mutex_);
    return by_us_;
  }
  void fail(bool fail) {
    const std::lock_guard lock(mutex_);
    fail_ = fail;
  }

 private:
  const std::thread::id test_ = std::this_thread::get_id();
  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<std::string> synced_;
  int by_us_ = 0;
  bool fail_ = false;
};

}  // namespace

TEST_CASE("what is appended reaches the disk by itself, also from a segment that is not full") {
  TempDir dir;
  Registry registry;
  SyncWatch watch;
  Wal wal(dir.path(), 0, kSegmentBytes, registry, 1);
  for (int i = 0; i < 3; ++i) {
    wal.append(std::vector<WalRecord>{{"one", 0}});
    watch.wait_for("00000000");
    watch.take();
  }
  wal.next_segment();
  wal.append(std::vector<WalRecord>{{"one", 0}});
  watch.wait_for("00000001");
  CHECK(watch.by_us() == 0);
}

TEST_CASE("segments reach the disk in their order, and never by those who append") {
  TempDir dir;
  Registry registry;
  SyncWatch watch;
  const std::string record(kSegmentBytes / 3, 'x');
  {
    Wal wal(dir.path(), 0, kSegmentBytes, registry, 3'600'000);
    for (int i = 0; i < 7; ++i) wal.append(std::vector<WalRecord>{{record, 0}});
    wal.sync();
    CHECK(watch.take() == std::vector<std::string>{"00000000", "00000001", "00000002", "00000003"});
    wal.sync();
    CHECK(watch.take().empty());
    wal.append(std::vector<WalRecord>{{record, 0}});
    wal.next_segment();
    wal.append(std::vector<WalRecord>{{record, 0}});
    wal.sync();
    CHECK(watch.take() == std::vector<std::string>{"00000003", "00000004"});
    wal.append(std::vector<WalRecord>{{record, 0}});
  }
  CHECK(watch.take() == std::vector<std::string>{"00000004"});
  CHECK(watch.by_us() == 0);
}

TEST_CASE("without an interval only segments that end are synced") {
  TempDir dir;
  Registry registry;
  SyncWatch watch;
  {
    Wal wal(dir.path(), 0, kSegmentBytes, registry, 0);
    wal.append(std::vector<WalRecord>{{"one", 0}});
    wal.sync();
    CHECK(watch.take().empty());
    wal.next_segment();
    wal.append(std::vector<WalRecord>{{"two", 0}});
    wal.sync();
    CHECK(watch.take() == std::vector<std::string>{"00000000"});
  }
  CHECK(watch.take() == std::vector<std::string>{"00000001"});
}

TEST_CASE("a segment that cannot be synced is ended, counted and told, and appending goes on") {
  TempDir dir;
  Registry registry;
  lines_of_loss = 0;
  set_log_level(LogLevel::kError);
  set_log_sink([](std::string_view line) {
    if (line.find("will be lost if the machine stops") != std::string_view::npos) ++lines_of_loss;
  });
  {
    SyncWatch watch;
    Wal wal(dir.path(), 0, kSegmentBytes, registry, 3'600'000);
    wal.append(std::vector<WalRecord>{{"one", 0}});
    watch.fail(true);
    wal.sync();
    watch.fail(false);
    CHECK(wal.segment() == 0);
    wal.append(std::vector<WalRecord>{{"two", 0}});
    CHECK(wal.segment() == 1);
    wal.append(std::vector<WalRecord>{{"three", 0}});
    CHECK(wal.segment() == 1);
    wal.sync();
    CHECK(watch.take() == std::vector<std::string>{"00000000", "00000001"});
  }
  set_log_sink(nullptr);
  CHECK(lines_of_loss == 1);
  CHECK(records_in(dir.path()) == std::vector<std::string>{"one", "two", "three"});
  CHECK(registry.text().find("hearth_tsdb_wal_syncs_failed_total 1") != std::string::npos);
}

TEST_CASE("the log of samples out of order has metrics of its own") {
  TempDir dir;
  Registry registry;
  make_dirs(dir.path() + "/wbl");
  const Wal wal(dir.path() + "/wbl", 5, kSegmentBytes, registry);
  CHECK(registry.text().find("prometheus_tsdb_out_of_order_wbl_segment_current 5") !=
        std::string::npos);
}
