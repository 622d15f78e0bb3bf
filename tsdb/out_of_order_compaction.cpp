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
  LateSeriesChunks(HeadState& state, const std::vector<LateMember>& members, TimeRange range)
      : state_(state), members_(members), range_(range) {}

  bool next() override {
    while (next_ < members_.size()) {
      const LateMember& member = members_[next_++];
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
  bool read(const LateMember& member) {
    columns_.clear();
    for (const SealedChunk& chunk : state_.late.chunks_of(member, range_)) {
      const ChunkView view = state_.sealed.read(chunk);
      decode_chunk(view.encoding, view.bytes, range_, columns_);
    }
    sort_columns(columns_);
    return !columns_.t.empty() || !columns_.histogram_t.empty();
  }

  HeadState& state_;
  const std::vector<LateMember>& members_;
  const TimeRange range_;
  size_t next_ = 0;
  std::string flat_;
  Columns columns_;
  ChunkBuilder builder_;
  std::vector<ChunkView> chunks_;
};

}  // namespace

OutOfOrderCompaction::OutOfOrderCompaction(HeadState& state)
    : state_(state), guard_(state.epoch.enter()), present_(state.late.end_runs()) {
  std::sort(present_.members.begin(), present_.members.end(),
            [&](const LateMember& a, const LateMember& b) {
              return state.sets.less(a.series->labels, b.series->labels);
            });
  std::set<TimeMs> starts;
  Columns columns;
  for (const LateMember& member : present_.members) {
    for (const SealedChunk& chunk : state.late.chunks_of(member, {})) {
      columns.clear();
      const ChunkView view = state.sealed.read(chunk);
      decode_chunk(view.encoding, view.bytes, {}, columns);
      for (const auto* times : {&columns.t, &columns.histogram_t}) {
        for (const TimeMs t : *times)
          starts.insert(range_start(t, state.options.min_block_duration));
      }
    }
  }
  ranges_.assign(starts.begin(), starts.end());
}

std::unique_ptr<SeriesChunks> OutOfOrderCompaction::series_chunks(TimeRange range) const {
  return std::make_unique<LateSeriesChunks>(state_, present_.members, range);
}

void OutOfOrderCompaction::release() {
  state_.isolation.wait_for_present_readers();
  {
    MutexLock lock(state_.late.log.order);
    for (const LateMember& member : present_.members) state_.late.replace(member, {});
    state_.late.replaced();
  }
  state_.sealed.truncate();
  state_.late.log.truncate(present_.segment);
}

}  // namespace hearth::tsdb
