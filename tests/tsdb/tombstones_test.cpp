#include "tsdb/tombstones.h"

#include <doctest/doctest.h>

#include <random>

#include "core/error.h"
#include "core/file.h"
#include "tests/tsdb/hex.h"

using namespace hearth;
using namespace hearth::tsdb;

TEST_CASE("intervals are joined where they touch") {
  Intervals intervals;
  for (const TimeRange range : {TimeRange{10, 20}, {40, 50}, {0, 5}, {21, 25}, {30, 35}})
    add_interval(intervals, range);
  CHECK(intervals == Intervals{{0, 5}, {10, 25}, {30, 35}, {40, 50}});
  add_interval(intervals, {6, 39});
  CHECK(intervals == Intervals{{0, 50}});
  add_interval(intervals, {kMinTime, -10});
  add_interval(intervals, {100, kMaxTime});
  CHECK(intervals == Intervals{{kMinTime, -10}, {0, 50}, {100, kMaxTime}});
  add_interval(intervals, {kMinTime, kMaxTime});
  CHECK(intervals == Intervals{{kMinTime, kMaxTime}});
}

TEST_CASE("random intervals agree with a set of times") {
  std::mt19937 random(4);
  for (int round = 0; round < 200; ++round) {
    Intervals intervals;
    std::vector<bool> deleted(100);
    for (int i = 0; i < 12; ++i) {
      const TimeMs min = static_cast<TimeMs>(random() % 100);
      const TimeMs max = std::min<TimeMs>(99, min + static_cast<TimeMs>(random() % 12));
      add_interval(intervals, {min, max});
      for (TimeMs t = min; t <= max; ++t) deleted[static_cast<size_t>(t)] = true;
    }
    Columns columns;
    std::vector<TimeMs> want;
    for (TimeMs t = 0; t < 100; ++t) {
      columns.t.push_back(t);
      columns.v.push_back(static_cast<double>(t));
      if (!deleted[static_cast<size_t>(t)]) want.push_back(t);
    }
    cut_intervals(intervals, columns);
    CHECK(columns.t == want);
    CHECK(columns.v == std::vector<double>(want.begin(), want.end()));
  }
}

TEST_CASE("tombstones are written as Prometheus writes them and read back") {
  TempDir dir;
  CHECK(read_tombstones(dir.path()).count() == 0);
  write_tombstones(dir.path(), {});
  CHECK(to_hex(read_file(dir.path() + "/tombstones")) == "0130ba300100000000");

  Tombstones tombstones;
  add_interval(tombstones.by_series[7], {-100, 200});
  add_interval(tombstones.by_series[7], {300, 400});
  add_interval(tombstones.by_series[900], {kMinTime, kMaxTime});
  write_tombstones(dir.path(), tombstones);
  const Tombstones read = read_tombstones(dir.path());
  CHECK(read.by_series == tombstones.by_series);
  CHECK(read.count() == 3);
  REQUIRE(read.of(7) != nullptr);
  CHECK(read.of(8) == nullptr);
}

TEST_CASE("damaged tombstones are corrupt") {
  TempDir dir;
  const std::string path = dir.path() + "/tombstones";
  Tombstones tombstones;
  add_interval(tombstones.by_series[7], {-100, 200});
  write_tombstones(dir.path(), tombstones);
  const std::string bytes = read_file(path);
  for (size_t size = 0; size < bytes.size(); ++size) {
    write_file(path, bytes.substr(0, size));
    CHECK_THROWS_AS(read_tombstones(dir.path()), Error);
  }
  for (size_t bit = 0; bit < bytes.size() * 8; ++bit) {
    std::string damaged = bytes;
    damaged[bit / 8] = static_cast<char>(damaged[bit / 8] ^ (1 << (bit % 8)));
    write_file(path, damaged);
    CHECK_THROWS_AS(read_tombstones(dir.path()), Error);
  }
}
