#include "cmd/tool/create_blocks.h"

#include "cmd/tool/block_table.h"
#include "cmd/tool/exit_code.h"
#include "cmd/tool/progress.h"

namespace hearth {

int create_blocks_in(const CommandInput& input, const std::string& dir,
                     const std::function<void(BlockImport& import)>& fill) {
  return exit_code_of([&] {
    BlockImport import(dir);
    fill(import);
    std::vector<BlockLine> blocks;
    {
      Progress progress("writing blocks", 0);
      import.finish([&](const BlockLine& block) {
        blocks.push_back(block);
      progress.at(0, fmt::format("{} blocks", blocks.size()));
    });
    }
    if (!input.on("quiet") && !blocks.empty()) {
    fmt::print("{}", block_table(blocks, input.on("human-readable")));
    }
    if (import.left_out() > 0) {
    fmt::print(stderr,
               "{} samples were left out: they are not newer than others of their series in the "
               "same two hours\n",
               import.left_out());
    }
    return 0;
});
}

}  // namespace hearth
