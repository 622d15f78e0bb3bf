// The head as a compaction reads it: series in label order, with sealed chunks cut to a time range.
#include <algorithm>

#include "tsdb/chunk_builder.h"
#include "tsdb/head_state.h"

namespace hearth::tsdb {
namespace {

class HeadSeriesChunks final : public SeriesChunks {
 public:
  HeadSeriesChunks(HeadState& state, TimeRange range)
      : state_(state), range_(range), guard_(state.epoch.enter()) {
    const PostingsView refs = state.index.all();
    for (size_t i = 0; i < refs.size(); ++i) {
      if (Series* series = state.table.find(refs[i])) series_.push_back(series);
    }
    std::sort(series_.begin(), series_.end(), [&](const Series* a, const Series* b) {
      return state.sets.less(a->labels, b->labels);
    });
  }

  bool next() override {
    while (next_ < series_.size()) {
      Series& series = *series_[next_++];
      collect(series);
      if (chunks_.empty()) continue;
      flat_.clear();
      state_.sets.append_flat(series.labels, flat_);
      return true;
    }
    return false;
  }
  LabelsView labels() const override { return LabelsView(flat_); }
  std::span<const ChunkView> chunks() const override { return chunks_; }

 private:
  void collect(Series& series) {
    chunks_.clear();
    builder_.clear();
    sealed_.clear();
    deleted_.clear();
    ChunkView open;
    {
      ByteLockGuard lock(series.lock);
      const std::span<const SealedChunk> sealed = state_.chunks.sealed_chunks(series);
      sealed_.assign(sealed.begin(), sealed.end());
      const Encoding encoding = state_.chunks.copy_open_chunk(series, open_);
      open = {series.chunk_start, series.last_time, encoding, open_};
      if (const SeriesExtra* const extra = state_.extras.find(series)) deleted_ = extra->deleted;
    }
    for (const SealedChunk& chunk : sealed_) add(state_.sealed.read(chunk));
    if (!open_.empty()) add(open);
  }

  void add(const ChunkView& chunk) {
    const TimeRange times{chunk.min_time, chunk.max_time};
    if (!range_.overlaps(times)) return;
    const bool has_gap = std::any_of(deleted_.begin(), deleted_.end(), [&](const TimeRange& gap) {
      return gap.overlaps(times);
    });
    if (!has_gap && range_.contains(times.min) && range_.contains(times.max)) {
      chunks_.push_back(chunk);
      return;
    }
    columns_.clear();
    decode_chunk(chunk.encoding, chunk.bytes, range_, columns_);
    cut_intervals(deleted_, columns_);
    builder_.build(columns_, chunks_);
  }

  HeadState& state_;
  const TimeRange range_;
  const Epoch::Guard guard_;
  std::vector<Series*> series_;  // in label order
  size_t next_ = 0;
  std::string flat_;
  std::vector<ChunkView> chunks_;
  std::vector<SealedChunk> sealed_;
  std::string open_;  // a copy of the open chunk
  Intervals deleted_;
  ChunkBuilder builder_;  // of chunks that are cut
  Columns columns_;
};

}  // namespace

std::unique_ptr<SeriesChunks> make_head_series_chunks(HeadState& state, TimeRange range) {
  state.isolation.wait_for_commits();
  return std::make_unique<HeadSeriesChunks>(state, range);
}

}  // namespace hearth::tsdb
