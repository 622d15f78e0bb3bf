// A data directory for readers only, also while a server works on it: blocks and logs are read in
// place, and of the blocks only those that a query is about.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "core/storage.h"
#include "core/threads.h"
#include "tsdb/block_meta.h"
#include "tsdb/log_files.h"

namespace hearth::tsdb {

// Immutable, thread-safe.
class ReadOnlyDb final : public Queryable {
 public:
  // `pool` must outlive it. Throws Error(kIo) for what is no directory.
  ReadOnlyDb(std::string dir, Pool& pool, OnLogRead on_log_read = {});

  // Each sees the directory as it is at that moment. Throws Error(kIo), Error(kCorrupt).
  std::unique_ptr<Querier> querier(TimeRange range) override;

 private:
  struct Listed {
    std::string name;
    BlockMeta meta;
    TimeRange covers() const { return {meta.min_time, meta.max_time - 1}; }
  };
  std::vector<Listed> list_blocks() const;

  const std::string dir_;
  Pool& pool_;
  const OnLogRead on_log_read_;
};

}  // namespace hearth::tsdb
