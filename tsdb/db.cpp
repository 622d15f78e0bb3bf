#include "tsdb/db.h"

#include <algorithm>

#include "tsdb/compact_plan.h"
#include "tsdb/db_state.h"
#include "tsdb/merge_queriers.h"

namespace hearth::tsdb {
namespace {

constexpr DurationMs kDay = 24LL * 3'600'000;

std::string with_dir(std::string dir) {
  make_dirs(dir);
  return dir;
}

DurationMs largest_block(const Options& options) {
  DurationMs largest = options.max_block_duration;
  if (largest == 0) {
    largest = 31 * kDay;
    if (options.retention.time > 0) largest = std::min(largest, options.retention.time / 10);
  }
  return std::max(largest, options.min_block_duration);
}

}  // namespace

Db::State::State(std::string db_dir, const Options& db_options, const Clock& db_clock, Pool& pool,
                 Registry& registry)
    : dir(with_dir(std::move(db_dir))),
      options(db_options),
      clock(db_clock),
      ranges(block_ranges(options.min_block_duration, largest_block(options))),
      format{options.chunk_segment_bytes, options.repack_samples},
      lock(options.use_lockfile ? std::make_unique<DirLock>(dir) : nullptr),
      metrics(registry, dir, options.live.out_of_order_window > 0),
      blocks(dir, registry),
      head(dir, options, blocks.snapshot().covered_until, clock, pool, registry) {
  set_retention(options.retention);
  metrics.clean_start.set(lock == nullptr ? -1 : lock->replaced() ? 0 : 1);
  metrics.set_lowest(oldest_time());
}

TimeMs Db::State::oldest_time() const {
  TimeMs oldest = std::min(head.min_time(), head.out_of_order_times().min);
  for (const BlockPtr& block : *blocks.snapshot().blocks)
    oldest = std::min(oldest, block->meta().min_time);
  return oldest;
}

Db::Db(std::string dir, const Options& options, const Clock& clock, Pool& pool, Registry& registry)
    : state_(std::make_unique<State>(std::move(dir), options, clock, pool, registry)) {}
Db::~Db() = default;

void Db::replay() {
  state_->head.replay();
  state_->metrics.set_lowest(state_->oldest_time());
}
void Db::stop_replay() { state_->head.stop_replay(); }
bool Db::is_replayed() const { return state_->head.is_replayed(); }
bool Db::takes_samples() const { return state_->head.takes_samples(); }
ReplayStatus Db::replay_status() const { return state_->head.replay_status(); }

Appender& Db::appender() { return state_->head.appender(); }
void Db::apply(const LiveOptions& live) { state_->head.apply(live); }

std::unique_ptr<Querier> Db::querier(TimeRange range) {
  // The head's truncation waits for head queriers of the time it forgets, once the block with it is
  // in the snapshot. So a head querier goes with the snapshot if that did not change meanwhile.
  for (;;) {
    const BlockSnapshot snapshot = state_->blocks.snapshot();
    // What came out of order may be of any time.
    const TimeRange in_head{
        std::min(snapshot.covered_until, state_->head.out_of_order_times().min), kMaxTime};
    std::unique_ptr<Querier> head;
    if (range.overlaps(in_head) && state_->head.is_replayed())
      head = state_->head.querier(range, snapshot.covered_until);
    if (state_->blocks.snapshot().version != snapshot.version) continue;

    std::vector<std::string> missing;
    for (const UnreadableBlock& block : *snapshot.unreadable) {
      if (block.range.overlaps(range)) missing.push_back(block.warning);
    }
    std::vector<QuerierPart> parts;
    for (const BlockPtr& block : *snapshot.blocks) {
      if (block->range().overlaps(range))
        parts.push_back({block_querier(block, range), block->range()});
    }
    if (head) parts.push_back({std::move(head), in_head});
    return merge_queriers(std::move(parts), std::move(missing));
  }
}

std::vector<ExemplarSeries> Db::exemplars(std::span<const std::vector<Matcher>> selectors,
                                          TimeRange range) {
  if (!is_replayed()) return {};
  return state_->head.exemplars(selectors, range);
}

HeadStats Db::head_stats() const { return state_->head.stats(); }
CardinalityStats Db::cardinality(size_t limit) const { return state_->head.cardinality(limit); }
TimeMs Db::oldest_time() const { return state_->oldest_time(); }
const std::string& Db::dir() const { return state_->dir; }

}  // namespace hearth::tsdb
