// A data directory for readers only, also while a server works on it: blocks are read in place, the
// log is copied aside and replayed there, and only when a query reaches beyond the blocks.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "core/metrics.h"
#include "core/mutex.h"
#include "core/storage.h"
#include "core/threads.h"
#include "tsdb/block.h"
#include "tsdb/db.h"

namespace hearth::tsdb {

// Thread-safe.
class ReadOnlyDb final : public Queryable {
 public:
  // `sandbox_root`: where the copy of the log goes, "" = the system's folder for such. It vanishes
  // with this. Throws Error(kIo) for what is no directory. `pool` and `registry` must outlive it.
  ReadOnlyDb(std::string dir, std::string sandbox_root, Pool& pool, Registry& registry);
  ~ReadOnlyDb() override;

  std::unique_ptr<Querier> querier(TimeRange range) override;

 private:
  void open_blocks();
  Db* head();

  const std::string dir_, sandbox_root_;
  Pool& pool_;
  Registry& registry_;
  std::vector<std::shared_ptr<const Block>> blocks_;  // by min_time
  TimeMs covered_until_ = kMinTime;                   // what is older stands in blocks
  Mutex mutex_;
  std::string sandbox_ GUARDED_BY(mutex_);
  std::unique_ptr<Db> head_ GUARDED_BY(mutex_);
  bool head_tried_ GUARDED_BY(mutex_) = false;
};

}  // namespace hearth::tsdb
