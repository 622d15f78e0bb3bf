#include "tsdb/block.h"

#include <algorithm>

#include "core/error.h"
#include "core/file.h"
#include "core/log.h"
#include "core/mapped_fault.h"
#include "tsdb/chunk_builder.h"

namespace hearth::tsdb {
namespace {

// One thread.
class BlockSeriesChunks final : public SeriesChunks {
 public:
  explicit BlockSeriesChunks(const Block& block) : block_(block), deleted_(block.tombstones()) {}

  bool next() override {
    try {
      block_.require_readable();  // what was read the last time has been copied only now
      if (next_ == 0) refs_ = block_.index().all();
      do {
        if (next_ == refs_.size()) return false;
        load(refs_[next_++]);
      } while (chunks_.empty());
    } catch (const Error& e) {
      block_.require_readable();
      if (e.kind() == ErrorKind::kCorrupt) {
        block_.tell_damage(e.what());
        block_.mark_compaction_failed();
      }
      throw;
    }
    return true;
  }
  LabelsView labels() const override { return LabelsView(labels_.flat()); }
  std::span<const ChunkView> chunks() const override { return chunks_; }

 private:
  void load(uint32_t ref) {
    chunks_.clear();
    rewritten_.clear();
    block_.index().series(ref, labels_, metas_);
    const Intervals* deleted = deleted_->of(ref);
    for (const ChunkMeta& meta : metas_) {
      forget_before(meta.ref);
      const auto [encoding, bytes] = block_.chunks().chunk(meta.ref);
      const ChunkView chunk{meta.min_time, meta.max_time, encoding, bytes};
      if (deleted == nullptr) {
        chunks_.push_back(chunk);
      } else {
        add_undeleted(chunk, *deleted);
      }
    }
  }

  // Chunks lie in the order of the series: what is read and done with need not stay resident.
  void forget_before(uint64_t ref) {
    if (ref >> 32 != forgotten_ >> 32) forgotten_ = ref;
    if (ref < forgotten_ + 2 * kKeptBytes) return;
    block_.chunks().forget(forgotten_, ref - kKeptBytes);
    forgotten_ = ref - kKeptBytes;
  }

  void add_undeleted(const ChunkView& chunk, const Intervals& deleted) {
    const TimeRange range{chunk.min_time, chunk.max_time};
    bool touched = false;
    for (const TimeRange& interval : deleted) {
      if (interval.min <= range.min && interval.max >= range.max) return;
      touched = touched || interval.overlaps(range);
    }
    if (!touched) {
      chunks_.push_back(chunk);
      return;
    }
    columns_.clear();
    decode_chunk(chunk.encoding, chunk.bytes, range, columns_);
    cut_intervals(deleted, columns_);
    rewritten_.build(columns_, chunks_);
  }

  static constexpr uint64_t kKeptBytes = 4 << 20;
  const Block& block_;
  const std::shared_ptr<const Tombstones> deleted_;
  uint64_t forgotten_ = 0;
  PostingsView refs_;
  size_t next_ = 0;
  NeighbourLabels labels_;
  std::vector<ChunkMeta> metas_;
  std::vector<ChunkView> chunks_;
  ChunkBuilder rewritten_;
  Columns columns_;
};

}  // namespace

Block::Block(std::string dir)
    : dir_(std::move(dir)),
      meta_(read_block_meta(dir_)),
      index_(dir_ + "/index"),
      chunks_(dir_ + "/chunks"),
      tombstones_(std::make_shared<const Tombstones>(read_tombstones(dir_))),
      bytes_(dir_bytes(dir_)),
      compaction_failed_(meta_.failed) {}

void Block::require_readable() const {
  if (mapped_faults() == 0) return;
  const bool index_lost = index_.lost_pages();
  if (!index_lost && !chunks_.lost_pages()) return;
  const std::string what = "a part of " + dir_ + (index_lost ? "/index" : "/chunks") +
                           " cannot be read: the disk failed, or the file was made shorter";
  if (in_service_.exchange(false)) {
    log_error("Block answers no more; restore it from a backup or remove it", "block", dir_, "err",
              what);
  }
  throw Error(ErrorKind::kExecution, what);
}

std::string Block::tell_damage(const std::string& what) const {
  if (!damage_logged_.exchange(true)) {
    log_error(
        "A part of a block is damaged and left out of answers; hearthtool tsdb verify lists all "
        "that is, restore the block from a backup or let it repair the block",
        "block", dir_, "err", what);
  }
  return "block " + meta_.ulid.text() + " is damaged, what could not be read is left out: " + what;
}

std::shared_ptr<const Tombstones> Block::tombstones() const {
  MutexLock lock(mutex_);
  return tombstones_;
}

BlockMeta Block::current_meta() const {
  BlockMeta meta = meta_;
  meta.failed = compaction_failed();
  meta.stats.tombstones = tombstones()->count();
  return meta;
}

void Block::delete_samples(std::span<const Matcher> matchers, TimeRange range) const {
  auto deleted = std::make_shared<Tombstones>(*tombstones());
  bool any = false;
  NeighbourLabels labels;
  std::vector<ChunkMeta> chunks;
  for (const uint32_t ref : select_series(index_, matchers)) {
    index_.series(ref, labels, chunks);
    TimeRange cut{kMaxTime, kMinTime};  // as far as the series goes
    for (const ChunkMeta& chunk : chunks) {
      if (!range.overlaps({chunk.min_time, chunk.max_time})) continue;
      cut.min = std::min(cut.min, std::max(range.min, chunk.min_time));
      cut.max = std::max(cut.max, std::min(range.max, chunk.max_time));
    }
    if (cut.min > cut.max) continue;
    add_interval(deleted->by_series[ref], cut);
    any = true;
  }
  if (!any) return;
  write_tombstones(dir_, *deleted);
  {
    MutexLock lock(mutex_);
    tombstones_ = std::move(deleted);
  }
  write_block_meta(dir_, current_meta());
  bytes_ = dir_bytes(dir_);
}

void Block::mark_compaction_failed() const {
  if (compaction_failed_.exchange(true)) return;
  try {
    write_block_meta(dir_, current_meta());
  } catch (const Error& e) {
    log_warn("Block cannot be marked as failed", "block", dir_, "err", e.what());
  }
}

std::unique_ptr<SeriesChunks> block_series_chunks(const Block& block) {
  return std::make_unique<BlockSeriesChunks>(block);
}

}  // namespace hearth::tsdb
