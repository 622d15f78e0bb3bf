// The head as a compaction reads it: series in label order, with sealed chunks cut to a time range.
#include <algorithm>
#include <deque>

#include "tsdb/chunk_xor.h"
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
    cut_.clear();
    sealed_.clear();
    ChunkView open;
    {
      ByteLockGuard lock(series.lock);
      const std::span<const SealedChunk> sealed = state_.chunks.sealed_chunks(series);
      sealed_.assign(sealed.begin(), sealed.end());
      state_.chunks.copy_open_chunk(series, open_);
      open = {series.chunk_start, series.last_time, Encoding::kXor, open_};
    }
    for (const SealedChunk& chunk : sealed_) add(state_.sealed.read(chunk));
    if (!open_.empty()) add(open);
  }

  void add(const ChunkView& chunk) {
    if (!range_.overlaps({chunk.min_time, chunk.max_time})) return;
    if (range_.contains(chunk.min_time) && range_.contains(chunk.max_time)) {
      chunks_.push_back(chunk);
      return;
    }
    columns_.clear();
    decode_chunk(chunk.encoding, chunk.bytes, range_, columns_);
    if (columns_.t.empty()) return;
    XorEncoder encoder;
    for (size_t i = 0; i < columns_.t.size(); ++i) encoder.append(columns_.t[i], columns_.v[i]);
    cut_.emplace_back(encoder.bytes());
    chunks_.push_back({columns_.t.front(), columns_.t.back(), Encoding::kXor, cut_.back()});
  }

  HeadState& state_;
  const TimeRange range_;
  const Epoch::Guard guard_;
  std::vector<Series*> series_;  // in label order
  size_t next_ = 0;
  std::string flat_;
  std::vector<ChunkView> chunks_;
  std::vector<SealedChunk> sealed_;
  std::string open_;             // a copy of the open chunk
  std::deque<std::string> cut_;  // chunks encoded anew
  Columns columns_;
};

}  // namespace

std::unique_ptr<SeriesChunks> make_head_series_chunks(HeadState& state, TimeRange range) {
  state.isolation.wait_for_commits();
  return std::make_unique<HeadSeriesChunks>(state, range);
}

}  // namespace hearth::tsdb
