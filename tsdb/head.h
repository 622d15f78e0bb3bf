// The head: the newest samples, in memory and in the write-ahead log.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "core/metrics.h"
#include "core/storage.h"
#include "core/threads.h"
#include "tsdb/db.h"
#include "tsdb/options.h"
#include "tsdb/replay_status.h"
#include "tsdb/out_of_order_compaction.h"
#include "tsdb/series_chunks.h"

namespace hearth::tsdb {

struct HeadState;

// Thread-safe, but truncate() only from one thread at a time.
class Head {
 public:
  // Calls replay(), but with Options::replay_in_background. Samples before `min_valid_time` (the end
  // of the newest block) are skipped, and refused later.
  Head(const std::string& dir, const Options& options, TimeMs min_valid_time, const Clock& clock,
       Pool& pool, Registry& registry);
  ~Head();

  // Reads the log in `dir`/wal (checkpoint, then segments), repairing a torn tail. Until it returns
  // only the next four may be called, by other threads; of these the appender keeps what it gets in
  // the log, for the replay to read. Throws Error(kIo), Error(kCanceled) after stop_replay(): then
  // the appender refuses everything.
  void replay();
  void stop_replay();
  bool is_replayed() const;
  bool takes_samples() const;
  ReplayStatus replay_status() const;

  Appender& appender();

  // Holds for the commits that begin later.
  void apply(const LiveOptions& live);

  // A reader's view: hides commits that are not complete when it is made. Must not outlive the head.
  // Older samples than `in_order_from` are left out, unless they came out of order.
  std::unique_ptr<Querier> querier(TimeRange range, TimeMs in_order_from = kMinTime);

  // All series that have samples in [range.min, range.max], as sealed chunks cut to that range.
  // Waits for commits that overlap the range.
  std::unique_ptr<SeriesChunks> series_chunks(TimeRange range);

  // Deletes the samples within `range` of the series that match all matchers: first in the log, then
  // in memory. Throws Error(kIo); then nothing was deleted.
  void delete_samples(std::span<const Matcher> matchers, TimeRange range);

  // Of the series that match all matchers of one of the selectors, in the order of their labels.
  std::vector<ExemplarSeries> exemplars(std::span<const std::vector<Matcher>> selectors,
                                        TimeRange range) const;

  // Forgets samples before `min_time` and series left without any; then truncates the log.
  void truncate(TimeMs min_time);

  TimeMs min_time() const;  // of its samples; kMaxTime when empty
  TimeMs max_time() const;  // kMinTime when empty
  // Of the samples out of order; {kMaxTime, kMinTime} when there are none.
  TimeRange out_of_order_times() const;
  // What has come out of order, on its way into blocks; nullptr when there is nothing.
  std::unique_ptr<OutOfOrderCompaction> compact_out_of_order();

  // True when the head spans more than 1.5 block durations: its oldest block range may be written.
  bool compactable() const;

  HeadStats stats() const;
  CardinalityStats cardinality(size_t limit) const;

 private:
  Pool& pool_;
  Registry& registry_;
  std::unique_ptr<HeadState> state_;
  struct Link;
  const std::shared_ptr<Link> link_;
};

}  // namespace hearth::tsdb
