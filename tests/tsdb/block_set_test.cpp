#include "tsdb/block_set.h"

#include <doctest/doctest.h>

#include "core/error.h"
#include "core/file.h"
#include "tests/tsdb/block_data.h"

using namespace hearth;
using namespace hearth::tsdb;

namespace {

Model one_series(const std::string& name, TimeMs from, TimeMs to) {
  Model model;
  auto& samples = model[Labels{{"__name__", name}}];
  for (TimeMs t = from; t < to; ++t) samples.push_back({t, static_cast<double>(t)});
  return model;
}

Ulid ulid_of(const std::string& block_dir) {
  return *parse_ulid(block_dir.substr(block_dir.rfind('/') + 1));
}

std::vector<Ulid> loaded(const BlockSet& set) {
  std::vector<Ulid> ulids;
  for (const BlockPtr& block : *set.snapshot().blocks) ulids.push_back(block->meta().ulid);
  return ulids;
}

}  // namespace

TEST_CASE("what an interrupted run left is removed at the start, and nothing else") {
  TempDir dir;
  const std::string block = write_model(dir.path(), one_series("a", 0, 10), 0, 10);
  for (const char* name :
       {"01ARZ3NDEKTSV4RRFFQ69G5FAV.tmp-for-creation",
        "01ARZ3NDEKTSV4RRFFQ69G5FAW.tmp-for-deletion", "01ARZ3NDEKTSV4RRFFQ69G5FAX.tmp",
        "other.tmp-for-creation", "wal", "frozen"})
    make_dirs(dir.path() + "/" + name + "/inside");
  write_file(dir.path() + "/01ARZ3NDEKTSV4RRFFQ69G5FAZ", "a file, no block");
  Registry registry;
  const BlockSet set(dir.path(), registry);
  CHECK(loaded(set) == std::vector<Ulid>{ulid_of(block)});
  CHECK(list_dir(dir.path()) == std::vector<std::string>{block.substr(block.rfind('/') + 1),
                                                         "01ARZ3NDEKTSV4RRFFQ69G5FAZ", "frozen",
                                                         "other.tmp-for-creation", "wal"});
  CHECK(set.snapshot().covered_until == 10);
}

TEST_CASE("a crash between a merged block and the end of its sources is healed at the start") {
  TempDir dir;
  const std::string a = write_model(dir.path(), one_series("a", 0, 10), 0, 10);
  const std::string b = write_model(dir.path(), one_series("a", 10, 20), 10, 20);
  const std::vector<BlockPtr> sources{std::make_shared<const Block>(a),
                                      std::make_shared<const Block>(b)};
  const Ulid merged = make_ulid(100);
  REQUIRE(merge_blocks(dir.path(), sources, merged));
  Registry registry;
  {
    const BlockSet set(dir.path(), registry);
    CHECK(loaded(set) == std::vector<Ulid>{merged});
  }
  CHECK(list_dir(dir.path()) == std::vector<std::string>{merged.text()});
}

TEST_CASE("sources stay while their merged block cannot be read") {
  TempDir dir;
  const std::string a = write_model(dir.path(), one_series("a", 0, 10), 0, 10);
  const std::string b = write_model(dir.path(), one_series("a", 10, 20), 10, 20);
  const std::vector<BlockPtr> sources{std::make_shared<const Block>(a),
                                      std::make_shared<const Block>(b)};
  const Ulid merged = make_ulid(100);
  REQUIRE(merge_blocks(dir.path(), sources, merged));
  const std::string index = dir.path() + "/" + merged.text() + "/index";
  write_file(index, read_file(index).substr(0, 100));
  Registry registry;
  const BlockSet set(dir.path(), registry);
  CHECK(loaded(set) == std::vector<Ulid>{ulid_of(a), ulid_of(b)});
  CHECK(is_directory(dir.path() + "/" + merged.text()));
}

TEST_CASE("deleted samples are not answered and not copied by a compaction") {
  TempDir dir;
  Model model = one_series("a", 0, 500);
  model.merge(one_series("b", 0, 500));
  const std::string path = write_model(dir.path(), model, 0, 500);
  Tombstones tombstones;
  {
    const Block block(path);
    const uint32_t ref = block.index().all()[0];
    add_interval(tombstones.by_series[ref], {100, 130});  // inside of chunks
    add_interval(tombstones.by_series[ref], {240, 359});  // one whole chunk
    add_interval(tombstones.by_series[ref], {480, 1000});
  }
  write_tombstones(path, tombstones);
  Model want = model;
  std::erase_if(want.begin()->second, [](const Sample& s) {
    return (s.t >= 100 && s.t <= 130) || (s.t >= 240 && s.t <= 359) || s.t >= 480;
  });

  auto block = std::make_shared<const Block>(path);
  CHECK(difference(read_model(*block_querier(block, {})), want) == "");
  const Ulid ulid = make_ulid(9);
  REQUIRE(merge_blocks(dir.path(), std::vector<BlockPtr>{block}, ulid));
  auto merged = std::make_shared<const Block>(dir.path() + "/" + ulid.text());
  CHECK(difference(read_model(*block_querier(merged, {})), want) == "");
  CHECK(merged->tombstones()->count() == 0);
}

TEST_CASE("a compaction that leaves nothing writes no block") {
  TempDir dir;
  const std::string path = write_model(dir.path(), one_series("a", 0, 50), 0, 50);
  Tombstones tombstones;
  add_interval(tombstones.by_series[Block(path).index().all()[0]], {0, 100});
  write_tombstones(path, tombstones);
  CHECK_FALSE(merge_blocks(dir.path(), std::vector<BlockPtr>{std::make_shared<const Block>(path)},
                           make_ulid(9)));
  CHECK(list_dir(dir.path()).size() == 1);
}

TEST_CASE("a block that fails while it is written leaves nothing") {
  for (int failing = 0;; ++failing) {
    TempDir dir;
    int operations = 0;
    set_file_hook([&](FileOp, const std::string&, size_t*) {
      if (operations++ == failing) throw Error(ErrorKind::kIo, "no space left");
    });
    bool failed = false;
    try {
      write_model(dir.path(), one_series("a", 0, 50), 0, 50);
    } catch (const Error&) {
      failed = true;
    }
    set_file_hook({});
    if (!failed) {
      CHECK(failing > 10);
      break;
    }
    Registry registry;
    const BlockSet set(dir.path(), registry);
    for (const BlockPtr& block : *set.snapshot().blocks)
      CHECK(difference(read_model(*block_querier(block, {})), one_series("a", 0, 50)) == "");
    CHECK(list_dir(dir.path()).size() == set.snapshot().blocks->size());
  }
}
