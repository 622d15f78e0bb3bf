// The storage engine's door: one data directory, in Prometheus' format.
#pragma once

#include <memory>
#include <span>
#include <string>
#include <vector>

#include "core/clock.h"
#include "core/metrics.h"
#include "core/storage.h"
#include "core/threads.h"
#include "tsdb/block_meta.h"
#include "tsdb/options.h"
#include "tsdb/replay_status.h"

namespace hearth::tsdb {

struct HeadStats {
  size_t series = 0;
  size_t chunks = 0;
  TimeMs min_time = kMaxTime;
  TimeMs max_time = kMinTime;
  size_t label_pairs = 0;
};

// For /api/v1/status/tsdb: the largest first.
struct NameValueCount {
  std::string name;
  uint64_t value;
};
struct CardinalityStats {
  std::vector<NameValueCount> series_by_metric, values_by_label, bytes_by_label, series_by_pair;
};

// Thread-safe.
class Db final : public Queryable {
 public:
  // Opens or makes the directory: takes the lock, loads blocks, and calls replay(), but with
  // Options::replay_in_background. Throws Error(kUnavailable) when another process has it, Error(kIo), Error(kCorrupt).
  // `clock`, `pool` and `registry` must outlive it.
  Db(std::string dir, const Options& options, const Clock& clock, Pool& pool, Registry& registry);
  ~Db() override;  // closes the log cleanly; no maintenance may be running

  // Replays the WAL, repairing a torn tail. Until it returns queries are answered from blocks, what is
  // appended goes into the log only, and maintenance and admin's work have to wait. Throws Error(kIo),
  // Error(kCanceled) after stop_replay(): then appenders refuse everything.
  void replay();
  void stop_replay();
  bool is_replayed() const;
  bool takes_samples() const;  // else an appender waits, until the series are read from the log
  ReplayStatus replay_status() const;

  Appender& appender();
  void apply(const LiveOptions& live);  // at each load of the configuration
  std::unique_ptr<Querier> querier(TimeRange range) override;

  // One round of maintenance where due: head -> block, merge blocks, retention, truncate the log.
  // Called by a thread of cmd's about once a minute; never twice at once.
  void maintain();

  // When a call of maintain() would have work to do; cheap.
  bool maintenance_due() const;

  // From the next round of maintenance on.
  void set_retention(const RetentionLimits& limits);

  // Deletes the samples in `range` of the series that any of the selectors finds: no query that
  // begins later sees them. Waits for maintenance that runs.
  void delete_series(std::span<const std::vector<Matcher>> selectors, TimeRange range);

  // Writes all blocks in which something is deleted anew, without it.
  void clean_tombstones();

  // Makes <dir>/snapshots/<name>: hard links of all blocks, and a block of what the head holds.
  // Returns the name.
  std::string snapshot(bool with_head);

  std::vector<BlockMeta> block_metas() const;  // of the blocks that answer, by min_time

  std::vector<ExemplarSeries> exemplars(std::span<const std::vector<Matcher>> selectors,
                                        TimeRange range) override;

  HeadStats head_stats() const;
  CardinalityStats cardinality(size_t limit) const;
  TimeMs oldest_time() const;  // of head and blocks; kMaxTime when there is nothing
  const std::string& dir() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace hearth::tsdb
