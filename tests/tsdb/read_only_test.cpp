// A data directory for readers only: what is in the log, whatever state that is in. That it gives
// what the database gives is part of tests/tsdb/db_model_test.cpp.
#include "tsdb/read_only.h"

#include <doctest/doctest.h>
#include <fmt/format.h>

#include <map>

#include "core/error.h"
#include "core/walking_querier.h"
#include "tests/tsdb/histograms.h"
#include "tsdb/wal_record.h"
#include "tsdb/wal_record_histogram.h"
#include "tsdb/wal_writer.h"

using namespace hearth;
using namespace hearth::tsdb;

namespace {

const Labels kA{{"__name__", "a"}}, kB{{"__name__", "b"}};
using Samples = std::map<TimeMs, double>;

struct Log {
  Log() { make_dirs(wal()); }
  std::string wal() const { return dir.path() + "/wal"; }

  void write(uint32_t segment, const std::vector<std::string>& records, const char* to = "/wal") {
    make_dirs(dir.path() + to);
    WalWriter writer(dir.path() + to, segment, 128 << 20);
    for (const std::string& record : records) writer.add({record, 0});
    writer.close();
  }
  // Without the last bytes, or with one in the middle changed.
  void shorten(uint32_t segment, size_t bytes) {
    const std::string path = wal_segment_path(wal(), segment);
    const std::string whole = read_file(path);
    write_file(path, whole.substr(0, whole.size() - bytes));
  }
  void spoil(const std::string& path, size_t at) {
    std::string bytes = read_file(path);
    bytes[at] = static_cast<char>(bytes[at] ^ 1);
    write_file(path, bytes);
  }

  // By metric name; a histogram as its count.
  std::map<std::string, Samples> read(TimeRange range = {}) {
    ReadOnlyDb db(dir.path(), pool);
    Budget budget(0);
    const auto querier = db.querier(range);
    const auto set = querier->select({}, {range}, budget);
    std::map<std::string, Samples> found;
    Columns columns;
    for (size_t i = 0; i < set->size(); ++i) {
      set->read(i, range, columns);
      Samples& samples = found[std::string(set->labels(i).metric_name())];
      for (size_t k = 0; k < columns.t.size(); ++k) samples[columns.t[k]] = columns.v[k];
      for (size_t k = 0; k < columns.histogram_t.size(); ++k)
        samples[columns.histogram_t[k]] = columns.histograms[k].count;
    }
    warnings = querier->warnings();
    return found;
  }

  TempDir dir;
  Pool pool{2};
  std::vector<std::string> warnings;
};

std::string series(uint64_t ref, const Labels& labels) {
  SeriesRecord record;
  record.add(ref, labels.view());
  return record.take();
}
std::string samples(uint64_t ref, const Samples& all) {
  SamplesRecord record;
  record.reserve(all.size());
  for (const auto& [t, v] : all) record.add(ref, t, v);
  return record.take();
}

}  // namespace

TEST_CASE("what several selectors of a query find in the log is found by one walk") {
  Log log;
  log.write(0, {series(1, kA), series(2, kB), samples(1, {{10, 1}, {20, 2}}),
                samples(2, {{15, 3}, {40, 4}})});
  size_t looks = 0;
  ReadOnlyDb db(log.dir.path(), log.pool, [&](uint64_t, uint64_t) { ++looks; });
  Budget budget(0);
  const auto querier = db.querier({});
  const Matcher is_a(MatchType::kEqual, "__name__", "a"), any(MatchType::kRegex, "__name__", ".+"),
      none(MatchType::kEqual, "__name__", "c");
  WalkingQuerier::tell(
      *querier, std::vector<ExpectedSelect>{{{is_a}, {0, 30}}, {{any}, {0, 50}}, {{none}, {0, 50}}},
      budget);
  const size_t looks_of_walk = looks;
  CHECK(looks_of_walk > 0);

  const auto texts = [&](const Matcher& matcher, TimeRange range) {
    const auto set = querier->select({&matcher, 1}, {range}, budget);
    std::vector<std::string> found;
    Columns columns;
    for (size_t i = 0; i < set->size(); ++i) {
      set->read(i, range, columns);
      found.push_back(
          fmt::format("{} {}", set->labels(i).metric_name(), fmt::join(columns.v, " ")));
    }
    return found;
  };
  CHECK(texts(is_a, {0, 30}) == std::vector<std::string>{"a 1 2"});
  CHECK(texts(is_a, {15, 30}) == std::vector<std::string>{"a 2"});
  CHECK(texts(any, {0, 50}) == std::vector<std::string>{"a 1 2", "b 3 4"});
  CHECK(texts(none, {0, 50}).empty());
  CHECK(looks == looks_of_walk);

  // Another range, other series: found anew.
  CHECK(texts(is_a, {0, 60}) == std::vector<std::string>{"a 1 2"});
  CHECK(looks > looks_of_walk);
}

TEST_CASE("a directory without a log or blocks has no samples, and none is made in it") {
  TempDir dir;
  Pool pool(1);
  ReadOnlyDb db(dir.path(), pool);
  Budget budget(0);
  CHECK(db.querier({})->select({}, {}, budget)->size() == 0);
  CHECK(db.querier({})->label_names({}, 0).empty());
  CHECK(list_dir(dir.path()).empty());
  CHECK_THROWS_AS(ReadOnlyDb(dir.path() + "/none", pool), Error);
}

TEST_CASE("samples of the log are found by selectors and by time, also before their series") {
  Log log;
  log.write(0,
            {samples(1, {{10, 1}}), series(1, kA), series(2, kB), samples(2, {{10, 2}, {20, 3}})});
  log.write(1, {samples(1, {{30, 4}})});
  CHECK(log.read() ==
        std::map<std::string, Samples>{{"a", {{10, 1}, {30, 4}}}, {"b", {{10, 2}, {20, 3}}}});
  CHECK(log.read({15, 25}) == std::map<std::string, Samples>{{"b", {{20, 3}}}});

  ReadOnlyDb db(log.dir.path(), log.pool);
  const std::vector<Matcher> only_b{Matcher(MatchType::kEqual, "__name__", "b")};
  CHECK(db.querier({})->label_values("__name__", only_b, 0) == std::vector<std::string>{"b"});
  CHECK(db.querier({})->label_values("__name__", {}, 1) == std::vector<std::string>{"a"});
  CHECK(db.querier({})->label_names({}, 0) == std::vector<std::string>{"__name__"});
}

TEST_CASE("a ref that comes to mean another series means each in its part of the log") {
  Log log;
  log.write(0, {series(1, kA), samples(1, {{10, 1}}), series(1, kB), samples(1, {{20, 2}}),
                series(7, kA), samples(7, {{30, 3}})});
  CHECK(log.read() == std::map<std::string, Samples>{{"a", {{10, 1}, {30, 3}}}, {"b", {{20, 2}}}});
  ReadOnlyDb db(log.dir.path(), log.pool);
  Budget budget(0);
  const std::vector<Matcher> only_b{Matcher(MatchType::kEqual, "__name__", "b")};
  const auto querier = db.querier({});
  const auto set = querier->select(only_b, {}, budget);
  REQUIRE(set->size() == 1);
  Columns columns;
  set->read(0, {}, columns);
  CHECK(columns.t == std::vector<TimeMs>{20});
}

TEST_CASE("what came out of order counts from its own log only, and deletes do not reach it") {
  Log log;
  std::string deleted;
  append_tombstone(deleted, {1, 15, 25});
  log.write(
      0, {series(1, kA), samples(1, {{10, 1}, {20, 2}, {30, 3}}), samples(1, {{15, 9}}), deleted});
  log.write(0, {samples(1, {{17, 5}, {16, 4}})}, "/wbl");
  CHECK(log.read() == std::map<std::string, Samples>{{"a", {{10, 1}, {16, 4}, {17, 5}, {30, 3}}}});
}

TEST_CASE("histograms of the log are read, with the resets between them") {
  Log log;
  HistogramsRecord record;
  for (int i = 0; i < 600; ++i)
    record.add(1, i, make_histogram({{0, static_cast<double>(i % 250)}, {3, 2}}));
  std::vector<std::string> records{series(1, kA)};
  for (std::string& part : record.take()) records.push_back(std::move(part));
  log.write(0, records);
  const Samples found = log.read().at("a");
  REQUIRE(found.size() == 600);
  CHECK(found.at(249) == 251);
  CHECK(found.at(250) == 2);
  CHECK(log.read({100, 101}).at("a").size() == 2);
}

TEST_CASE("a log that ends within a record, as one that is being written, is read up to there") {
  Log log;
  // A value whose last byte is not 0: what is missing counts as zeros.
  log.write(0, {series(1, kA), samples(1, {{10, 1}}), samples(1, {{20, 2.1}})});
  for (size_t bytes = 1; bytes < 30; ++bytes) {
    log.shorten(0, 1);
    CAPTURE(bytes);
    CHECK(log.read() == std::map<std::string, Samples>{{"a", {{10, 1}}}});
    CHECK(log.warnings.empty());
  }
}

TEST_CASE(
    "behind damage in a segment nothing is read, behind that of a checkpoint the segments are") {
  Log log;
  log.write(0, {series(1, kA), samples(1, {{10, 1}})}, "/wal/checkpoint.00000004");
  log.write(5, {series(2, kB), samples(2, {{10, 1}}), samples(2, {{20, 2}})});
  log.write(6, {samples(2, {{30, 3}}), samples(1, {{30, 3}})});
  const std::string checkpoint = wal_segment_path(log.wal() + "/checkpoint.00000004", 0);
  const size_t behind_series = 7 + series(1, kA).size() + 10;
  CHECK(log.read().at("a") == Samples{{10, 1}, {30, 3}});

  log.spoil(checkpoint, behind_series);
  CHECK(log.read() ==
        std::map<std::string, Samples>{{"a", {{30, 3}}}, {"b", {{10, 1}, {20, 2}, {30, 3}}}});
  REQUIRE(log.warnings.size() == 1);
  CHECK(log.warnings[0].find("checkpoint.00000004/00000000 is damaged at ") != std::string::npos);
  log.spoil(checkpoint, behind_series);

  log.spoil(wal_segment_path(log.wal(), 5), behind_series);
  CHECK(log.read() == std::map<std::string, Samples>{{"a", {{10, 1}}}});
  REQUIRE(log.warnings.size() == 1);
  CHECK(log.warnings[0].find("00000005 is damaged at ") != std::string::npos);
}

TEST_CASE("a log of many pages is the same for one thread and for several") {
  Log log;
  std::vector<std::string> records{series(1, kA), series(2, kB)};
  Samples expected;
  for (int64_t i = 0; i < 1'500'000; i += 3000) {
    SamplesRecord record;
    record.reserve(2 * 3000);
    for (int64_t t = i; t < i + 3000; ++t) {
      record.add(1, t, static_cast<double>(t % 1013) * 1.1);
      record.add(2, t, 1);
      if (t % 1000 == 0) expected[t] = static_cast<double>(t % 1013) * 1.1;
    }
    records.push_back(record.take());
  }
  log.write(0, records);
  REQUIRE(read_file(wal_segment_path(log.wal(), 0)).size() > 24 << 20);
  Samples found = log.read().at("a");
  CHECK(found.size() == 1'500'000);
  std::erase_if(found, [](const auto& sample) { return sample.first % 1000 != 0; });
  CHECK(found == expected);
}
