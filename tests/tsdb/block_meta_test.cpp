#include "tsdb/block_meta.h"

#include <doctest/doctest.h>

#include <random>

#include "core/error.h"
#include "core/file.h"

using namespace hearth;
using namespace hearth::tsdb;

namespace {

// As Prometheus writes it, with what Thanos adds.
constexpr const char* kMeta = R"({
	"ulid": "01M820YJVTBYE9GM5MQYWQ29JP",
	"minTime": 1000,
	"maxTime": 3001,
	"stats": {
		"numSamples": 4,
		"numFloatSamples": 4,
		"numSeries": 2,
		"numChunks": 2
	},
	"compaction": {
		"level": 2,
		"sources": [
			"01M820YJVTBYE9GM5MQYWQ29JP"
		],
		"parents": [
			{
				"ulid": "01ARZ3NDEKTSV4RRFFQ69G5FAV",
				"minTime": 1000,
				"maxTime": 2000
			}
		],
		"hints": [
			"from-out-of-order"
		]
	},
	"version": 1,
	"thanos": {
		"labels": {
			"cluster": "eu"
		},
		"downsample": {
			"resolution": 0
		}
	}
})";

}  // namespace

TEST_CASE("meta.json is written as it was read, unknown keys included") {
  const BlockMeta meta = parse_block_meta(kMeta);
  CHECK(meta.ulid.text() == "01M820YJVTBYE9GM5MQYWQ29JP");
  CHECK(meta.min_time == 1000);
  CHECK(meta.max_time == 3001);
  CHECK(meta.stats.samples == 4);
  CHECK(meta.level == 2);
  CHECK(meta.sources.size() == 1);
  REQUIRE(meta.parents.size() == 1);
  CHECK(meta.parents[0].max_time == 2000);
  CHECK_FALSE(meta.deletable);
  CHECK(block_meta_json(meta) == kMeta);
}

TEST_CASE("a change to meta.json leaves unknown keys") {
  TempDir dir;
  write_file(dir.path() + "/meta.json", kMeta);
  BlockMeta meta = read_block_meta(dir.path());
  meta.failed = true;
  meta.stats.tombstones = 3;
  write_block_meta(dir.path(), meta);
  const BlockMeta again = read_block_meta(dir.path());
  CHECK(again.failed);
  CHECK(again.stats.tombstones == 3);
  CHECK(again.original.find("\"cluster\": \"eu\"") != std::string::npos);
  CHECK(list_dir(dir.path()) == std::vector<std::string>{"meta.json"});
}

TEST_CASE("a meta.json that is none is corrupt") {
  for (
      const char* text :
      {"", "{", "[]", "1", "null", "{}", R"({"version":2})", R"({"version":1})",
       R"({"version":1,"ulid":"x","minTime":0,"maxTime":1})",
       R"({"version":1,"ulid":7,"minTime":0,"maxTime":1})",
       R"({"version":1,"ulid":"01M820YJVTBYE9GM5MQYWQ29JP","minTime":"a","maxTime":1})",
       R"({"version":1,"ulid":"01M820YJVTBYE9GM5MQYWQ29JP","minTime":2,"maxTime":1})",
       R"({"version":1,"ulid":"01M820YJVTBYE9GM5MQYWQ29JP","minTime":0,"maxTime":1,"stats":7})",
       R"({"version":1,"ulid":"01M820YJVTBYE9GM5MQYWQ29JP","minTime":0,"maxTime":1,"compaction":[]})",
       R"({"version":1,"ulid":"01M820YJVTBYE9GM5MQYWQ29JP","minTime":0,"maxTime":1,"compaction":{"sources":7}})"}) {
    CAPTURE(text);
    CHECK_THROWS_AS(parse_block_meta(text), Error);
  }
  CHECK_THROWS_AS(parse_block_meta(std::string(1'000'000, '[')), Error);
}

TEST_CASE("damage to meta.json gives an error or another meta, never a crash") {
  const std::string good = kMeta;
  std::mt19937 random(2);
  size_t refused = 0;
  for (size_t size = 0; size < good.size(); ++size) {
    CHECK_THROWS_AS(parse_block_meta(std::string_view(good).substr(0, size)), Error);
  }
  for (int round = 0; round < 5000; ++round) {
    std::string damaged = good;
    damaged[random() % damaged.size()] = static_cast<char>(random());
    try {
      (void)block_meta_json(parse_block_meta(damaged));
    } catch (const Error& e) {
      CHECK(e.kind() == ErrorKind::kCorrupt);
      ++refused;
    }
  }
  CHECK(refused > 1000);
}

TEST_CASE("the meta of a merged block spans its sources and names them") {
  BlockMeta a = parse_block_meta(kMeta);
  BlockMeta b = a;
  b.ulid = *parse_ulid("01ARZ3NDEKTSV4RRFFQ69G5FAV");
  b.sources = {b.ulid};
  b.min_time = 3001;
  b.max_time = 5000;
  b.level = 1;
  const BlockMeta merged = merged_meta(make_ulid(1), {a, b});
  CHECK(merged.min_time == 1000);
  CHECK(merged.max_time == 5000);
  CHECK(merged.level == 3);
  CHECK(merged.sources == std::vector<Ulid>{b.ulid, a.ulid});
  REQUIRE(merged.parents.size() == 2);
  CHECK(merged.parents[1].ulid == b.ulid);
}

TEST_CASE("numbers that are not whole, or too large, are refused") {
  const auto meta = [](const std::string& min_time, const std::string& samples) {
    return R"({"ulid":"01HGW8G4YB7Z3K5M9QXWVF2D1N","minTime":)" + min_time +
           R"(,"maxTime":9,"stats":{"numSamples":)" + samples + R"(},"version":1})";
  };
  CHECK(parse_block_meta(meta("-5", "18446744073709551615")).stats.samples == ~uint64_t{0});
  CHECK_THROWS_AS(parse_block_meta(meta("1.5", "1")), Error);
  CHECK_THROWS_AS(parse_block_meta(meta("1e93", "1")), Error);
  CHECK_THROWS_AS(parse_block_meta(meta("18446744073709551615", "1")), Error);
  CHECK_THROWS_AS(parse_block_meta(meta("1", "-1")), Error);
  CHECK_THROWS_AS(parse_block_meta(meta("\"1\"", "1")), Error);
}
