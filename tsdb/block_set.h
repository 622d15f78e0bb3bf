// The blocks of a data directory, and how they come and go.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "core/metrics.h"
#include "core/mutex.h"
#include "tsdb/block.h"

namespace hearth::tsdb {

using BlockPtr = std::shared_ptr<const Block>;

// A block that could not be opened, and whose samples no other has.
struct UnreadableBlock {
  TimeRange range;  // closed; all times where meta.json cannot be read either
  std::string warning;
};

// What a reader works with: it keeps its blocks alive, whatever happens to their directories.
struct BlockSnapshot {
  std::shared_ptr<const std::vector<BlockPtr>> blocks;  // by min_time
  std::shared_ptr<const std::vector<UnreadableBlock>> unreadable;
  TimeMs covered_until = kMinTime;  // older samples are asked of blocks only, not of the head
  uint64_t version = 0;             // grows with each change
};

// snapshot() is thread-safe; the rest is for one thread.
class BlockSet {
 public:
  // Removes what an interrupted run left half written or half deleted, opens every block, and
  // deletes those whose merged block is there. A block that cannot be opened is logged, counted and
  // left alone.
  BlockSet(std::string dir, Registry& registry);

  BlockSnapshot snapshot() const;
  std::vector<BlockMeta> metas() const;  // of the blocks in service

  // One step for readers: opens block `added`, drops `removed`, raises covered_until. Where `added`
  // cannot be opened it is deleted and the error thrown on, with nothing changed. Then deletes the
  // directories of `removed`; one that cannot be deleted is logged and tried again at the next
  // start.
  void change(std::optional<Ulid> added, std::span<const Ulid> removed,
              TimeMs covered_until = kMinTime);

 private:
  void remove_leftovers();
  // Also says which cannot be opened, and why.
  std::vector<BlockPtr> open_all(std::map<std::string, std::string>& failed);
  std::vector<UnreadableBlock> missing(const std::map<std::string, std::string>& failed,
                                       const std::vector<BlockPtr>& blocks) const;
  BlockPtr open(const std::string& block_dir);
  void publish(std::vector<BlockPtr> blocks, TimeMs covered_until);
  void delete_dir(const std::string& block_dir);

  const std::string dir_;
  mutable Mutex mutex_;
  BlockSnapshot current_ GUARDED_BY(mutex_);
  Gauge loaded_, bytes_, symbol_bytes_;
  Counter reloads_, reload_failures_;
};

}  // namespace hearth::tsdb
