// What a database is made of; the verbs are db.cpp (opening, reading), db_maintain.cpp, db_admin.cpp.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "core/file.h"
#include "core/mutex.h"
#include "tsdb/block_set.h"
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
  const std::unique_ptr<DirLock> lock;
  DbMetrics metrics;
  BlockSet blocks;
  Head head;

  // Held by whoever makes or removes blocks or deletes samples: one at a time. Taken before all
  // other locks; the only one that is held over the disk.
  Mutex changing;

  TimeMs oldest_time() const;

  // ---- db_maintain.cpp
  std::vector<BlockSize> sizes() const;
  void compact_head();
  void write_head_range(TimeMs min, TimeMs max);
  void compact_blocks();
  bool compact(const std::vector<Ulid>& plan);
  std::vector<Ulid> beyond_retention();
  void apply_retention();

  // ---- db_admin.cpp
  void clean_tombstones();
};

}  // namespace hearth::tsdb
