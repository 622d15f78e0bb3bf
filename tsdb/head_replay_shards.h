// What is on its way from the log into the series: shared out over the pool, so that each series
// sees what is its in the order of the log.
#pragma once

#include <array>
#include <cstddef>
#include <memory>
#include <variant>
#include <vector>

#include "core/clock.h"
#include "core/histogram.h"
#include "core/sample.h"
#include "core/threads.h"
#include "tsdb/series.h"

namespace hearth::tsdb {

struct HeadState;

// What came of it.
struct ReplayCounts {
  size_t samples = 0;  // floats and histograms
  size_t chunks = 0;   // begun
  size_t unknown_samples = 0;  // of no series, as is the next
  size_t unknown_histograms = 0;
  TimeMs min = kMaxTime;
  TimeMs max = kMinTime;

  void add(const ReplayCounts& other);
  void add_sample(TimeMs t) {
    ++samples;
    if (t < min) min = t;
    if (t > max) max = t;
  }
};

// A series belongs to one shard, a shard to at most one thread at a time. The number of samples
// under way is bounded: whoever adds too many has to help. One thread, but for what it runs on the
// pool; nothing but the replay may look at the samples of the series meanwhile.
class ReplayShards {
 public:
  ReplayShards(HeadState& state, Pool& pool);
  ~ReplayShards();  // forgets what is not applied yet
  ReplayShards(const ReplayShards&) = delete;
  ReplayShards& operator=(const ReplayShards&) = delete;

  // From now on a sample that is older than its series' newest one, but not by more than `window`,
  // goes beside the series' chunks. 0: such samples are left out, as another log has them.
  void keep_late(DurationMs window) { late_window_ = window; }

  // To be called before the floats of a record. Throws what something earlier could not be applied
  // for, as do the next ones.
  void begin_floats() {
    for (size_t shard = 0; shard < filling_.size(); ++shard) {
      if (!filling_[shard].others.empty()) hand_over(shard);
    }
  }
  void add(SeriesRef ref, TimeMs t, uint64_t value) {
    const size_t shard = shard_of(ref);
    Batch& batch = filling_[shard];
    batch.samples[batch.size] = {ref, t, value};
    if (++batch.size == kBatchSamples) hand_over(shard);
  }
  void add(SeriesRef ref, TimeMs t, FloatHistogram histogram) {
    add_other({ref, t, std::move(histogram)});
  }
  // The series ends here: readers will see nothing of what it has so far.
  void end_series(SeriesRef ref) { add_other({ref, 0, EndOfSeries()}); }

  // Returns when everything is applied.
  ReplayCounts finish();

 private:
  static constexpr size_t kBatchSamples = 4096;
  static constexpr size_t kBatchOthers = 256;
  static constexpr size_t kMaxWaiting = 4;      // batches, per shard
  static constexpr SeriesRef kNeighbours = 64;  // refs that stay together
  struct Sample {
    SeriesRef ref;
    TimeMs t;
    uint64_t value;
  };
  struct EndOfSeries {};
  struct Other {
    SeriesRef ref;
    TimeMs t;
    std::variant<FloatHistogram, EndOfSeries> what;
  };
  struct Batch {
    std::unique_ptr<std::array<Sample, kBatchSamples>> room;
    Sample* samples = nullptr;  // in the room
    size_t size = 0;
    std::vector<Other> others;  // after them
    DurationMs late_window = 0;
  };
  struct Shard;

  size_t shard_of(SeriesRef ref) const { return ref / kNeighbours % filling_.size(); }
  void add_other(Other other) {
    const size_t shard = shard_of(other.ref);
    filling_[shard].others.push_back(std::move(other));
    if (filling_[shard].others.size() == kBatchOthers) hand_over(shard);
  }

  static Batch new_batch();
  void hand_over(size_t shard);
  static bool apply_one(Shard& shard);
  static void apply_all(Shard& shard);
  class Applying;

  Pool& pool_;
  DurationMs late_window_ = 0;
  std::vector<Batch> filling_;
  // A task on the pool may begin when all is over: then it finds nothing to do.
  std::vector<std::shared_ptr<Shard>> shards_;
};

}  // namespace hearth::tsdb
