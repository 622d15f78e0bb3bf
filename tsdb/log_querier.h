// The samples of a data directory that are in no block yet, read from its logs where they lie.
#pragma once

#include <memory>

#include "core/storage.h"
#include "core/threads.h"
#include "tsdb/log_files.h"

namespace hearth::tsdb {

// `pool` helps, and must outlive it. Samples of wal/ that are older than `covered_until` stand in
// blocks, and are not given.
std::unique_ptr<Querier> log_querier(std::shared_ptr<const LogFiles> files, Pool& pool,
                                     TimeMs covered_until, TimeRange range);

}  // namespace hearth::tsdb
