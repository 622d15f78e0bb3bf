// hearthtool tsdb list: the blocks of a data directory.
#include <algorithm>

#include "cmd/tool/block_table.h"
#include "cmd/tool/commands.h"
#include "cmd/tool/data_dir.h"
#include "cmd/tool/exit_code.h"
#include "core/file.h"

namespace hearth {
namespace {

int list(const CommandInput& input) {
  return exit_code_of([&] {
    const std::string dir = data_dir_argument(input);
    std::vector<BlockLine> blocks;
    for (const std::string& name : list_dir(dir)) {
      const std::string path = dir + "/" + name;
      if (!tsdb::parse_ulid(name) || !is_directory(path)) continue;
      blocks.push_back({tsdb::read_block_meta(path), dir_bytes(path)});
    }
    std::stable_sort(blocks.begin(), blocks.end(), [](const BlockLine& a, const BlockLine& b) {
      return a.meta.min_time < b.meta.min_time;
    });
    fmt::print("{}", block_table(blocks, input.on("human-readable")));
    return 0;
  });
}

}  // namespace

Command tsdb_list_command() {
  return {"tsdb list",
          "List tsdb blocks.",
          {{.name = "human-readable", .help = "Print human readable values.", .letter = 'r'}},
          {{.name = "db path", .help = "Database path (default is data/).", .optional = true}},
          list};
}

}  // namespace hearth
