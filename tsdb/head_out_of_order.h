// What the head keeps for samples out of order.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <span>
#include <unordered_set>
#include <vector>

#include "core/clock.h"
#include "core/storage.h"
#include "tsdb/out_of_order.h"
#include "tsdb/out_of_order_log.h"
#include "tsdb/series.h"

namespace hearth::tsdb {

struct HeadState;

// A sample of a commit that goes beside its series' chunks.
struct LateSample {
  Series* series;
  SeriesRef ref;
  TimeMs t;
  double v;
  const FloatHistogram* histogram;  // nullptr: the sample is v
};

// A series that has samples out of order, when runs were ended.
struct LateMember {
  SeriesRef ref;
  Series* series;
  size_t chunks;  // the oldest so many of its chunks had all that there was
};

// All of it is in the members' chunks, and stands in the segments of the log before `segment`.
struct LatePresent {
  std::vector<LateMember> members;
  uint32_t segment;
};

// Thread-safe.
class HeadOutOfOrder {
 public:
  HeadOutOfOrder(HeadState& state, const std::string& dir, const Options& options,
                 Registry& registry)
      : log(dir + "/wbl", options, registry), state_(state) {}

  // Memory first, then the log. A sample whose time its run has already is dropped without a word,
  // as Prometheus does. When it throws Error(kIo) readers see the samples, but who brought them has
  // to bring them again. Requires: an epoch guard.
  void insert(std::span<const LateSample> samples) EXCLUDES(log.order);

  bool may_have_samples(const Series& series, TimeRange range) REQUIRES(series.lock);
  // Replaces `out` by the samples of the range. Requires: an epoch guard; the lock is not held.
  void read(Series& series, TimeRange range, Columns& out, ReadWarnings& warnings);

  // ---- while the log is read (head_open_wbl.cpp)
  // Applies the log; what the refs in it mean in memory is told (0: nothing). Afterwards it can be
  // written. Throws Error(kIo).
  using RefInMemory = std::function<SeriesRef(uint64_t log_ref)>;
  void replay(const RefInMemory& ref_in_memory) EXCLUDES(log.order);
  void restore(const LateSample& sample) EXCLUDES(log.order);

  // ---- what was there at one moment goes: into blocks, or because it is deleted. One at a time.
  // Throws Error(kIo); then nothing has changed.
  LatePresent end_runs() EXCLUDES(log.order);
  // Those of a member's chunks that may have samples within the range.
  std::vector<SealedChunk> chunks_of(const LateMember& member, TimeRange range);
  // Puts `by` in the place of a member's chunks, which are gone then.
  void replace(const LateMember& member, std::span<const SealedChunk> by) REQUIRES(log.order);
  // To be called after the last replace().
  void replaced() REQUIRES(log.order);
  SealedChunk seal(const ChunkView& chunk);
  // What these series have within the range is gone from the log, and then from memory: what is left
  // is written anew (head_out_of_order_delete.cpp). Throws Error(kIo); then it is there, or some of
  // it. Requires: an epoch guard.
  void erase(std::span<const SeriesRef> refs, TimeRange range) EXCLUDES(log.order);

  // Of all samples; {kMaxTime, kMinTime}: there are none.
  TimeRange times() const { return {min_.load(), max_.load()}; }
  size_t chunks() const { return chunks_.load(std::memory_order_relaxed); }
  // The log has series under refs whose meaning only the other log tells. Set by replay().
  bool has_other_refs() const { return has_other_refs_; }

  OutOfOrderLog log;
  std::vector<SeriesRef> members GUARDED_BY(log.order);  // the series that have any

 private:
  OutOfOrderSamples& samples_of(Series& series, SeriesRef ref) REQUIRES(log.order, series.lock);
  bool add(const LateSample& sample) REQUIRES(log.order, sample.series->lock);
  // Without what the `meant` have within the range.
  void write_anew(const std::unordered_set<SeriesRef>& meant, TimeRange range)
      EXCLUDES(log.order);
  void give_own_refs() EXCLUDES(log.order);
  void seal_run(OutOfOrderSamples& late) REQUIRES(log.order);
  void include_times(TimeMs min, TimeMs max);
  void count_chunks(size_t created, size_t removed);

  HeadState& state_;
  std::atomic<TimeMs> min_{kMaxTime};
  std::atomic<TimeMs> max_{kMinTime};
  std::atomic<size_t> chunks_{0};  // with the runs
  bool has_other_refs_ = false;
};

}  // namespace hearth::tsdb
