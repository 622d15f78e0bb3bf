// What the head is made of; the verbs are head_open, head_append, head_read, head_export, head_gc.
#pragma once

#include <array>
#include <atomic>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>

#include "core/byte_pool.h"
#include "core/epoch.h"
#include "core/mutex.h"
#include "core/tag_table.h"
#include "tsdb/chunk_memory.h"
#include "tsdb/earlier_commits.h"
#include "tsdb/exemplars.h"
#include "tsdb/head.h"
#include "tsdb/head_chunks.h"
#include "tsdb/head_index.h"
#include "tsdb/head_metrics.h"
#include "tsdb/head_out_of_order.h"
#include "tsdb/head_replay_gate.h"
#include "tsdb/head_snapshot.h"
#include "tsdb/isolation.h"
#include "tsdb/label_sets.h"
#include "tsdb/series.h"
#include "tsdb/series_admission.h"
#include "tsdb/series_extra.h"
#include "tsdb/verdict.h"
#include "tsdb/wal.h"

namespace hearth::tsdb {

// What loading a memory snapshot came to.
struct SnapshotLoad {
  std::vector<SeriesRef> added;  // that the index does not know yet
  bool whole = false;            // else the log has to be read from its beginning
};

// Order of the locks: stripe, creation, symbols, lists of the index, series, pools. None is held over the
// log.
struct HeadState {
  HeadState(const std::string& dir, const Options& head_options, TimeMs first_valid_time,
            const Clock& the_clock, Pool& work, Registry& registry);

  void apply(const LiveOptions& live);

  // ---- head_open.cpp
  // Before anything else. Throws Error(kIo), Error(kCanceled) when the gate was told to stop.
  void replay(Pool& work, Registry& registry);

  // ---- head_open_chunks.cpp
  // What belongs to no series, and what does not follow the chunks that a series has, is removed.
  void attach_chunks(const FoundChunks& found, const HeadOutOfOrder::RefInMemory& ref_in_memory);
  // Of series whose newest sample is in a finished chunk.
  void restore_newest_values();

  // ---- head_snapshot_load.cpp
  // The memory snapshot to begin with; those that are of no use are deleted. `newest_segment`: of
  // the log.
  std::optional<HeadSnapshot> find_snapshot(std::optional<uint32_t> checkpoint,
                                            std::optional<uint32_t> newest_segment,
                                            bool chunks_lost) const;
  SnapshotLoad load_snapshot(const HeadSnapshot& snapshot, Pool& work);

  // ---- head_shutdown.cpp
  // For the next start. Requires: nobody appends any more. Throws Error(kIo).
  void write_snapshot(Pool& work);

  // ---- series (head_series.cpp)
  // `wanted` is the ref that a new series shall have; 0: the next one. {0, false} when `source` is
  // not admitted to bring a new one. kLater: the caller enters it into the index.
  enum class Indexed { kNow, kLater };
  std::pair<SeriesRef, bool> find_or_add(LabelsView labels, SeriesRef wanted,
                                         SeriesSource* source = nullptr,
                                         Indexed indexed = Indexed::kNow);  // {ref, is new}
  uint64_t hash(LabelsView labels) const;
  uint64_t log_ref(SeriesRef ref) const { return log_ref_base + ref; }
  // What chunk files call a series; 0: by no name, as the log may use this ref for another one.
  SeriesRef chunk_file_ref(SeriesRef ref) const {
    return log_ref_base != 0 || ref >> 31 != 0 ? 0 : ref;
  }

  // Writes the records (those that are "" are left out), and series records of `unlogged` ahead of
  // them. Throws Error(kIo); then nothing was written. (head_log.cpp)
  void log(std::vector<SeriesRef> unlogged, std::span<const std::string_view> records);

  // ---- head_metadata.cpp
  bool has_metadata(const Series& series, const Metadata& metadata) REQUIRES(series.lock);
  bool set_metadata(SeriesRef ref, const Metadata& metadata);  // false: there is no such series

  // ---- head_tombstones.cpp
  void delete_samples(std::span<const Matcher> matchers, TimeRange range);
  // Reads of the series leave out what it has within the range.
  void hide_samples(Series& series, TimeRange range);

  // ---- times
  // Nothing older is accepted; `first` is the time of a sample at hand.
  TimeMs oldest_acceptable(TimeMs first) const;
  AppendBounds append_bounds(TimeMs first) const;
  void include_times(TimeMs min, TimeMs max);
  void refresh_gauges();
  bool has_samples() const { return chunk_count.load(std::memory_order_relaxed) > 0; }
  void count_chunks(size_t created, size_t removed);

  // ---- head_gc.cpp
  void collect(TimeMs before);
  void truncate_log(TimeMs before);

  const std::string dir;
  const std::string log_dir;
  const Options options;
  const Clock& clock;
  const HeadMetrics metrics;

  ReplayGate gate;
  SeriesAdmission admission;
  Epoch epoch;
  Isolation isolation;
  EarlierCommits earlier_commits;
  BytePool pool;
  HeadChunks sealed;
  ExemplarRing exemplars;
  SeriesExtras extras;
  ChunkMemory chunks;
  LabelSets sets;
  SeriesTable table;
  HeadIndex index;
  HeadOutOfOrder late;

  // Which series has these labels: by hash, in stripes so that creators seldom wait for each other.
  struct Stripe {
    Mutex mutex;
    TagTable refs GUARDED_BY(mutex);
  };
  std::array<Stripe, 64> stripes;
  Stripe& stripe(uint64_t hash) { return stripes[hash >> 58]; }
  Mutex creation;  // of series: refs are given in the order in which the index gets them

  // Of LiveOptions.
  std::atomic<DurationMs> out_of_order_window{0};

  std::atomic<SeriesRef> newest_ref{0};
  std::atomic<size_t> series_count{0};
  std::atomic<size_t> chunk_count{0};
  std::atomic<TimeMs> min_time{kMaxTime};
  std::atomic<TimeMs> max_time{kMinTime};
  std::atomic<TimeMs> min_valid_time;
  std::atomic<TimeMs> in_blocks_until;  // older samples in the log are of no use

  // A series' ref in the log is this larger than its ref here; not 0 only where the log we found
  // has refs that are too large for us. Set by replay().
  uint64_t log_ref_base = 0;
  // Refs that no series has any more but segments up to the given one still use, so that
  // checkpoints keep their series records. Used by replay() and truncate() only.
  std::unordered_map<uint64_t, uint32_t> expiring_refs;
  TimeMs log_truncated_to = kMinTime;  // likewise

  std::unique_ptr<Wal> wal;
  std::unique_ptr<Appender> appender;
};

std::unique_ptr<Appender> make_head_appender(HeadState& state);
std::unique_ptr<Appender> make_gated_appender(HeadState& state);  // waits where the replay wants it
std::unique_ptr<Querier> make_head_querier(HeadState& state, TimeRange range, TimeMs in_order_from);
std::unique_ptr<SeriesChunks> make_head_series_chunks(HeadState& state, TimeRange range);

}  // namespace hearth::tsdb
