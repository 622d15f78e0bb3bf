// The samples of a series that came too late for its chunks. They are kept beside the chunks until a
// compaction writes them to blocks of their own.
#pragma once

#include <memory>
#include <span>
#include <vector>

#include "core/clock.h"
#include "core/histogram.h"
#include "core/storage.h"
#include "tsdb/head_chunks.h"

namespace hearth::tsdb {

// Guarded by the lock of the series.
struct OutOfOrderSamples {
  static constexpr size_t kRunSamples = 32;  // a full run becomes a chunk, as in Prometheus

  struct Late {
    TimeMs t;
    double v;
    std::unique_ptr<const FloatHistogram> histogram;  // nullptr: the sample is v
  };

  // False: the run has a sample of that time, and stays as it is. `histogram` may be nullptr.
  bool insert(TimeMs t, double v, const FloatHistogram* histogram);
  // Appends the run's samples within the range.
  void copy_run(TimeRange range, Columns& out) const;

  bool empty() const { return run.empty() && chunks.empty(); }
  // Of all samples. Requires: not empty().
  TimeRange times() const;

  std::vector<Late> run;            // by time; no two at the same
  std::vector<SealedChunk> chunks;  // that runs became, in that order: they overlap as they may
};

// The run as columns for one chunk each: of one kind, and no longer than a chunk can be. Requires:
// is_head_time() of each.
std::vector<Columns> split_run(std::span<const OutOfOrderSamples::Late> run);

// Brings columns into the order of time; of samples with equal times the first one stays. Histograms
// that move forget what they knew of the one before.
void sort_columns(Columns& columns);

}  // namespace hearth::tsdb
