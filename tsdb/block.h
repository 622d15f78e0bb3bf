// A block: the samples of a span of time, whole and unchanging, in a directory of its own.
#pragma once

#include <atomic>
#include <memory>
#include <span>
#include <string>

#include "core/matcher.h"
#include "core/mutex.h"
#include "tsdb/block_chunks.h"
#include "tsdb/block_meta.h"
#include "tsdb/index_reader.h"
#include "tsdb/series_chunks.h"
#include "tsdb/tombstones.h"

namespace hearth::tsdb {

// Owned by shared_ptr: queries keep it alive when its directory has been deleted. Immutable but for
// what is deleted in it, and two flags. Thread-safe.
class Block {
 public:
  // Throws Error(kCorrupt), Error(kIo).
  explicit Block(std::string dir);

  const std::string& dir() const { return dir_; }
  const BlockMeta& meta() const { return meta_; }  // as it was opened
  BlockMeta current_meta() const;                  // with what has changed since
  const IndexReader& index() const { return index_; }
  const BlockChunksReader& chunks() const { return chunks_; }
  std::shared_ptr<const Tombstones> tombstones() const;
  uint64_t bytes() const { return bytes_.load(std::memory_order_relaxed); }
  // The times of its samples, closed.
  TimeRange range() const { return {meta_.min_time, meta_.max_time - 1}; }

  // Deletes the samples in `range` of the series that match all matchers; seen by whoever reads
  // tombstones() from then on. One thread at a time. Throws Error(kIo), then nothing is deleted.
  void delete_samples(std::span<const Matcher> matchers, TimeRange range) const;

  // Something in it is damaged: what is not is answered on. Returns a sentence for who misses it;
  // the first time a log line says so as well.
  std::string tell_damage(const std::string& what) const;

  // Throws Error(kExecution), and takes the block out of service, when pages of its files could not
  // be read: what was made of them meanwhile is worth nothing.
  void require_readable() const;
  // A block that is not answers no more, so that everything else can.
  bool in_service() const { return in_service_.load(std::memory_order_relaxed); }

  // What is mapped leaves memory, and comes back when it is read.
  void forget_pages() const {
    index_.forget_pages();
    chunks_.forget_pages();
  }

  // A block whose compaction failed is not tried again, also after a restart.
  bool compaction_failed() const { return compaction_failed_.load(std::memory_order_relaxed); }
  void mark_compaction_failed() const;

 private:
  const std::string dir_;
  const BlockMeta meta_;
  const IndexReader index_;
  const BlockChunksReader chunks_;
  mutable Mutex mutex_;
  mutable std::shared_ptr<const Tombstones> tombstones_ GUARDED_BY(mutex_);
  mutable std::atomic<uint64_t> bytes_;
  mutable std::atomic<bool> in_service_{true};
  mutable std::atomic<bool> damage_logged_{false};
  mutable std::atomic<bool> compaction_failed_;
};

// Reads `range` of the block as it is now; shares it. What is damaged is left out, with a warning.
std::unique_ptr<Querier> block_querier(std::shared_ptr<const Block> block, TimeRange range);

// The whole block for a compaction, without what is deleted. Throws Error(kCorrupt), and marks the
// block, where something is damaged: no compaction may make that loss final. Must not outlive the
// block.
std::unique_ptr<SeriesChunks> block_series_chunks(const Block& block);

}  // namespace hearth::tsdb
