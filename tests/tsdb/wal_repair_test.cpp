#include "tsdb/wal_repair.h"

#include <doctest/doctest.h>

#include <functional>

#include "core/error.h"
#include "core/file.h"
#include "tsdb/wal_reader.h"
#include "tsdb/wal_record.h"
#include "tsdb/wal_writer.h"

using namespace hearth;
using namespace hearth::tsdb;

namespace {

std::string samples_record(TimeMs t) {
  SamplesRecord record;
  record.reserve(1);
  record.add(1, t, 1.0 / 3);
  return record.take();
}

void write_segment(const std::string& dir, uint32_t segment,
                   const std::vector<std::string>& records) {
  WalWriter writer(dir, segment, 1 << 20);
  for (const std::string& record : records) writer.add({record, 0});
  writer.close();
}

// Segments 3, 4 and 5 of ten samples each.
void write_log(const std::string& dir) {
  for (uint32_t segment = 3; segment <= 5; ++segment) {
    std::vector<std::string> records;
    for (uint32_t i = 0; i < 10; ++i) records.push_back(samples_record(segment * 100 + i));
    write_segment(dir, segment, records);
  }
}

size_t records_in(const std::string& dir) {
  size_t records = 0;
  for (const uint32_t segment : wal_segments(dir)) {
    const std::string bytes = read_file(wal_segment_path(dir, segment));
    WalReader reader(bytes);
    WalReader::Outcome outcome;
    while ((outcome = reader.next()) == WalReader::Outcome::kRecord) ++records;
    CHECK(outcome == WalReader::Outcome::kEnd);
  }
  return records;
}

}  // namespace

TEST_CASE("a whole log has no damage") {
  TempDir dir;
  CHECK(!find_wal_damage(dir.path()));
  write_log(dir.path());
  write_segment(dir.path(), 6, {});
  write_segment(dir.path(), 7, {"", "\x63unknown"});
  CHECK(!find_wal_damage(dir.path()));
  CHECK(missing_wal_segments(dir.path()).empty());
}

TEST_CASE("a log is cut at its first damage, whatever it is") {
  struct Case {
    std::string name;
    std::function<void(std::string& bytes)> damage;
    size_t records_left;
  };
  const size_t record_bytes = kWalHeaderBytes + samples_record(400).size();
  const Case cases[] = {
      {"a changed byte", [&](std::string& bytes) { bytes[3 * record_bytes + 10] ^= 1; }, 3},
      {"a torn end", [&](std::string& bytes) { bytes.resize(bytes.size() - 3); }, 9},
      {"a cut in the middle", [&](std::string& bytes) { bytes.resize(5 * record_bytes + 4); }, 5},
      {"zeros, then something",
       [&](std::string& bytes) { bytes.replace(2 * record_bytes, record_bytes, record_bytes, 0); },
       2},
      {"a beginning of zeros",
       [&](std::string& bytes) { bytes.replace(0, record_bytes, record_bytes, 0); }, 0},
      {"a length beyond the end", [&](std::string& bytes) { bytes[4 * record_bytes + 1] = '\x7f'; },
       4},
  };
  for (const Case& c : cases) {
    CAPTURE(c.name);
    TempDir dir;
    write_log(dir.path());
    const std::string path = wal_segment_path(dir.path(), 4);
    std::string bytes = read_file(path);
    c.damage(bytes);
    write_file(path, bytes);
    const std::optional<WalDamage> damage = find_wal_damage(dir.path());
    REQUIRE(damage.has_value());
    CHECK(damage->segment == 4);
    CHECK(damage->good_bytes == c.records_left * record_bytes);
    CHECK(!damage->what.empty());
    cut_wal(*damage);
    CHECK(wal_segments(dir.path()) == std::vector<uint32_t>{3, 4});
    CHECK(records_in(dir.path()) == 10 + c.records_left);
    CHECK(!find_wal_damage(dir.path()));
  }
}

TEST_CASE("a record whose content makes no sense is damage") {
  TempDir dir;
  write_segment(dir.path(), 0, {samples_record(1), "\x02zzz", samples_record(2)});
  const std::optional<WalDamage> damage = find_wal_damage(dir.path());
  REQUIRE(damage.has_value());
  CHECK(damage->good_bytes == kWalHeaderBytes + samples_record(1).size());
}

TEST_CASE("damage is looked for, and cut, only in the segments that were named") {
  TempDir dir;
  write_log(dir.path());
  write_file(wal_segment_path(dir.path(), 3), "\x05?");
  CHECK(!find_wal_damage(dir.path(), 4));
  CHECK(!find_wal_damage(dir.path(), 0, 2));
  const std::optional<WalDamage> damage = find_wal_damage(dir.path(), 3, 3);
  REQUIRE(damage.has_value());
  cut_wal(*damage, 4);
  CHECK(wal_segments(dir.path()) == std::vector<uint32_t>{3, 5});
}

TEST_CASE("a cut that stops half-way is found and finished the next time") {
  TempDir dir;
  write_log(dir.path());
  const std::string path = wal_segment_path(dir.path(), 3);
  std::string bytes = read_file(path);
  bytes.pop_back();
  write_file(path, bytes);
  int changes = 0;
  for (int allowed = 0; allowed < 10; ++allowed) {
    const std::optional<WalDamage> damage = find_wal_damage(dir.path());
    if (!damage) break;
    CHECK(damage->segment == 3);
    changes = 0;
    set_file_hook([&](FileOp op, const std::string&, size_t*) {
      if (op != FileOp::kCreate && changes++ == allowed) throw Error(ErrorKind::kIo, "stop");
    });
    try {
      cut_wal(*damage);
    } catch (const Error&) {
    }
    set_file_hook({});
    const std::vector<uint32_t> segments = wal_segments(dir.path());
    CHECK(missing_wal_segments(dir.path()).empty());
    CHECK(segments.front() == 3);
  }
  CHECK(!find_wal_damage(dir.path()));
  CHECK(wal_segments(dir.path()) == std::vector<uint32_t>{3});
  CHECK(records_in(dir.path()) == 9);
}

TEST_CASE("missing segments are found and replaced by empty ones") {
  TempDir dir;
  for (const uint32_t segment : {2u, 3u, 6u, 8u}) {
    write_segment(dir.path(), segment, {samples_record(segment)});
  }
  CHECK(missing_wal_segments(dir.path()) == std::vector<uint32_t>{4, 5, 7});
  CHECK(missing_wal_segments(dir.path(), 1) == std::vector<uint32_t>{1, 4, 5, 7});
  CHECK(missing_wal_segments(dir.path(), 3) == std::vector<uint32_t>{4, 5, 7});
  fill_wal_gaps(dir.path(), 1);
  CHECK(wal_segments(dir.path()) == std::vector<uint32_t>{1, 2, 3, 4, 5, 6, 7, 8});
  CHECK(!find_wal_damage(dir.path()));
  CHECK(records_in(dir.path()) == 4);
}

TEST_CASE("files that only look like segments are none") {
  TempDir dir;
  write_log(dir.path());
  for (const char* name :
       {"4", "0000000a", "000000006", "4294967295", "00000006.repair", "+0000007"})
    write_file(dir.path() + "/" + name, "?");
  CHECK(wal_segments(dir.path()) == std::vector<uint32_t>{3, 4, 5});
  write_file(wal_segment_path(dir.path(), 2'000'000'000), "");
  CHECK(missing_wal_segments(dir.path()).empty());
}
