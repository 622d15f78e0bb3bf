#include "tsdb/compact_plan.h"

#include <doctest/doctest.h>

#include <string>

using namespace hearth;
using namespace hearth::tsdb;

namespace {

const std::vector<DurationMs> kRanges{20, 60, 180, 540, 1620};

BlockMeta block(uint8_t name, TimeMs min, TimeMs max, uint64_t series = 0,
                uint64_t tombstones = 0) {
  BlockMeta meta;
  meta.ulid.bytes[15] = name;
  meta.min_time = min;
  meta.max_time = max;
  meta.stats.series = series;
  meta.stats.tombstones = tombstones;
  return meta;
}

BlockMeta failed(BlockMeta meta) {
  meta.failed = true;
  return meta;
}

std::string plan(const std::vector<BlockMeta>& blocks) {
  std::string text;
  for (const Ulid& ulid : plan_compaction(blocks, kRanges))
    text += (text.empty() ? "" : " ") + std::to_string(ulid.bytes[15]);
  return text;
}

}  // namespace

TEST_CASE("the plan of compaction is Prometheus'") {
  struct Case {
    const char* what;
    std::vector<BlockMeta> blocks;
    const char* want;
  };
  const std::vector<Case> cases{
      {"no block", {}, ""},
      {"one block", {block(1, 0, 20)}, ""},
      {"two of three, the newest not counted", {block(1, 0, 20), block(2, 20, 40)}, ""},
      {"three of three, but the newest does not count",
       {block(1, 0, 20), block(2, 20, 40), block(3, 40, 60)},
       ""},
      {"the span is full and a newer block is there",
       {block(1, 0, 20), block(2, 20, 40), block(3, 40, 60), block(4, 60, 80)},
       "1 2 3"},
      {"a gap; the block after the span is the newest",
       {block(1, 0, 20), block(2, 20, 40), block(4, 60, 80)},
       ""},
      {"a gap; a block after the span that is not the newest",
       {block(1, 0, 20), block(2, 20, 40), block(4, 60, 80), block(5, 80, 100)},
       "1 2"},
      {"mixed sizes",
       {block(1, 0, 20), block(2, 20, 40), block(3, 40, 60), block(4, 60, 120), block(5, 120, 180)},
       "1 2 3"},
      {"20 + 60 + 60 into 180",
       {block(2, 20, 40), block(4, 60, 120), block(5, 960, 980), block(6, 120, 180),
        block(7, 720, 960)},
       "2 4 6"},
      {"many tombstones, but it is the newest block", {block(1, 0, 540, 10, 3)}, ""},
      {"many tombstones", {block(1, 0, 540, 10, 3), block(2, 540, 560)}, "1"},
      {"many tombstones in a small block", {block(1, 0, 60, 10, 3), block(2, 60, 80)}, ""},
      {"a small block of which all is deleted", {block(1, 0, 20, 3, 3), block(2, 20, 40)}, "1"},
      {"no series and no tombstones", {block(1, 0, 540, 0, 0), block(2, 540, 560)}, ""},
      {"newest by time, not by name",
       {block(5, 0, 360), block(6, 540, 560), block(7, 360, 420), block(8, 420, 540)},
       "7 8"},
      {"overlapping by one", {block(1, 0, 20), block(2, 19, 40), block(3, 40, 60)}, "1 2"},
      {"overlapping with the newest", {block(1, 0, 20), block(2, 20, 40), block(3, 30, 50)}, "2 3"},
      {"overlapping in a chain", {block(1, 0, 20), block(2, 10, 40), block(3, 30, 50)}, "1 2 3"},
      {"overlapping inside of a long one",
       {block(5, 0, 360), block(6, 340, 560), block(7, 360, 420), block(8, 420, 540)},
       "5 6 7 8"},
      {"two pairs that overlap: the first",
       {block(1, 0, 10), block(2, 9, 20), block(3, 30, 40), block(4, 39, 50)},
       "1 2"},
      {"two pairs that overlap, the first failed before",
       {failed(block(1, 0, 10)), block(2, 9, 20), block(3, 30, 40), block(4, 39, 50)},
       "3 4"},
      {"a failed block keeps its span from being tried",
       {failed(block(1, 0, 20)), block(2, 20, 40), block(3, 40, 60), block(4, 60, 80)},
       ""},
      {"a failed block in the past",
       {block(1, 0, 20), failed(block(2, 20, 40)), block(3, 60, 80), block(4, 80, 100)},
       ""},
      {"before 1970",
       {block(1, -60, -40), block(2, -40, -20), block(3, -20, 0), block(4, 0, 20)},
       "1 2 3"},
  };
  for (const Case& c : cases) {
    CAPTURE(c.what);
    CHECK(plan(c.blocks) == c.want);
  }
}

TEST_CASE("blocks that overlap stay apart where that is wanted") {
  const std::vector<BlockMeta> blocks{block(1, 0, 20), block(2, 10, 40), block(3, 60, 80)};
  CHECK(plan_compaction(blocks, kRanges, true).size() == 2);
  CHECK(plan_compaction(blocks, kRanges, false).empty());
}

TEST_CASE("spans of blocks grow by three up to the largest") {
  CHECK(block_ranges(20, 1000) == std::vector<DurationMs>{20, 60, 180, 540});
  CHECK(block_ranges(20, 540) == std::vector<DurationMs>{20, 60, 180, 540});
  CHECK(block_ranges(20, 10) == std::vector<DurationMs>{20});
  CHECK(block_ranges(1, 1'000'000'000).size() == 10);
}
