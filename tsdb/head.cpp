#include "tsdb/head.h"

#include <algorithm>

#include "core/error.h"
#include "core/file.h"
#include "tsdb/head_state.h"

namespace hearth::tsdb {
namespace {

void keep_largest(std::vector<NameValueCount>& counts, size_t limit) {
  std::sort(counts.begin(), counts.end(), [](const NameValueCount& a, const NameValueCount& b) {
    return a.value != b.value ? a.value > b.value : a.name < b.name;
  });
  if (counts.size() > limit) counts.resize(limit);
}

}  // namespace

HeadState::HeadState(const std::string& db_dir, const Options& head_options, TimeMs first_valid_time,
                     const Clock& the_clock, Pool& work, Registry& registry)
    : dir(db_dir),
      log_dir(dir + "/wal"),
      options(head_options),
      clock(the_clock),
      metrics(registry),
      admission(options.max_memory, clock, registry),
      sealed(dir + "/chunks_head", epoch, work, registry),
      exemplars(registry),
      chunks(options, pool, sealed, extras),
      sets(pool, epoch),
      table(epoch),
      index(sets, pool, epoch),
      late(*this, dir, options, registry),
      min_valid_time(first_valid_time),
      in_blocks_until(first_valid_time) {
  make_dirs(log_dir);
  appender = make_gated_appender(*this);
  apply(options.live);
}

void HeadState::apply(const LiveOptions& live) {
  out_of_order_window.store(std::max<DurationMs>(live.out_of_order_window, 0));
  chunks.set_float_encoding(live.float_encoding);
  exemplars.configure(live.max_exemplars, live.out_of_order_window);
}

// What the registry holds of us, as it lives longer.
struct Head::Link {
  Mutex mutex;
  HeadState* state GUARDED_BY(mutex) = nullptr;
};

Head::Head(const std::string& dir, const Options& options, TimeMs min_valid_time,
           const Clock& clock, Pool& pool, Registry& registry)
    : pool_(pool),
      registry_(registry),
      state_(std::make_unique<HeadState>(dir, options, min_valid_time, clock, pool, registry)),
      link_(std::make_shared<Link>()) {
  if (!options.replay_in_background) replay();
  {
    MutexLock lock(link_->mutex);
    link_->state = state_.get();
  }
  registry.on_collect([link = link_] {
    MutexLock lock(link->mutex);
    if (link->state != nullptr) link->state->refresh_gauges();
  });
}
Head::~Head() {
  {
    MutexLock lock(link_->mutex);
    link_->state = nullptr;
  }
  guard("write a memory snapshot", [&] { state_->write_snapshot(pool_); });
}

void Head::replay() { state_->replay(pool_, registry_); }
void Head::stop_replay() { state_->gate.stop(); }
bool Head::is_replayed() const { return state_->gate.is_whole(); }
bool Head::takes_samples() const { return state_->gate.lets_in(); }
ReplayStatus Head::replay_status() const { return state_->gate.status(); }

Appender& Head::appender() { return *state_->appender; }

void Head::apply(const LiveOptions& live) {
  state_->apply(live);
}

std::unique_ptr<Querier> Head::querier(TimeRange range, TimeMs in_order_from) {
  return make_head_querier(*state_, range, in_order_from);
}

std::unique_ptr<SeriesChunks> Head::series_chunks(TimeRange range) {
  return make_head_series_chunks(*state_, range);
}

void Head::delete_samples(std::span<const Matcher> matchers, TimeRange range) {
  state_->delete_samples(matchers, range);
}

std::vector<ExemplarSeries> Head::exemplars(std::span<const std::vector<Matcher>> selectors,
                                            TimeRange range) const {
  return state_->exemplars.find(selectors, range);
}

void Head::truncate(TimeMs min_time) {
  try {
    state_->collect(min_time);
    state_->truncate_log(min_time);
  } catch (const Error&) {
    state_->metrics.truncations_failed.add();
    throw;
  }
}

TimeMs Head::min_time() const { return state_->has_samples() ? state_->min_time.load() : kMaxTime; }
TimeMs Head::max_time() const { return state_->has_samples() ? state_->max_time.load() : kMinTime; }

TimeRange Head::out_of_order_times() const { return state_->late.times(); }

std::unique_ptr<OutOfOrderCompaction> Head::compact_out_of_order() {
  const TimeRange times = state_->late.times();
  state_->late.log.remove_obsolete();
  if (times.min > times.max) return nullptr;
  return std::make_unique<OutOfOrderCompaction>(*state_);
}

bool Head::compactable() const {
  const auto enough = static_cast<uint64_t>(state_->options.min_block_duration / 2 * 3);
  const uint64_t span = static_cast<uint64_t>(state_->max_time.load()) -
                        static_cast<uint64_t>(state_->min_time.load());
  return state_->has_samples() && span > enough;
}

HeadStats Head::stats() const {
  HeadStats stats;
  stats.series = state_->series_count.load();
  stats.chunks = state_->chunk_count.load() + state_->late.chunks();
  stats.min_time = min_time();
  stats.max_time = max_time();
  const Epoch::Guard guard = state_->epoch.enter();
  for (const std::string& name : state_->index.names()) {
    state_->index.for_each_value(name,
                                 [&](std::string_view, PostingsView) { ++stats.label_pairs; });
  }
  return stats;
}

CardinalityStats Head::cardinality(size_t limit) const {
  CardinalityStats stats;
  const Epoch::Guard guard = state_->epoch.enter();
  for (const std::string& name : state_->index.names()) {
    uint64_t values = 0;
    uint64_t bytes = 0;
    state_->index.for_each_value(name, [&](std::string_view value, PostingsView list) {
      ++values;
      bytes += list.size() * value.size();
      if (name == kMetricName) stats.series_by_metric.push_back({std::string(value), list.size()});
      stats.series_by_pair.push_back({name + "=" + std::string(value), list.size()});
    });
    stats.values_by_label.push_back({name, values});
    stats.bytes_by_label.push_back({name, bytes});
    keep_largest(stats.series_by_pair, limit);
  }
  keep_largest(stats.series_by_metric, limit);
  keep_largest(stats.values_by_label, limit);
  keep_largest(stats.bytes_by_label, limit);
  return stats;
}

// ---- times -------------------------------------------------------------------------------------

TimeMs HeadState::oldest_acceptable(TimeMs first) const {
  const TimeMs newest = max_time.load(std::memory_order_relaxed);
  const TimeMs from = newest == kMinTime ? first : newest;
  const DurationMs window = options.min_block_duration / 2;
  return std::max(min_valid_time.load(std::memory_order_relaxed),
                  from < kMinTime + window ? kMinTime : from - window);
}

AppendBounds HeadState::append_bounds(TimeMs first) const {
  const TimeMs newest = max_time.load(std::memory_order_relaxed);
  return {oldest_acceptable(first), newest == kMinTime ? first : newest,
          out_of_order_window.load(std::memory_order_relaxed)};
}

void HeadState::include_times(TimeMs min, TimeMs max) {
  TimeMs seen = min_time.load();
  while (min < seen && !min_time.compare_exchange_weak(seen, min)) {
  }
  seen = max_time.load();
  while (max > seen && !max_time.compare_exchange_weak(seen, max)) {
  }
}

void HeadState::refresh_gauges() {
  metrics.min_time.set(static_cast<double>(min_time.load()));
  metrics.max_time.set(static_cast<double>(max_time.load()));
  metrics.min_time_seconds.set(static_cast<double>(min_time.load()) / 1000);
  metrics.max_time_seconds.set(static_cast<double>(max_time.load()) / 1000);
  const Isolation::Progress progress = isolation.progress();
  metrics.active_appenders.set(static_cast<double>(progress.in_flight));
  metrics.newest_commit.set(progress.newest);
  metrics.oldest_commit.set(progress.oldest);
}

void HeadState::count_chunks(size_t created, size_t removed) {
  chunk_count.fetch_add(created - removed);
  if (created > 0) metrics.chunks_created.add(static_cast<double>(created));
  if (removed > 0) metrics.chunks_removed.add(static_cast<double>(removed));
  if (created != removed)
    metrics.chunks.add(static_cast<double>(created) - static_cast<double>(removed));
}

}  // namespace hearth::tsdb
