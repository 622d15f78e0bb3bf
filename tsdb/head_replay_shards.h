// Samples on their way from the log into the series: shared out over the pool, so that each series
// sees its samples in the order of the log.
#pragma once

#include <array>
#include <cstddef>
#include <memory>
#include <vector>

#include "core/clock.h"
#include "core/threads.h"
#include "tsdb/series.h"

namespace hearth::tsdb {

struct HeadState;

// What came of the samples.
struct ReplayCounts {
  size_t samples = 0;
  size_t chunks = 0;   // begun
  size_t unknown = 0;  // samples of no series
  TimeMs min = kMaxTime;
  TimeMs max = kMinTime;

  void add(const ReplayCounts& other);
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

  // Throws what an earlier sample could not be applied for, as does finish().
  void add(SeriesRef ref, TimeMs t, uint64_t value) {
    const size_t shard = ref / kNeighbours % filling_.size();
    Batch& batch = filling_[shard];
    batch.samples[batch.size] = {ref, t, value};
    if (++batch.size == kBatchSamples) hand_over(shard);
  }

  // Returns when everything is applied.
  ReplayCounts finish();

 private:
  static constexpr size_t kBatchSamples = 4096;
  static constexpr size_t kMaxWaiting = 4;      // batches, per shard
  static constexpr SeriesRef kNeighbours = 64;  // refs that stay together
  struct Sample {
    SeriesRef ref;
    TimeMs t;
    uint64_t value;
  };
  struct Batch {
    std::unique_ptr<std::array<Sample, kBatchSamples>> room;
    Sample* samples = nullptr;  // in the room
    size_t size = 0;
  };
  struct Shard;

  static Batch new_batch();
  void hand_over(size_t shard);
  static bool apply_one(Shard& shard);
  static void apply_all(Shard& shard);
  static void apply(HeadState& state, const Batch& batch, ReplayCounts& counts);

  Pool& pool_;
  std::vector<Batch> filling_;
  // A task on the pool may begin when all is over: then it finds nothing to do.
  std::vector<std::shared_ptr<Shard>> shards_;
};

}  // namespace hearth::tsdb
