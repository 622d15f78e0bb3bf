// block_querier(): selecting in one block's index, decoding its chunks into columns.
#include <utility>

#include "core/arena.h"
#include "core/error.h"
#include "tsdb/block.h"
#include "tsdb/chunk_xor_run.h"
#include "tsdb/chunked_set.h"
#include "tsdb/columns.h"
#include "tsdb/merge.h"
#include "tsdb/read_warnings.h"
#include "tsdb/select.h"
#include "tsdb/shared_labels.h"

namespace hearth::tsdb {
namespace {

struct Found {
  LabelsView labels;
  uint32_t ref;
  uint32_t chunks_at;  // in its entry of the index
};

// Immutable.
class BlockSeriesSet final : public ChunkedSet {
 public:
  BlockSeriesSet(std::shared_ptr<const Block> block, std::shared_ptr<const Tombstones> deleted,
                 ReadWarnings& warnings, Budget& budget)
      : block_(std::move(block)),
        deleted_(std::move(deleted)),
        warnings_(warnings),
        arena_(&budget) {}

  // The series among `refs` with chunks in `range`; they come in label order.
  void load(std::span<const uint32_t> refs, TimeRange range, size_t limit, const SeriesSet* like,
            const Budget& budget) {
    series_ = arena_.array<Found>(limit == 0 ? refs.size() : std::min(limit, refs.size()));
    std::vector<ChunkMeta> chunks;
    NeighbourLabels labels;
    SharedLabels shared(like, arena_);
    constexpr size_t kOften = 1024;
    size_t steps = 0;
    for (const uint32_t ref : refs) {
      if (++steps % kOften == 0) budget.check();
      if (size_ == series_.size()) break;
      uint32_t chunks_at = 0;
      const bool good =
          unless_damaged([&] { chunks_at = block_->index().series(ref, labels, chunks); });
      if (!good) continue;
      for (const ChunkMeta& chunk : chunks) {
        if (!TimeRange{chunk.min_time, chunk.max_time}.overlaps(range)) continue;
        series_[size_++] = {shared.keep(labels.flat()), ref, chunks_at};
        break;
      }
    }
  }
  size_t size() const override { return size_; }
  LabelsView labels(size_t series) const override { return series_[series].labels; }

  void read(size_t series, TimeRange range, Columns& out) const override {
    out.clear();
    if (!block_->in_service()) return;
    read_chunks(series_[series], range, out);
    block_->require_readable();
  }

  bool chunks(size_t series, TimeRange range, ChunkList& out) const override {
    static thread_local std::vector<ChunkMeta> metas;
    const Found& found = series_[series];
    if (!block_->in_service() || deleted_->of(found.ref) != nullptr) return false;
    if (!find_chunks(found, metas)) return false;
    TimeMs before = kMinTime;
    for (const ChunkMeta& meta : metas) {
      const TimeRange times{meta.min_time, meta.max_time};
      if (!times.overlaps(range)) continue;
      if (meta.min_time <= before) return false;
      before = meta.max_time;
      block_->chunks().prefetch(meta.ref);
      out.add(times, range, *this, meta.ref);
    }
    return true;
  }
  void fetch(ChunkList::Piece& piece) const override {
    const auto [encoding, bytes] = block_->chunks().chunk(piece.place);
    piece.chunk.encoding = encoding;
    piece.chunk.bytes = bytes;
    piece.behind = block_->chunks().readable_behind(piece.place, bytes);
  }
  void end_read() const override { block_->require_readable(); }

 private:
  // False where `work` found damage, which is told.
  template <class Work>
  bool unless_damaged(Work work) const {
    try {
      work();
      return true;
    } catch (const Error& e) {
      block_->require_readable();
      if (e.kind() != ErrorKind::kCorrupt) throw;
      warnings_.add(block_->tell_damage(e.what()));
      return false;
    }
  }

  bool find_chunks(const Found& found, std::vector<ChunkMeta>& chunks) const {
    return unless_damaged([&] { block_->index().chunks(found.ref, found.chunks_at, chunks); });
  }

  // Appends the chunk's samples; none, and false, where it is damaged.
  bool read_chunk(uint64_t ref, TimeRange range, Columns& out) const {
    const size_t floats = out.t.size();
    const size_t histograms = out.histogram_t.size();
    const bool good = unless_damaged([&] {
      const auto [encoding, bytes] = block_->chunks().chunk(ref);
      decode_chunk(encoding, bytes, range, out);
    });
    if (good) return true;
    cut_to(floats_of(out), floats);
    cut_to(histograms_of(out), histograms);
    return false;
  }

  void read_chunks(const Found& found, TimeRange range, Columns& out) const {
    static thread_local std::vector<ChunkMeta> chunks;
    if (!find_chunks(found, chunks)) return;
    if (!read_together(chunks, range, out)) read_one_by_one(chunks, range, out);
    if (const Intervals* deleted = deleted_->of(found.ref)) cut_intervals(*deleted, out);
  }

  // The way of intact chunks that follow one another. False for others, which the other way tells.
  bool read_together(std::span<const ChunkMeta> chunks, TimeRange range, Columns& out) const {
    static thread_local std::vector<ChunkView> views;
    views.clear();
    try {
      for (const ChunkMeta& meta : chunks) {
        if (!TimeRange{meta.min_time, meta.max_time}.overlaps(range)) continue;
        if (!views.empty() && meta.min_time <= views.back().max_time) return false;
        const auto [encoding, bytes] = block_->chunks().chunk(meta.ref);
        views.push_back({meta.min_time, meta.max_time, encoding, bytes});
      }
      if (decode_xor_run(views, range, out)) return true;
      out.clear();
      for (const ChunkView& view : views) decode_chunk(view.encoding, view.bytes, range, out);
      return true;
    } catch (const Error& e) {
      out.clear();
      if (e.kind() != ErrorKind::kCorrupt) throw;
      return false;
    }
  }

  void read_one_by_one(std::span<const ChunkMeta> chunks, TimeRange range, Columns& out) const {
    bool any = false;
    bool good = true;
    TimeMs max = kMinTime;
    for (const ChunkMeta& meta : chunks) {
      if (!TimeRange{meta.min_time, meta.max_time}.overlaps(range)) continue;
      if (!any || meta.min_time > max) {
        const size_t first = out.histograms.size();
        const bool after_gap = !std::exchange(good, read_chunk(meta.ref, range, out));
        if (after_gap && out.histograms.size() > first) forget_reset_hint(out.histograms[first]);
      } else {  // overlaps one before it, which no compaction of today leaves behind
        Columns more;
        read_chunk(meta.ref, range, more);
        merge_columns(out, more);
      }
      any = true;
      max = std::max(max, meta.max_time);
    }
  }

  std::shared_ptr<const Block> block_;
  std::shared_ptr<const Tombstones> deleted_;
  ReadWarnings& warnings_;
  Arena arena_;
  std::span<Found> series_;
  size_t size_ = 0;
};

// One thread, but for what it returns and warnings().
class BlockQuerier final : public SharingQuerier {
 public:
  BlockQuerier(std::shared_ptr<const Block> block, TimeRange range)
      : block_(std::move(block)), deleted_(block_->tombstones()), range_(range) {}

  std::unique_ptr<SeriesSet> select_like(const SeriesSet* like, std::span<const Matcher> matchers,
                                         const SelectHints& hints, Budget& budget) override {
    auto set = std::make_unique<BlockSeriesSet>(block_, deleted_, warnings_, budget);
    unless_damaged([&] {
      const TimeRange range{std::max(range_.min, hints.range.min),
                            std::min(range_.max, hints.range.max)};
      set->load(select_series(block_->index(), matchers, &budget), range, hints.limit, like,
                budget);
    });
    return set;
  }

  std::vector<std::string> label_names(std::span<const Matcher> matchers, size_t limit) override {
    std::vector<std::string> names;
    unless_damaged([&] { names = select_label_names(block_->index(), matchers, limit); });
    return names;
  }

  std::vector<std::string> label_values(const std::string& name, std::span<const Matcher> matchers,
                                        size_t limit) override {
    std::vector<std::string> values;
    unless_damaged([&] { values = select_label_values(block_->index(), name, matchers, limit); });
    return values;
  }

  std::vector<std::string> warnings() const override {
    if (block_->in_service()) return warnings_.texts();
    return {"block " + block_->meta().ulid.text() + " is left out: its files cannot be read"};
  }

 private:
  template <class Work>
  void unless_damaged(Work work) {
    if (!block_->in_service()) return;
    try {
      work();
      block_->require_readable();
    } catch (const Error& e) {
      block_->require_readable();
      if (e.kind() != ErrorKind::kCorrupt) throw;
      warnings_.add(block_->tell_damage(e.what()));
    }
  }

  std::shared_ptr<const Block> block_;
  std::shared_ptr<const Tombstones> deleted_;
  const TimeRange range_;
  ReadWarnings warnings_;
};

}  // namespace

std::unique_ptr<Querier> block_querier(std::shared_ptr<const Block> block, TimeRange range) {
  return std::make_unique<BlockQuerier>(std::move(block), range);
}

}  // namespace hearth::tsdb
