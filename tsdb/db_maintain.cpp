// The database's upkeep: head -> block, merging blocks, retention.
#include <algorithm>
#include <optional>

#include "core/error.h"
#include "core/log.h"
#include "tsdb/compact.h"
#include "tsdb/compact_plan.h"
#include "tsdb/db_state.h"

namespace hearth::tsdb {
namespace {

uint64_t head_bytes(const std::string& dir) {
  uint64_t bytes = 0;
  for (const char* part : {"/wal", "/wbl", "/chunks_head"}) {
    if (is_directory(dir + part)) bytes += dir_bytes(dir + part);
  }
  return bytes;
}

}  // namespace

// ---- head -> block -----------------------------------------------------------------------------

void Db::State::compact_head() {
  while (head.compactable()) {
    const TimeMs min = head.min_time();
    const DurationMs range = options.min_block_duration;
    const TimeMs max = (min >= 0 ? min / range : (min - range + 1) / range) * range + range;
    metrics.triggered.add();
    write_head_range(min, max);
    head.truncate(max);
    if (head.min_time() <= min)
      throw Error(ErrorKind::kInternal, "the head keeps samples that are in a block");
  }
}

// Writes the head's samples of [min, max) as a block of level 1.
void Db::State::write_head_range(TimeMs min, TimeMs max) {
  const DbMetrics::Run run(metrics, clock);
  BlockMeta meta;
  meta.ulid = make_ulid(clock.now());
  meta.min_time = min;
  meta.max_time = max;
  meta.sources = {meta.ulid};
  const auto series = head.series_chunks({min, max - 1});
  if (!write_block(dir, *series, meta, metrics.chunk_observer())) {
    log_info("write block resulted in empty block", "mint", min, "maxt", max);
    blocks.change(std::nullopt, {}, max);
    return;
  }
  blocks.change(meta.ulid, {}, max);
  log_info("write block", "mint", min, "maxt", max, "ulid", meta.ulid.text(), "duration",
           run.duration_text());
}

// ---- blocks -> block ---------------------------------------------------------------------------

void Db::State::compact_blocks() {
  for (;;) {
    const std::vector<Ulid> plan = plan_compaction(blocks.metas(), ranges);
    if (plan.empty() || !compact(plan)) return;
  }
}

// Returns whether more may be tried in this round.
bool Db::State::compact(const std::vector<Ulid>& plan) {
  std::vector<BlockPtr> sources;
  const BlockSnapshot snapshot = blocks.snapshot();
  for (const BlockPtr& block : *snapshot.blocks) {
    if (std::find(plan.begin(), plan.end(), block->meta().ulid) != plan.end())
      sources.push_back(block);
  }
  metrics.triggered.add();
  try {
    const DbMetrics::Run run(metrics, clock);
    const Ulid ulid = make_ulid(clock.now());
    if (!merge_blocks(dir, sources, ulid)) {
      log_info("compact blocks resulted in empty block", "count", sources.size());
      blocks.change(std::nullopt, plan);
      return true;
    }
    blocks.change(ulid, plan);
    log_info("compact blocks", "count", sources.size(), "mint", sources.front()->meta().min_time,
             "maxt", sources.back()->meta().max_time, "ulid", ulid.text(), "duration",
             run.duration_text());
    return true;
  } catch (const Error& e) {
    metrics.failed.add();
    log_error("Compaction of blocks failed", "count", sources.size(), "first",
              sources.front()->meta().ulid.text(), "err", e.what());
    if (e.kind() == ErrorKind::kIo) return false;  // a full disk, say: the blocks are good
    for (const BlockPtr& source : sources) {
      // A damaged one answers no more and is in no plan; the others can go on without it.
      if (e.kind() != ErrorKind::kCorrupt) source->mark_compaction_failed();
    }
    return std::any_of(sources.begin(), sources.end(), [](const BlockPtr& source) {
      return source->compaction_failed() || !source->in_service();
    });
  }
}

// ---- retention ---------------------------------------------------------------------------------

std::vector<BlockSize> Db::State::sizes() const {
  std::vector<BlockSize> sizes;
  for (const BlockPtr& block : *blocks.snapshot().blocks)
    sizes.push_back({block->meta().ulid, block->meta().max_time, block->bytes()});
  return sizes;
}

std::vector<Ulid> Db::State::beyond_retention() {
  std::vector<Ulid> gone = beyond_time(sizes(), options.retention);
  if (options.retention_bytes > 0) {
    const auto too_big = beyond_size(sizes(), options.retention_bytes, head_bytes(dir));
    gone.insert(gone.end(), too_big.begin(), too_big.end());
  }
  return gone;
}

void Db::State::apply_retention() {
  const auto by_time = beyond_time(sizes(), options.retention);
  if (!by_time.empty()) {
    metrics.time_retentions.add();
    blocks.change(std::nullopt, by_time);
  }
  if (options.retention_bytes == 0) return;
  const auto by_size = beyond_size(sizes(), options.retention_bytes, head_bytes(dir));
  if (!by_size.empty()) {
    metrics.size_retentions.add();
    blocks.change(std::nullopt, by_size);
  }
}

// ---- one round --------------------------------------------------------------------------------

void Db::maintain() {
  State& s = *state_;
  MutexLock lock(s.changing);
  const auto step = [&](void (State::*work)(), const char* what) {
    try {
      (s.*work)();
    } catch (const Error& e) {
      s.metrics.failed.add();
      log_error(what, "err", e.what());
    }
  };
  // Each goes on when the one before failed: a full disk must not keep old blocks from being
  // deleted.
  step(&State::apply_retention, "Retention failed");
  step(&State::compact_head, "Compaction of the head failed");
  step(&State::compact_blocks, "Compaction of blocks failed");
  step(&State::apply_retention, "Retention failed");
  s.metrics.set_lowest(s.oldest_time());
}

bool Db::maintenance_due() const {
  State& s = *state_;
  return s.head.compactable() || !plan_compaction(s.blocks.metas(), s.ranges).empty() ||
         !s.beyond_retention().empty();
}

}  // namespace hearth::tsdb
