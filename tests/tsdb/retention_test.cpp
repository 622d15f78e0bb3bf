#include "tsdb/retention.h"

#include <doctest/doctest.h>

#include <string>

using namespace hearth;
using namespace hearth::tsdb;

namespace {

BlockSize block(uint8_t name, TimeMs max, uint64_t bytes) {
  BlockSize size{{}, max, bytes};
  size.ulid.bytes[15] = name;
  return size;
}

std::string names(const std::vector<Ulid>& ulids) {
  std::string text;
  for (const Ulid& ulid : ulids) text += std::to_string(ulid.bytes[15]) + " ";
  return text;
}

const std::vector<BlockSize> kBlocks{block(1, 100, 10), block(3, 300, 30), block(2, 200, 20)};

}  // namespace

TEST_CASE("retention by time counts from the newest block and takes whole blocks") {
  CHECK(names(beyond_time(kBlocks, 0)) == "");
  CHECK(names(beyond_time(kBlocks, 201)) == "");
  CHECK(names(beyond_time(kBlocks, 200)) == "1 ");
  CHECK(names(beyond_time(kBlocks, 100)) == "2 1 ");
  CHECK(names(beyond_time(kBlocks, 1)) == "2 1 ");
  CHECK(names(beyond_time({block(1, 100, 10)}, 1)) == "");
  CHECK(names(beyond_time({}, 1)) == "");
}

TEST_CASE("retention by size keeps the newest blocks that fit beside the head") {
  CHECK(names(beyond_size(kBlocks, 0, 1000)) == "");
  CHECK(names(beyond_size(kBlocks, 60, 0)) == "");
  CHECK(names(beyond_size(kBlocks, 59, 0)) == "1 ");
  CHECK(names(beyond_size(kBlocks, 60, 1)) == "1 ");
  CHECK(names(beyond_size(kBlocks, 49, 0)) == "2 1 ");
  CHECK(names(beyond_size(kBlocks, 29, 0)) == "3 2 1 ");
}

TEST_CASE("a percentage of the file system takes the place of a limit in bytes") {
  CHECK(size_limit({0, 0, 0}, 1000) == 0);
  CHECK(size_limit({0, 70, 0}, 1000) == 70);
  CHECK(size_limit({0, 70, 12.5}, 1000) == 125);
  CHECK(size_limit({0, 70, 12.5}, 0) == 70);
  CHECK(size_limit({0, 0, 0.001}, 1000) == 1);
}
