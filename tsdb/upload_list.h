// The file in which an uploader (Thanos' sidecar) lists the blocks that it has copied elsewhere:
// --storage.tsdb.delay-compact-file.path. A fresh block is not merged before it is there.
#pragma once

#include <set>
#include <string>
#include <vector>

#include "tsdb/block_meta.h"

namespace hearth::tsdb {

// thanos.shipper.json: {"version":1,"uploaded":["01J...",...]}. Throws Error(kIo), Error(kCorrupt).
std::set<Ulid> read_uploaded(const std::string& path);

// The blocks before the first one, in the order of their names, that is of level 1 and not uploaded.
std::vector<BlockMeta> before_first_pending(std::vector<BlockMeta> blocks,
                                            const std::set<Ulid>& uploaded);

}  // namespace hearth::tsdb
