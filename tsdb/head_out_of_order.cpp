#include "tsdb/head_out_of_order.h"

#include <algorithm>

#include "tsdb/chunk_builder.h"
#include "tsdb/head_state.h"
#include "tsdb/merge.h"
#include "tsdb/wal_record_histogram.h"

namespace hearth::tsdb {
namespace {

// The records of one commit. A marker says that the samples of its series so far are in a chunk: it
// stands after those and before the next one. One thread.
class LateRecords {
 public:
  void add_sample(uint64_t log_ref, const LateSample& late) {
    if (late.histogram != nullptr) {
      histograms_.add(log_ref, late.t, *late.histogram);
    } else {
      samples_.reserve(1);
      samples_.add(log_ref, late.t, late.v);
    }
    refs_.push_back(log_ref);
  }
  void add_marker(uint64_t log_ref, uint64_t chunk_ref) {
    if (std::find(refs_.begin(), refs_.end(), log_ref) != refs_.end()) finish();
    markers_.add(log_ref, chunk_ref);
  }
  std::vector<std::string> take() {
    finish();
    return std::move(records_);
  }

 private:
  void finish() {
    if (!markers_.empty()) records_.push_back(markers_.take());
    if (!samples_.empty()) records_.push_back(samples_.take());
    if (!histograms_.empty()) {
      for (std::string& record : histograms_.take()) records_.push_back(std::move(record));
    }
    refs_.clear();
  }

  std::vector<std::string> records_;
  MmapMarkersRecord markers_;
  SamplesRecord samples_;
  HistogramsRecord histograms_;
  std::vector<uint64_t> refs_;  // of the samples gathered
};

}  // namespace

void HeadOutOfOrder::insert(std::span<const LateSample> samples) {
  size_t floats = 0;
  size_t histograms = 0;
  size_t chunks = 0;
  {
    MutexLock lock(log.order);
    LateRecords records;
    for (const LateSample& sample : samples) {
      const uint64_t log_ref = state_.log_ref(sample.ref);
      ByteLockGuard series_lock(sample.series->lock);
      OutOfOrderSamples& late = samples_of(*sample.series, sample.ref);
      if (late.run.size() >= OutOfOrderSamples::kRunSamples) {
        const size_t before = late.chunks.size();
        seal_run(sample.ref, late);
        for (const SealedChunk& chunk : std::span(late.chunks).subspan(before))
          records.add_marker(log_ref, state_.sealed.chunk_ref(chunk.place()));
      }
      if (late.run.empty()) ++chunks;
      if (!late.insert(sample.t, sample.v, sample.histogram)) continue;
      include_times(sample.t, sample.t);
      records.add_sample(log_ref, sample);
      ++(sample.histogram == nullptr ? floats : histograms);
    }
    for (std::string& record : records.take()) log.add(std::move(record));
  }
  count_chunks(chunks, 0);
  const HeadMetrics& metrics = state_.metrics;
  metrics.samples_appended.add(static_cast<double>(floats));
  metrics.late_appended.add(static_cast<double>(floats));
  metrics.histograms_appended.add(static_cast<double>(histograms));
  metrics.late_histograms_appended.add(static_cast<double>(histograms));
  log.flush();
}

OutOfOrderSamples& HeadOutOfOrder::samples_of(Series& series, SeriesRef ref) {
  SeriesExtra& extra = state_.extras.get_or_add(series);
  if (extra.out_of_order == nullptr) {
    extra.out_of_order = std::make_unique<OutOfOrderSamples>();
    series.flags |= Series::kLate;
    members.push_back(ref);
  }
  return *extra.out_of_order;
}

void HeadOutOfOrder::seal_run(SeriesRef ref, OutOfOrderSamples& late) {
  ChunkBuilder builder;
  std::vector<ChunkView> chunks;
  for (const Columns& piece : split_run(late.run)) builder.build(piece, chunks);
  for (const ChunkView& chunk : chunks) {
    late.chunks.push_back(
        {chunk.min_time, chunk.max_time,
         state_.sealed.add(state_.chunk_file_ref(ref), chunk.min_time, chunk.max_time,
                           chunk.encoding, true, chunk.bytes)});
  }
  late.run.clear();
}

void HeadOutOfOrder::include_times(TimeMs min, TimeMs max) {
  TimeMs seen = min_.load();
  while (min < seen && !min_.compare_exchange_weak(seen, min)) {
  }
  seen = max_.load();
  while (max > seen && !max_.compare_exchange_weak(seen, max)) {
  }
}

bool HeadOutOfOrder::may_have_samples(const Series& series, TimeRange range) {
  if ((series.flags & Series::kLate) == 0) return false;
  return range.overlaps(state_.extras.find(series)->out_of_order->times());
}

void HeadOutOfOrder::read(Series& series, TimeRange range, Columns& out,
                          ReadWarnings& warnings) {
  std::vector<SealedChunk> chunks;
  Columns run;
  out.clear();
  {
    ByteLockGuard lock(series.lock);
    if ((series.flags & Series::kLate) == 0) return;
    const OutOfOrderSamples& late = *state_.extras.find(series)->out_of_order;
    late.copy_run(range, run);
    for (const SealedChunk& chunk : late.chunks) {
      if (range.overlaps({chunk.min_time(), chunk.max_time()})) chunks.push_back(chunk);
    }
  }
  for (const SealedChunk& chunk : chunks) state_.sealed.decode(chunk, range, out, warnings);
  sort_columns(out);
  merge_columns(out, run);
}

// ---- while the log is read ---------------------------------------------------------------------

void HeadOutOfOrder::restore(const LateSample& sample) {
  MutexLock lock(log.order);
  ByteLockGuard series_lock(sample.series->lock);
  // A marker may follow that empties the run; so it is given some room before it is ended.
  OutOfOrderSamples& late = samples_of(*sample.series, sample.ref);
  if (late.run.size() >= 32 * OutOfOrderSamples::kRunSamples) seal_run(sample.ref, late);
  if (late.insert(sample.t, sample.v, sample.histogram)) include_times(sample.t, sample.t);
}

void HeadOutOfOrder::restore_chunk(Series& series, SeriesRef ref, const SealedChunk& chunk) {
  MutexLock lock(log.order);
  ByteLockGuard series_lock(series.lock);
  samples_of(series, ref).chunks.push_back(chunk);
  include_times(chunk.min_time(), chunk.max_time());
}

std::optional<SealedChunk> HeadOutOfOrder::find_chunk(Series& series, uint64_t chunk_ref) {
  ByteLockGuard series_lock(series.lock);
  const SeriesExtra* const extra = state_.extras.find(series);
  if (extra == nullptr || extra->out_of_order == nullptr) return std::nullopt;
  for (const SealedChunk& chunk : extra->out_of_order->chunks) {
    if (state_.sealed.chunk_ref(chunk.place()) == chunk_ref) return chunk;
  }
  return std::nullopt;
}

void HeadOutOfOrder::forget_run(Series& series, std::span<const TimeMs> times) {
  ByteLockGuard series_lock(series.lock);
  SeriesExtra* const extra = state_.extras.find(series);
  if (extra != nullptr && extra->out_of_order != nullptr) extra->out_of_order->remove(times);
}

void HeadOutOfOrder::finish_restore() {
  MutexLock lock(log.order);
  size_t chunks = 0;
  for (const SeriesRef ref : members) {
    Series& series = *state_.table.find(ref);
    ByteLockGuard series_lock(series.lock);
    OutOfOrderSamples& late = samples_of(series, ref);
    if (late.run.size() > OutOfOrderSamples::kRunSamples) seal_run(ref, late);
    chunks += late.chunks.size() + (late.run.empty() ? 0 : 1);
  }
  count_chunks(chunks, 0);
}

// ---- for a compaction --------------------------------------------------------------------------

void HeadOutOfOrder::seal_runs() {
  for (const SeriesRef ref : members) {
    Series& series = *state_.table.find(ref);
    ByteLockGuard series_lock(series.lock);
    seal_run(ref, samples_of(series, ref));
  }
}

void HeadOutOfOrder::forget(Series& series, size_t chunks) {
  ByteLockGuard series_lock(series.lock);
  SeriesExtra& extra = *state_.extras.find(series);
  std::vector<SealedChunk>& of_series = extra.out_of_order->chunks;
  for (size_t i = 0; i < chunks; ++i) state_.sealed.remove(of_series[i].place());
  of_series.erase(of_series.begin(), of_series.begin() + static_cast<std::ptrdiff_t>(chunks));
  if (!extra.out_of_order->empty()) return;
  extra.out_of_order.reset();
  state_.extras.remove_if_empty(series);
  series.flags &= static_cast<uint8_t>(~Series::kLate);
}

void HeadOutOfOrder::forgotten(size_t chunks) {
  std::erase_if(members, [&](SeriesRef ref) {
    Series& series = *state_.table.find(ref);
    ByteLockGuard series_lock(series.lock);
    return (series.flags & Series::kLate) == 0;
  });
  TimeRange times{kMaxTime, kMinTime};
  for (const SeriesRef ref : members) {
    Series& series = *state_.table.find(ref);
    ByteLockGuard series_lock(series.lock);
    const TimeRange of_series = samples_of(series, ref).times();
    times = {std::min(times.min, of_series.min), std::max(times.max, of_series.max)};
  }
  min_.store(times.min);
  max_.store(times.max);
  count_chunks(0, chunks);
}

void HeadOutOfOrder::count_chunks(size_t created, size_t removed) {
  chunks_.fetch_add(created - removed);
  if (created > 0) state_.metrics.chunks_created.add(static_cast<double>(created));
  if (removed > 0) state_.metrics.chunks_removed.add(static_cast<double>(removed));
  state_.metrics.chunks.add(static_cast<double>(created) - static_cast<double>(removed));
}

}  // namespace hearth::tsdb
