// Metadata of series: logged when it is news, known again after every kind of start.
#include <doctest/doctest.h>

#include "core/file.h"
#include "tests/tsdb/head_fixture.h"
#include "tests/tsdb/in_replay.h"
#include "tests/tsdb/log_records.h"
#include "tsdb/head_snapshot.h"
#include "tsdb/wal_format.h"
#include "tsdb/wal_record.h"

using namespace hearth;
using namespace hearth::tsdb;

namespace {

constexpr TimeMs kStart = 100 * 3'600'000;
const Labels kA{{"__name__", "a"}};
const Metadata kRequests{MetricType::kCounter, "", "Requests."};
const Metadata kAllRequests{MetricType::kCounter, "", "All requests."};

// The help texts that the log has, in its order.
std::vector<std::string> logged(HeadFixture& f) {
  std::vector<std::string> found;
  for (const std::string& record : log_records(f.wal_dir(), RecordType::kMetadata))
    read_metadata(record, [&](uint64_t, const Metadata& of) { found.push_back(of.help); });
  return found;
}

void scrape(HeadFixture& f, TimeMs t, const Metadata& metadata) {
  Batch batch;
  batch.push(f.intern(kA), t, 1);
  batch.metadata.push_back({f.intern(kA), metadata});
  REQUIRE(f.head().appender().append(batch).stored == 1);
}

}  // namespace

TEST_CASE("metadata is logged when it changes") {
  HeadFixture f;
  f.open();
  scrape(f, kStart, kRequests);
  scrape(f, kStart + 1, kRequests);
  CHECK(logged(f) == std::vector<std::string>{"Requests."});
  scrape(f, kStart + 2, kAllRequests);
  CHECK(logged(f) == std::vector<std::string>{"Requests.", "All requests."});
}

TEST_CASE("metadata is known again after a start from the log, and from a memory snapshot") {
  HeadFixture f;
  SUBCASE("from the log") { f.options.snapshot_on_shutdown = false; }
  SUBCASE("from a memory snapshot") { f.options.snapshot_on_shutdown = true; }
  f.open();
  scrape(f, kStart, kRequests);
  scrape(f, kStart + 1, kAllRequests);
  for (int start = 0; start < 2; ++start) {
    f.open();
    scrape(f, kStart + 2 + start, kAllRequests);
    CHECK(logged(f) == std::vector<std::string>{"Requests.", "All requests."});
  }
}

TEST_CASE("metadata that comes while the log is replayed is judged by all that the log has") {
  HeadFixture f;
  SUBCASE("from the log") { f.options.snapshot_on_shutdown = false; }
  SUBCASE("from a memory snapshot") { f.options.snapshot_on_shutdown = true; }
  f.open();
  scrape(f, kStart, kRequests);
  scrape(f, kStart + 1, kAllRequests);
  f.options.replay_in_background = true;
  f.open();
  const InReplay in_replay([&] {
    scrape(f, kStart + 2, kAllRequests);
    CHECK(logged(f).size() == 2);
    scrape(f, kStart + 3, kRequests);
    scrape(f, kStart + 4, kRequests);
    CHECK(logged(f).size() == 3);
  });
  f.head().replay();
  REQUIRE(in_replay.done());
  scrape(f, kStart + 5, kRequests);
  CHECK(logged(f) == std::vector<std::string>{"Requests.", "All requests.", "Requests."});
}

TEST_CASE("damaged metadata of a memory snapshot is told again, and nothing else is lost") {
  HeadFixture f;
  f.options.snapshot_on_shutdown = true;
  f.open();
  scrape(f, kStart, kRequests);
  f.close();
  const auto snapshot = latest_head_snapshot(f.dir());
  REQUIRE(snapshot);
  const std::string path = wal_segment_path(snapshot->path + "/metadata", 0);
  std::string bytes = read_file(path);
  bytes[9] = static_cast<char>(bytes[9] ^ 1);
  write_file(path, bytes);
  f.open();
  CHECK(f.read()[kA].size() == 1);
  scrape(f, kStart + 1, kRequests);
  CHECK(logged(f) == std::vector<std::string>{"Requests.", "Requests."});
}
