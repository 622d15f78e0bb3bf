// What a database is made of; the verbs are db.cpp (opening, reading), db_maintain.cpp, db_admin.cpp.
#pragma once

#include <atomic>
#include <memory>
#include <string>
#include <vector>

#include "core/file.h"
#include "core/mutex.h"
#include "tsdb/block_set.h"
#include "tsdb/compact.h"
#include "tsdb/db.h"
#include "tsdb/db_metrics.h"
#include "tsdb/head.h"
#include "tsdb/retention.h"

namespace hearth::tsdb {

struct Db::State {
  State(std::string db_dir, const Options& db_options, const Clock& db_clock, Pool& pool,
        Registry& registry);

  const std::string dir;
  const Options options;
  const Clock& clock;
  const std::vector<DurationMs> ranges;  // of blocks, by level
  const BlockFormat format;
  const std::unique_ptr<DirLock> lock;
  DbMetrics metrics;
  BlockSet blocks;
  Head head;

  // Held by whoever makes or removes blocks or deletes samples: one at a time. Taken before all
  // other locks; the only one that is held over the disk.
  Mutex changing;

  Mutex limits_mutex;
  RetentionLimits limits GUARDED_BY(limits_mutex);
  std::atomic<int64_t> compactable_since{0};  // monotonic ns; 0: the head is not compactable

  TimeMs oldest_time() const;
  void require_replayed() const;  // Throws Error(kUnavailable).

  // ---- db_maintain.cpp
  std::vector<BlockSize> sizes() const;
  void compact_head();
  void write_head_range(TimeMs min, TimeMs max);
  void compact_out_of_order();  // db_out_of_order.cpp
  void compact_blocks();
  bool compact(const std::vector<Ulid>& plan);
  bool head_due();  // compactable, and has waited long enough
  std::vector<BlockMeta> mergeable() const;
  std::vector<Ulid> plan() const;
  void set_retention(const RetentionLimits& new_limits);
  std::vector<Ulid> beyond_time_limit();
  std::vector<Ulid> beyond_size_limit();
  void apply_retention();

  // ---- db_admin.cpp
  void clean_tombstones();
};

}  // namespace hearth::tsdb
