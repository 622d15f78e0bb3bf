// For a process that reads blocks once and ends: pages of mapped files that it has read leave its
// memory again. Else it would come to hold what it has touched, and the neighbourhood of that.
#pragma once

#include <memory>
#include <vector>

#include "core/storage.h"
#include "tsdb/block.h"

namespace hearth::tsdb {

// As block_querier(); afterwards nothing of the index stays.
std::unique_ptr<Querier> block_querier_once(std::shared_ptr<const Block> block, TimeRange range);

// As `querier`, which reads these blocks; what its sets read stays for some megabytes only.
std::unique_ptr<Querier> read_once(std::unique_ptr<Querier> querier,
                                   std::vector<std::shared_ptr<const Block>> blocks);

}  // namespace hearth::tsdb
