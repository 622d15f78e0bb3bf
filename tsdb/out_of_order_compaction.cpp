#include "tsdb/out_of_order_compaction.h"

#include <algorithm>
#include <set>
#include <string>

#include "tsdb/chunk_builder.h"
#include "tsdb/head_state.h"

namespace hearth::tsdb {
namespace {

TimeMs range_start(TimeMs t, DurationMs width) {
  return width * (t >= 0 ? t / width : (t - width + 1) / width);
}

// Each series' chunks merged and cut to the range. One thread.
class LateSeriesChunks final : public SeriesChunks {
 public:
  using Member = OutOfOrderCompaction::Member;
  LateSeriesChunks(HeadState& state, const std::vector<Member>& members, TimeRange range)
      : state_(state), members_(members), range_(range) {}

  bool next() override {
    while (next_ < members_.size()) {
      const Member& member = members_[next_++];
      if (!read(member)) continue;
      chunks_.clear();
      builder_.clear();
      builder_.build(columns_, chunks_);
      flat_.clear();
      state_.sets.append_flat(member.series->labels, flat_);
      return true;
    }
    return false;
  }
  LabelsView labels() const override { return LabelsView(flat_); }
  std::span<const ChunkView> chunks() const override { return chunks_; }

 private:
  bool read(const Member& member) {
    sealed_.clear();
    {
      ByteLockGuard lock(member.series->lock);
      const OutOfOrderSamples& late = *state_.extras.find(*member.series)->out_of_order;
      for (const SealedChunk& chunk : std::span(late.chunks).first(member.chunks)) {
        if (range_.overlaps({chunk.min_time(), chunk.max_time()})) sealed_.push_back(chunk);
      }
    }
    columns_.clear();
    for (const SealedChunk& chunk : sealed_) {
      const ChunkView view = state_.sealed.read(chunk);
      decode_chunk(view.encoding, view.bytes, range_, columns_);
    }
    sort_columns(columns_);
    return !columns_.t.empty() || !columns_.histogram_t.empty();
  }

  HeadState& state_;
  const std::vector<Member>& members_;
  const TimeRange range_;
  size_t next_ = 0;
  std::string flat_;
  std::vector<SealedChunk> sealed_;
  Columns columns_;
  ChunkBuilder builder_;
  std::vector<ChunkView> chunks_;
};

}  // namespace

OutOfOrderCompaction::OutOfOrderCompaction(HeadState& state)
    : state_(state), guard_(state.epoch.enter()), log_segment_(state.late.log.cut()) {
  std::vector<SealedChunk> chunks;
  {
    MutexLock lock(state.late.log.order);
    state.late.seal_runs();
    for (const SeriesRef ref : state.late.members) {
      Series& series = *state.table.find(ref);
      ByteLockGuard series_lock(series.lock);
      const OutOfOrderSamples& late = *state.extras.find(series)->out_of_order;
      members_.push_back({&series, late.chunks.size()});
      chunks.insert(chunks.end(), late.chunks.begin(), late.chunks.end());
    }
  }
  std::sort(members_.begin(), members_.end(), [&](const Member& a, const Member& b) {
    return state.sets.less(a.series->labels, b.series->labels);
  });

  std::set<TimeMs> starts;
  Columns columns;
  for (const SealedChunk& chunk : chunks) {
    columns.clear();
    const ChunkView view = state.sealed.read(chunk);
    decode_chunk(view.encoding, view.bytes, {}, columns);
    for (const auto* times : {&columns.t, &columns.histogram_t}) {
      for (const TimeMs t : *times) starts.insert(range_start(t, state.options.min_block_duration));
    }
  }
  ranges_.assign(starts.begin(), starts.end());
}

std::unique_ptr<SeriesChunks> OutOfOrderCompaction::series_chunks(TimeRange range) const {
  return std::make_unique<LateSeriesChunks>(state_, members_, range);
}

void OutOfOrderCompaction::release() {
  state_.isolation.wait_for_present_readers();
  {
    MutexLock lock(state_.late.log.order);
    size_t chunks = 0;
    for (const Member& member : members_) {
      state_.late.forget(*member.series, member.chunks);
      chunks += member.chunks;
    }
    state_.late.forgotten(chunks);
  }
  state_.sealed.truncate();
  state_.late.log.truncate(log_segment_);
}

}  // namespace hearth::tsdb
