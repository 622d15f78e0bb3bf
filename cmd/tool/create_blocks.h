// What the verbs of `tsdb create-blocks-from` share: blocks are made of what an import got, and
// told.
#pragma once

#include <functional>

#include "cmd/tool/block_import.h"
#include "cmd/tool/command_line.h"

namespace hearth {

// Calls `fill`, writes the blocks into `dir` and prints them as --quiet and --human-readable want.
// Returns the exit code; where something fails, nothing is left in `dir`.
int create_blocks_in(const CommandInput& input, const std::string& dir,
                     const std::function<void(BlockImport& import)>& fill);

}  // namespace hearth
