// The storage's metrics: all that a Prometheus 3.5 shows of its own, and what some of them count.
#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <sstream>

#include "core/file.h"
#include "tests/tsdb/block_data.h"
#include "tsdb/db.h"

using namespace hearth;
using namespace hearth::tsdb;

namespace {

constexpr TimeMs kStart = 1'700'006'400'000;

// "name type help" of each.
std::vector<std::string> families(const std::string& text) {
  std::map<std::string, std::string> types, helps;
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) {
    const bool is_type = line.starts_with("# TYPE ");
    if (!is_type && !line.starts_with("# HELP ")) continue;
    const size_t blank = line.find(' ', 7);
    (is_type ? types : helps)[line.substr(7, blank - 7)] = line.substr(blank + 1);
  }
  std::vector<std::string> families;
  for (const auto& [name, type] : types) families.push_back(name + " " + type + " " + helps[name]);
  return families;
}

double value(const std::string& text, const std::string& name) {
  const size_t at = text.find("\n" + name + " ");
  REQUIRE(at != std::string::npos);
  return std::stod(text.substr(at + name.size() + 2));
}

}  // namespace

TEST_CASE("every metric of Prometheus' storage is there, with its type and text") {
  TempDir dir;
  FakeClock clock{kStart};
  Pool pool{1};
  Registry registry;
  Options options;
  options.live.out_of_order_window = 3'600'000;
  options.live.max_exemplars = 10;
  const Db db(dir.path(), options, clock, pool, registry);
  const std::vector<std::string> ours = families(registry.text());
  std::istringstream wanted(
      read_file(std::string(HEARTH_SOURCE_DIR) + "/tests/tsdb/prometheus_metrics.txt"));
  size_t count = 0;
  for (std::string line; std::getline(wanted, line); ++count) {
    CAPTURE(line);
    CHECK((line.starts_with("#") || std::find(ours.begin(), ours.end(), line) != ours.end()));
  }
  CHECK(count > 70);
}

TEST_CASE("sizes, pages and times of the storage are told as they are") {
  TempDir dir;
  FakeClock clock{kStart};
  Pool pool{1};
  Registry registry;
  Options options;
  options.wal_compression = WalCompression::kNone;
  Db db(dir.path(), options, clock, pool, registry);
  for (int i = 0; i < 5000; ++i, clock.advance(1000)) {
    Batch batch;
    batch.push(db.appender().intern(Labels{{"__name__", "a"}}), clock.now(), i);
    db.appender().append(batch);
  }
  const std::string text = registry.text();
  const std::string wal = "prometheus_tsdb_wal_";
  const auto bytes = static_cast<double>(dir_bytes(dir.path() + "/wal"));
  CHECK(bytes > 100'000);
  CHECK(value(text, wal + "storage_size_bytes") == bytes);
  CHECK(value(text, wal + "record_parts_bytes_written_total") > bytes - 200);
  CHECK(value(text, wal + "record_parts_bytes_written_total") <= bytes);
  CHECK(value(text, wal + "record_part_writes_total") > 5000);
  const double pages = value(text, wal + "completed_pages_total");
  CHECK(pages == std::floor(bytes / 32768));
  // A page that a commit fills to the last byte is written once, others once more.
  CHECK(value(text, wal + "page_flushes_total") > 5000);
  CHECK(value(text, wal + "page_flushes_total") <= 5000 + pages);
  CHECK(value(text, "prometheus_tsdb_head_min_time_seconds") == kStart / 1000);
  CHECK(value(text, "prometheus_tsdb_head_max_time_seconds") == kStart / 1000 + 4999);
  CHECK(value(text, "prometheus_tsdb_head_active_appenders") == 0);
  CHECK(value(text, "prometheus_tsdb_isolation_high_watermark") == 5000);
  CHECK(value(text, "prometheus_tsdb_isolation_low_watermark") == 5000);
  CHECK(value(text, "prometheus_tsdb_head_chunks_storage_size_bytes") ==
        static_cast<double>(dir_bytes(dir.path() + "/chunks_head")));
}
