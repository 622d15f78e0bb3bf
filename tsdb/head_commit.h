// A batch on its way into the head: judged, logged, applied, counted.
#pragma once

#include <algorithm>
#include <cstdint>
#include <vector>

#include "core/storage.h"
#include "tsdb/head_state.h"
#include "tsdb/verdict.h"
#include "tsdb/wal_record.h"
#include "tsdb/wal_record_histogram.h"

namespace hearth::tsdb {

// A commit in flight from construction to destruction. One thread.
class CommitInFlight {
 public:
  explicit CommitInFlight(Isolation& isolation)
      : isolation_(isolation), begun_(isolation.begin()) {}
  ~CommitInFlight() { isolation_.end(begun_.number); }
  CommitInFlight(const CommitInFlight&) = delete;
  CommitInFlight& operator=(const CommitInFlight&) = delete;
  Isolation::Commit number() const { return begun_.number; }
  Isolation::Commit settled() const { return begun_.settled; }

 private:
  Isolation& isolation_;
  const Isolation::Begun begun_;
};

// What passed the first judgement.
struct AcceptedFloat {
  Series* series;
  uint32_t position;
};
struct AcceptedHistogram {
  Series* series;
  SeriesRef ref;
  TimeMs t;
  const FloatHistogram* histogram;
  uint32_t position;
  bool marker;  // a stale marker, which stands among the batch's floats
};

// What a commit needs for a while; one per thread.
struct CommitScratch {
  std::vector<AcceptedFloat> floats;
  SamplesRecord samples;

  void clear() {
    constexpr size_t kKept = 4096;
    if (floats.capacity() > kKept) floats = {};
    floats.clear();
    samples.clear();
  }
  static CommitScratch& of_this_thread() {
    thread_local CommitScratch scratch;
    scratch.clear();
    return scratch;
  }
};

// One batch on its way, step by step in the order of the methods. One thread.
class Commit {
 public:
  Commit(HeadState& state, const Batch& batch)
      : state_(state),
        batch_(batch),
        guard_(state.epoch.enter()),
        in_flight_(state.isolation),
        bounds_(state.append_bounds(first_time(batch))),
        scratch_(CommitScratch::of_this_thread()) {}

  AppendResult run();

 private:
  static TimeMs first_time(const Batch& batch) {
    if (!batch.times.empty()) return batch.times[0];
    return batch.histograms.empty() ? kMinTime : batch.histograms[0].t;
  }
  bool is_followed(size_t position) const;
  void judge_floats();
  void judge_float_closely(Series& series, uint32_t position);
  void judge_histograms();
  void judge_metadata();
  void judge_exemplars();
  void log();
  void apply_floats();
  void apply_histograms();
  void apply_metadata();
  void apply_exemplars();
  void insert_late();
  void note(Series& series, TimeMs t) REQUIRES(series.lock);
  void keep_note(Series& series) REQUIRES(series.lock);
  void observe_delay(TimeMs t);
  void refuse(Verdict verdict, uint32_t position, bool histogram);
  void count();

  HeadState& state_;
  const Batch& batch_;
  const Epoch::Guard guard_;
  const CommitInFlight in_flight_;
  const AppendBounds bounds_;
  CommitScratch& scratch_;
  AppendResult result_;

  std::vector<SeriesRef> unlogged_;  // that the log does not know yet
  std::vector<AcceptedFloat>& floats_ = scratch_.floats;
  std::vector<AcceptedHistogram> histograms_;
  std::vector<LateSample> late_;
  std::vector<const Batch::SeriesMetadata*> metadata_;
  std::vector<const Batch::SeriesExemplar*> exemplars_;
  SamplesRecord& samples_record_ = scratch_.samples;
  HistogramsRecord histograms_record_;

  size_t late_floats_ = 0;  // of the batch's floats, how many are in late_
  size_t appended_floats_ = 0;
  size_t appended_histograms_ = 0;  // and stale markers of such series
  size_t chunks_begun_ = 0;
  TimeMs min_ = kMaxTime;  // of what was stored
  TimeMs max_ = kMinTime;
};

// ---- what is seen of a series before the log is written
// --------------------------------------------

enum class Found : uint8_t { kUnknown, kNotLogged, kLogged };

// Looking at a series also keeps it from being collected.
inline Found look_at(Series& series) REQUIRES(series.lock) {
  if (series.labels == 0 || (series.flags & Series::kDead) != 0) return Found::kUnknown;
  series.flags &= static_cast<uint8_t>(~Series::kDying);
  return (series.flags & Series::kLogged) != 0 ? Found::kLogged : Found::kNotLogged;
}

// `last` is the series' newest sample where that is a histogram, or nullptr.
Verdict judge_histogram(const Series& series, const FloatHistogram* last, TimeMs t,
                        const FloatHistogram& histogram, const AppendBounds& bounds)
    REQUIRES(series.lock);

// What ends a series whose newest sample is `last`.
const FloatHistogram* stale_histogram(const FloatHistogram* last);

}  // namespace hearth::tsdb
