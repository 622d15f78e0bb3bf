#include "tsdb/upload_list.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "core/error.h"
#include "core/file.h"

namespace hearth::tsdb {

std::set<Ulid> read_uploaded(const std::string& path) {
  std::set<Ulid> uploaded;
  try {
    const auto json = nlohmann::json::parse(read_file(path));
    const auto list = json.find("uploaded");
    if (list == json.end() || list->is_null()) return uploaded;
    for (const auto& name : *list) {
      if (const auto ulid = parse_ulid(name.get<std::string>())) uploaded.insert(*ulid);
    }
  } catch (const nlohmann::json::exception& e) {
    throw Error(ErrorKind::kCorrupt, path + ": " + e.what());
  }
  return uploaded;
}

std::vector<BlockMeta> before_first_pending(std::vector<BlockMeta> blocks,
                                            const std::set<Ulid>& uploaded) {
  std::sort(blocks.begin(), blocks.end(),
            [](const BlockMeta& a, const BlockMeta& b) { return a.ulid < b.ulid; });
  blocks.erase(std::find_if(blocks.begin(), blocks.end(),
                            [&](const BlockMeta& block) {
                              return block.level <= 1 && uploaded.count(block.ulid) == 0;
                            }),
               blocks.end());
  return blocks;
}

}  // namespace hearth::tsdb
