#include "tsdb/head_replay_shards.h"

#include <algorithm>
#include <bit>
#include <deque>
#include <exception>

#include "core/error.h"
#include "core/log.h"
#include "core/mutex.h"
#include "tsdb/head_state.h"
#include "tsdb/tombstones.h"

namespace hearth::tsdb {
void ReplayCounts::add(const ReplayCounts& other) {
  samples += other.samples;
  chunks += other.chunks;
  unknown_samples += other.unknown_samples;
  unknown_histograms += other.unknown_histograms;
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

// One batch into memory. One thread.
class ReplayShards::Applying {
 public:
  Applying(HeadState& state, const Batch& batch, ReplayCounts& counts)
      : state_(state), batch_(batch), counts_(counts) {}
  void run();

 private:
  void floats();
  void other(const Other& other);
  // False when it is not taken, or to be taken later.
  bool takes(Series& series, SeriesRef ref, TimeMs t, double v, const FloatHistogram* histogram)
      REQUIRES(series.lock);
  void insert_late();

  HeadState& state_;
  const Batch& batch_;
  ReplayCounts& counts_;
  std::vector<LateSample> late_;
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
    Applying(*shard.state, batch, counts).run();
  } catch (...) {
    error = std::current_exception();
  }
  batch.size = 0;
  batch.others.clear();
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
        filling_[index].late_window = late_window_;
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
    if (filling_[i].size > 0 || !filling_[i].others.empty()) hand_over(i);
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

bool ReplayShards::Applying::takes(Series& series, SeriesRef ref, TimeMs t, double v,
                                   const FloatHistogram* histogram) {
  if (!is_head_time(t)) return false;
  if (t > series.last_time) return series.sealed_count < Series::kMaxSealed;
  if (t < series.last_time && series.last_time - t <= batch_.late_window)
    late_.push_back({&series, ref, t, v, histogram});
  return false;
}

void ReplayShards::Applying::floats() {
  // A series is fetched so many samples early, the end of its chunk when the series is there.
  constexpr size_t kSeriesAhead = 24;
  constexpr size_t kChunkAhead = 8;
  for (size_t i = 0; i < batch_.size; ++i) {
    if (i + kSeriesAhead < batch_.size)
      state_.table.prefetch(batch_.samples[i + kSeriesAhead].ref);
    if (i + kChunkAhead < batch_.size) {
      Series* const next = state_.table.find(batch_.samples[i + kChunkAhead].ref);
      if (next != nullptr) {
        ByteLockGuard lock(next->lock);
        state_.chunks.prefetch(*next);
      }
    }
    const Sample& sample = batch_.samples[i];
    Series* const series = state_.table.find(sample.ref);
    if (series == nullptr || series->labels == 0) {
      ++counts_.unknown_samples;
      continue;
    }
    ByteLockGuard lock(series->lock);
    if (!takes(*series, sample.ref, sample.t, std::bit_cast<double>(sample.value), nullptr))
      continue;
    const SeriesRef file_ref = state_.chunk_file_ref(sample.ref);
    counts_.chunks += state_.chunks.append(*series, file_ref, sample.t, sample.value) ? 1 : 0;
    counts_.add_sample(sample.t);
  }
}

void ReplayShards::Applying::other(const Other& other) {
  Series* const series = state_.table.find(other.ref);
  const auto* const histogram = std::get_if<FloatHistogram>(&other.what);
  if (series == nullptr || series->labels == 0) {
    counts_.unknown_histograms += histogram != nullptr ? 1 : 0;
    return;
  }
  ByteLockGuard lock(series->lock);
  if (histogram != nullptr) {
    if (!takes(*series, other.ref, other.t, 0, histogram)) return;
    const SeriesRef file_ref = state_.chunk_file_ref(other.ref);
    const bool begun = state_.chunks.append_histogram(*series, file_ref, other.t, *histogram);
    counts_.chunks += begun ? 1 : 0;
    counts_.add_sample(other.t);
  } else if (!series->empty()) {  // its end
    add_interval(state_.extras.get_or_add(*series).deleted, {kMinTime, series->last_time});
  }
}

void ReplayShards::Applying::insert_late() {
  if (late_.empty()) return;
  try {
    const Epoch::Guard guard = state_.epoch.enter();
    state_.late.insert(late_);
  } catch (const Error& error) {
    if (error.kind() != ErrorKind::kIo) throw;
    // They are in memory, and go to their log with the next ones.
    log_warn("Samples out of order cannot be logged yet", "err", error.what());
  }
}

void ReplayShards::Applying::run() {
  floats();
  for (const Other& of : batch_.others) other(of);
  insert_late();
}

}  // namespace hearth::tsdb
