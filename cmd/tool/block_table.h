// The table of blocks that `tsdb list` and `tsdb create-blocks-from` print.
#pragma once

#include <string>
#include <vector>

#include "tsdb/block_meta.h"

namespace hearth {

struct BlockLine {
  tsdb::BlockMeta meta;
  uint64_t bytes = 0;
};
// `human`: times as dates, sizes with units. One line for each, below a heading.
std::string block_table(const std::vector<BlockLine>& blocks, bool human);

// Go's tabwriter: columns as wide as their widest cell and `padding`, at least `min_width`.
std::string columns_text(const std::vector<std::vector<std::string>>& rows, size_t min_width,
                         size_t padding);

// 715B, 1KiB301B: as Go's units write them.
std::string binary_bytes_text(uint64_t bytes);

}  // namespace hearth
