#include "tsdb/head_out_of_order.h"

#include <algorithm>

#include "tsdb/chunk_builder.h"
#include "tsdb/head_state.h"
#include "tsdb/merge.h"
#include "tsdb/out_of_order_record.h"

namespace hearth::tsdb {
void HeadOutOfOrder::insert(std::span<const LateSample> samples) {
  size_t floats = 0;
  size_t histograms = 0;
  {
    MutexLock lock(log.order);
    LateRecord record;
    for (const LateSample& sample : samples) {
      {
        ByteLockGuard series_lock(sample.series->lock);
        if (!add(sample)) continue;
      }
      record.add(state_.log_ref(sample.ref), sample.t, sample.v, sample.histogram);
      ++(sample.histogram == nullptr ? floats : histograms);
    }
    for (std::string& bytes : record.take()) log.add(std::move(bytes));
  }
  const HeadMetrics& metrics = state_.metrics;
  metrics.samples_appended.add(static_cast<double>(floats));
  metrics.late_appended.add(static_cast<double>(floats));
  metrics.histograms_appended.add(static_cast<double>(histograms));
  metrics.late_histograms_appended.add(static_cast<double>(histograms));
  log.flush();
}

bool HeadOutOfOrder::add(const LateSample& sample) {
  OutOfOrderSamples& late = samples_of(*sample.series, sample.ref);
  if (late.run.size() >= OutOfOrderSamples::kRunSamples) seal_run(late);
  const bool begins = late.run.empty();
  if (!late.insert(sample.t, sample.v, sample.histogram)) return false;
  if (begins) count_chunks(1, 0);
  include_times(sample.t, sample.t);
  return true;
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

SealedChunk HeadOutOfOrder::seal(const ChunkView& chunk) {
  return {chunk.min_time, chunk.max_time,
          state_.sealed.add(kOfNoSeries, chunk.min_time, chunk.max_time, chunk.encoding, true,
                            chunk.bytes)};
}

void HeadOutOfOrder::seal_run(OutOfOrderSamples& late) {
  if (late.run.empty()) return;
  ChunkBuilder builder;
  std::vector<ChunkView> chunks;
  for (const Columns& piece : split_run(late.run)) builder.build(piece, chunks);
  for (const ChunkView& chunk : chunks) late.chunks.push_back(seal(chunk));
  count_chunks(chunks.size() - 1, 0);
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
  add(sample);
}

// ---- what was there at one moment --------------------------------------------------------------

LatePresent HeadOutOfOrder::end_runs() {
  LatePresent present;
  {
    MutexLock lock(log.order);
    log.cut();
    for (const SeriesRef ref : members) {
      Series& series = *state_.table.find(ref);
      ByteLockGuard series_lock(series.lock);
      OutOfOrderSamples& late = samples_of(series, ref);
      seal_run(late);
      present.members.push_back({ref, &series, late.chunks.size()});
    }
  }
  log.flush();
  present.segment = log.segment_after_cut();
  return present;
}

std::vector<SealedChunk> HeadOutOfOrder::chunks_of(const LateMember& member, TimeRange range) {
  std::vector<SealedChunk> found;
  ByteLockGuard lock(member.series->lock);
  const OutOfOrderSamples& late = *state_.extras.find(*member.series)->out_of_order;
  for (const SealedChunk& chunk : std::span(late.chunks).first(member.chunks)) {
    if (range.overlaps({chunk.min_time(), chunk.max_time()})) found.push_back(chunk);
  }
  return found;
}

void HeadOutOfOrder::replace(const LateMember& member, std::span<const SealedChunk> by) {
  Series& series = *member.series;
  ByteLockGuard series_lock(series.lock);
  SeriesExtra& extra = *state_.extras.find(series);
  std::vector<SealedChunk>& chunks = extra.out_of_order->chunks;
  const auto end = chunks.begin() + static_cast<std::ptrdiff_t>(member.chunks);
  for (auto chunk = chunks.begin(); chunk != end; ++chunk) state_.sealed.remove(chunk->place());
  chunks.erase(chunks.begin(), end);
  chunks.insert(chunks.begin(), by.begin(), by.end());
  count_chunks(by.size(), member.chunks);
  if (!extra.out_of_order->empty()) return;
  extra.out_of_order.reset();
  state_.extras.remove_if_empty(series);
  series.flags &= static_cast<uint8_t>(~Series::kLate);
}

void HeadOutOfOrder::replaced() {
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
}

void HeadOutOfOrder::count_chunks(size_t created, size_t removed) {
  chunks_.fetch_add(created - removed);
  if (created > 0) state_.metrics.chunks_created.add(static_cast<double>(created));
  if (removed > 0) state_.metrics.chunks_removed.add(static_cast<double>(removed));
  state_.metrics.chunks.add(static_cast<double>(created) - static_cast<double>(removed));
}

}  // namespace hearth::tsdb
