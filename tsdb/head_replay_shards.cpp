#include "tsdb/head_replay_shards.h"

#include <algorithm>
#include <deque>
#include <exception>

#include "core/mutex.h"
#include "tsdb/head_state.h"

namespace hearth::tsdb {

void ReplayCounts::add(const ReplayCounts& other) {
  samples += other.samples;
  chunks += other.chunks;
  unknown += other.unknown;
  min = std::min(min, other.min);
  max = std::max(max, other.max);
}

struct ReplayShards::Shard {
  explicit Shard(HeadState& head) : state(&head) {}

  HeadState* const state;
  Mutex mutex;
  CondVar changed;
  std::deque<Batch> waiting GUARDED_BY(mutex);  // oldest first
  std::vector<Batch> unused GUARDED_BY(mutex);
  bool scheduled GUARDED_BY(mutex) = false;  // a task on the pool is going to look
  bool taken GUARDED_BY(mutex) = false;      // somebody applies a batch
  ReplayCounts counts GUARDED_BY(mutex);
  std::exception_ptr error GUARDED_BY(mutex);
};

ReplayShards::Batch ReplayShards::new_batch() {
  Batch batch;
  batch.room = std::make_unique<std::array<Sample, kBatchSamples>>();
  batch.samples = batch.room->data();
  return batch;
}

ReplayShards::ReplayShards(HeadState& state, Pool& pool) : pool_(pool) {
  for (size_t i = 0; i < std::max<size_t>(pool.threads(), 1); ++i) {
    shards_.push_back(std::make_shared<Shard>(state));
    filling_.push_back(new_batch());
  }
}

ReplayShards::~ReplayShards() {
  for (const std::shared_ptr<Shard>& shard : shards_) {
    MutexLock lock(shard->mutex);
    shard->waiting.clear();
    while (shard->taken) shard->changed.wait(shard->mutex);
  }
}

// Applies the oldest batch; false when there is none, or another thread is at it.
bool ReplayShards::apply_one(Shard& shard) {
  Batch batch;
  {
    MutexLock lock(shard.mutex);
    if (shard.taken || shard.waiting.empty()) return false;
    shard.taken = true;
    batch = std::move(shard.waiting.front());
    shard.waiting.pop_front();
  }
  ReplayCounts counts;
  std::exception_ptr error;
  try {
    apply(*shard.state, batch, counts);
  } catch (...) {
    error = std::current_exception();
  }
  batch.size = 0;
  MutexLock lock(shard.mutex);
  shard.counts.add(counts);
  if (error != nullptr) {
    shard.error = error;
    shard.waiting.clear();
  }
  shard.unused.push_back(std::move(batch));
  shard.taken = false;
  shard.changed.notify_all();
  return true;
}

// A task of the pool.
void ReplayShards::apply_all(Shard& shard) {
  for (;;) {
    while (apply_one(shard)) {
    }
    MutexLock lock(shard.mutex);
    if (shard.taken || shard.waiting.empty()) {
      // Whoever has the shard hands a batch over itself, or waits for it.
      shard.scheduled = false;
      return;
    }
  }
}

void ReplayShards::hand_over(size_t index) {
  Shard& shard = *shards_[index];
  bool schedule = false;
  for (bool handed_over = false; !handed_over;) {
    {
      MutexLock lock(shard.mutex);
      if (shard.error != nullptr) std::rethrow_exception(shard.error);
      if (shard.waiting.size() < kMaxWaiting) {
        shard.waiting.push_back(std::move(filling_[index]));
        if (shard.unused.empty()) {
          filling_[index] = new_batch();
        } else {
          filling_[index] = std::move(shard.unused.back());
          shard.unused.pop_back();
        }
        schedule = !shard.scheduled;
        shard.scheduled = true;
        handed_over = true;
      } else if (shard.taken) {
        shard.changed.wait(shard.mutex);
        continue;
      }
    }
    // The pool's threads may all be waiting for us: so do not wait for them, but work.
    if (!handed_over) apply_one(shard);
  }
  if (!schedule) return;
  pool_.submit(Pool::Lane::kQuery, [shared = shards_[index]] { apply_all(*shared); });
}

ReplayCounts ReplayShards::finish() {
  ReplayCounts sum;
  for (size_t i = 0; i < shards_.size(); ++i) {
    if (filling_[i].size > 0) hand_over(i);
  }
  for (const std::shared_ptr<Shard>& shard : shards_) {
    for (bool done = false; !done;) {
      while (apply_one(*shard)) {
      }
      MutexLock lock(shard->mutex);
      while (shard->taken) shard->changed.wait(shard->mutex);
      done = shard->waiting.empty();
      if (!done) continue;
      if (shard->error != nullptr) std::rethrow_exception(shard->error);
      sum.add(shard->counts);
      shard->counts = ReplayCounts();
    }
  }
  return sum;
}

// Takes no lock of a series: it belongs to this shard, and nobody else looks at its samples before
// the replay is over.
void ReplayShards::apply(HeadState& state, const Batch& batch,
                         ReplayCounts& counts) NO_THREAD_SAFETY_ANALYSIS {
  // A series is fetched so many samples early, the end of its chunk when the series is there.
  constexpr size_t kSeriesAhead = 24;
  constexpr size_t kChunkAhead = 8;
  for (size_t i = 0; i < batch.size; ++i) {
    if (i + kSeriesAhead < batch.size)
      __builtin_prefetch(state.table.find(batch.samples[i + kSeriesAhead].ref), 1);
    if (i + kChunkAhead < batch.size) {
      const Series* const next = state.table.find(batch.samples[i + kChunkAhead].ref);
      if (next != nullptr) state.chunks.prefetch(*next);
    }
    const Sample& sample = batch.samples[i];
    Series* const series = state.table.find(sample.ref);
    if (series == nullptr || series->labels == 0) {
      ++counts.unknown;
      continue;
    }
    if (sample.t <= series->last_time || series->sealed_count == Series::kMaxSealed) continue;
    const SeriesRef file_ref = state.chunk_file_ref(sample.ref);
    counts.chunks += state.chunks.append(*series, file_ref, sample.t, sample.value) ? 1 : 0;
    ++counts.samples;
    counts.min = std::min(counts.min, sample.t);
    counts.max = std::max(counts.max, sample.t);
  }
}

}  // namespace hearth::tsdb
