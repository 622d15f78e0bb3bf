// The database's upkeep: head -> block, merging blocks, retention.
#include <algorithm>
#include <optional>

#include "core/error.h"
#include "core/log.h"
#include "core/threads.h"
#include "tsdb/compact.h"
#include "tsdb/compact_plan.h"
#include "tsdb/db_state.h"
#include "tsdb/upload_list.h"

namespace hearth::tsdb {
namespace {

bool overlap(const std::vector<BlockPtr>& blocks) {  // by min_time
  TimeMs max = kMinTime;
  for (const BlockPtr& block : blocks) {
    if (block->meta().min_time < max) return true;
    max = std::max(max, block->meta().max_time);
  }
  return false;
}

uint64_t head_bytes(const std::string& dir) {
  uint64_t bytes = 0;
  for (const char* part : {"/wal", "/wbl", "/chunks_head"}) {
    if (is_directory(dir + part)) bytes += dir_bytes(dir + part);
  }
  return bytes;
}

}  // namespace

// ---- head -> block -----------------------------------------------------------------------------

bool Db::State::head_due() {
  if (!head.compactable()) {
    compactable_since = 0;
    return false;
  }
  const int64_t now = clock.monotonic_nanos();
  int64_t since = 0;
  compactable_since.compare_exchange_strong(since, now);  // `since` stays 0 when it was
  return (since == 0 ? 0 : now - since) >= options.compaction_delay * 1'000'000;
}

void Db::State::compact_head() {
  bool compacted = false;
  for (; head_due(); compacted = true) {
    const TimeMs min = head.min_time();
    const DurationMs range = options.min_block_duration;
    const TimeMs max = (min >= 0 ? min / range : (min - range + 1) / range) * range + range;
    metrics.triggered.add();
    write_head_range(min, max);
    head.truncate(max);
    if (head.min_time() <= min)
      throw Error(ErrorKind::kInternal, "the head keeps samples that are in a block");
  }
  if (compacted) compact_out_of_order();
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
  if (!write_block(dir, *series, meta, metrics.chunk_observer(), format)) {
    log_info("write block resulted in empty block", "mint", min, "maxt", max);
    blocks.change(std::nullopt, {}, max);
    return;
  }
  blocks.change(meta.ulid, {}, max);
  log_info("write block", "mint", min, "maxt", max, "ulid", meta.ulid.text(), "duration",
           run.duration_text());
}

// ---- blocks -> block ---------------------------------------------------------------------------

// The blocks that may be merged: those of the head not before they are uploaded, where a file says
// what is.
std::vector<BlockMeta> Db::State::mergeable() const {
  std::vector<BlockMeta> metas = blocks.metas();
  // Merged with others these would claim a time range of which the head still has samples.
  const TimeMs covered_until = blocks.snapshot().covered_until;
  std::erase_if(metas, [&](const BlockMeta& meta) {
    return is_from_out_of_order(meta) && meta.max_time > covered_until;
  });
  if (options.delay_compact_file.empty()) return metas;
  try {
    return before_first_pending(std::move(metas), read_uploaded(options.delay_compact_file));
  } catch (const Error& e) {
    log_warn("cannot read TSDB upload meta file", "path", options.delay_compact_file, "err",
             e.what());
    return metas;
  }
}

std::vector<Ulid> Db::State::plan() const {
  return plan_compaction(mergeable(), ranges, options.allow_overlapping_compaction);
}

void Db::State::compact_blocks() {
  for (;;) {
    const std::vector<Ulid> next = plan();
    if (next.empty() || !compact(next)) return;
    if (head_due()) {
      log_info("aborting block compactions to persist the head block");
      return;
    }
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
  if (overlap(sources)) metrics.vertical_compactions.add();
  try {
    const DbMetrics::Run run(metrics, clock);
    const Ulid ulid = make_ulid(clock.now());
    bool any = false;
    run_in_background("compaction", [&] { any = merge_blocks(dir, sources, ulid, format); });
    if (!any) {
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
    // A damaged one is in no plan any more; the others can go on without it.
    const bool any_damaged = std::any_of(sources.begin(), sources.end(), [](const BlockPtr& source) {
      return source->compaction_failed() || !source->in_service();
    });
    for (const BlockPtr& source : sources) {
      if (!any_damaged) source->mark_compaction_failed();
    }
    return true;
  }
}

// ---- retention ---------------------------------------------------------------------------------

std::vector<BlockSize> Db::State::sizes() const {
  std::vector<BlockSize> sizes;
  for (const BlockPtr& block : *blocks.snapshot().blocks)
    sizes.push_back({block->meta().ulid, block->meta().max_time, block->bytes()});
  return sizes;
}

void Db::State::set_retention(const RetentionLimits& new_limits) {
  {
    MutexLock lock(limits_mutex);
    limits = new_limits;
  }
  metrics.retention_limit_seconds.set(static_cast<double>(new_limits.time) / 1000);
  metrics.retention_limit_bytes.set(static_cast<double>(new_limits.bytes));
  metrics.retention_limit_percentage.set(new_limits.percentage);
}

void Db::set_retention(const RetentionLimits& limits) { state_->set_retention(limits); }

std::vector<Ulid> Db::State::beyond_time_limit() {
  MutexLock lock(limits_mutex);
  return beyond_time(sizes(), limits.time);
}

std::vector<Ulid> Db::State::beyond_size_limit() {
  RetentionLimits now;
  {
    MutexLock lock(limits_mutex);
    now = limits;
  }
  const uint64_t bytes = size_limit(now, now.percentage > 0 ? file_system_bytes(dir) : 0);
  return bytes == 0 ? std::vector<Ulid>() : beyond_size(sizes(), bytes, head_bytes(dir));
}

void Db::State::apply_retention() {
  if (const auto gone = beyond_time_limit(); !gone.empty()) {
    metrics.time_retentions.add();
    blocks.change(std::nullopt, gone);
  }
  if (const auto gone = beyond_size_limit(); !gone.empty()) {
    metrics.size_retentions.add();
    blocks.change(std::nullopt, gone);
  }
}

// ---- one round --------------------------------------------------------------------------------

void Db::maintain() {
  State& s = *state_;
  if (!s.head.is_replayed()) return;
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
  if (!s.head.is_replayed()) return false;
  return s.head_due() || !s.plan().empty() || !s.beyond_time_limit().empty() ||
         !s.beyond_size_limit().empty();
}

}  // namespace hearth::tsdb
