#include "tsdb/upload_list.h"

#include <doctest/doctest.h>

#include "core/error.h"
#include "core/file.h"

using namespace hearth;
using namespace hearth::tsdb;

namespace {

BlockMeta block(uint8_t name, int level) {
  BlockMeta meta;
  meta.ulid.bytes[15] = name;
  meta.level = level;
  return meta;
}

std::string names(const std::vector<BlockMeta>& blocks) {
  std::string text;
  for (const BlockMeta& meta : blocks) text += std::to_string(meta.ulid.bytes[15]) + " ";
  return text;
}

}  // namespace

TEST_CASE("fresh blocks are merged once all before them are uploaded; merged ones need not be") {
  const std::vector<BlockMeta> blocks{block(4, 1), block(1, 2), block(3, 1), block(2, 1)};
  const auto uploaded = [](std::initializer_list<uint8_t> list) {
    std::set<Ulid> set;
    for (const uint8_t name : list) set.insert(block(name, 1).ulid);
    return set;
  };
  CHECK(names(before_first_pending(blocks, uploaded({}))) == "1 ");
  CHECK(names(before_first_pending(blocks, uploaded({2}))) == "1 2 ");
  CHECK(names(before_first_pending(blocks, uploaded({2, 4}))) == "1 2 ");
  CHECK(names(before_first_pending(blocks, uploaded({2, 3, 4}))) == "1 2 3 4 ");
}

TEST_CASE("the list is Thanos' file") {
  TempDir dir;
  const std::string path = dir.path() + "/thanos.shipper.json";
  write_file(path, "{\n\t\"version\": 1,\n\t\"uploaded\": [\"01HF8C8ZB0X1W5P2HAVWN1C6M7\"]\n}");
  CHECK(read_uploaded(path) == std::set<Ulid>{*parse_ulid("01HF8C8ZB0X1W5P2HAVWN1C6M7")});
  write_file(path, "{\"version\":1}");
  CHECK(read_uploaded(path).empty());
  for (const char* broken : {"", "[", "{\"uploaded\":[1]}"}) {
    write_file(path, broken);
    CHECK_THROWS_AS(read_uploaded(path), Error);
  }
  CHECK_THROWS_AS(read_uploaded(dir.path() + "/none"), Error);
}
