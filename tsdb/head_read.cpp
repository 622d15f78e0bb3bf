// Reading the head: a view of complete commits, copied out of the series under their locks and
// decoded outside of them.
#include <algorithm>
#include <bit>

#include "core/arena.h"
#include "tsdb/chunk_xor_run.h"
#include "tsdb/chunked_set.h"
#include "tsdb/columns.h"
#include "tsdb/head_state.h"
#include "tsdb/merge.h"
#include "tsdb/read_warnings.h"
#include "tsdb/shared_labels.h"

namespace hearth::tsdb {
namespace {

struct Found {
  Series* series;
  LabelsView labels;
};

template <class Value>
void take_last(Column<Value> column) {
  column.t.pop_back();
  column.v.pop_back();
  if (!column.start.empty()) column.start.pop_back();
}

// Takes the newest samples away: as many as are hidden, and those after `max`.
void take_newest(Columns& columns, size_t hidden, TimeMs max) {
  for (;; hidden -= hidden > 0 ? 1 : 0) {
    const TimeMs newest_float = columns.t.empty() ? kMinTime : columns.t.back();
    const TimeMs newest_histogram =
        columns.histogram_t.empty() ? kMinTime : columns.histogram_t.back();
    const TimeMs newest = std::max(newest_float, newest_histogram);
    if (newest == kMinTime || (hidden == 0 && newest <= max)) return;
    if (newest == newest_float) {
      take_last(floats_of(columns));
    } else {
      take_last(histograms_of(columns));
    }
  }
}

class HeadSeriesSet final : public ChunkedSet {
 public:
  HeadSeriesSet(HeadState& state, const Isolation::View& view, TimeMs first_visible,
                ReadWarnings& warnings, Budget& budget)
      : state_(state),
        view_(view),
        first_visible_(first_visible),
        warnings_(warnings),
        arena_(&budget) {}

  void find(std::span<const uint32_t> refs, const SelectHints& hints, const Budget& budget,
            const SeriesSet* like);

  size_t size() const override { return found_.size(); }
  LabelsView labels(size_t series) const override { return found_[series].labels; }
  void read(size_t series, TimeRange range, Columns& out) const override;
  bool chunks(size_t series, TimeRange range, ChunkList& out) const override;
  void fetch(ChunkList::Piece& piece) const override;
  bool latest(size_t series, TimeMs from, TimeMs at, Sample& out) const override;

 private:
  bool may_have_samples(Series& series, TimeRange range) const;
  // Begins to fetch what chunks() of the next series will look at.
  void prefetch_after(size_t index) const;
  // How many of the series' newest samples belong to commits that are not seen, or came after such.
  size_t hidden_samples(const Series& series) const REQUIRES(series.lock);
  // What a series has beside its chunks.
  struct Beside {
    bool late = false;  // samples out of order
    Intervals deleted;
  };
  // Appends what the series' chunks have.
  Beside read_chunks(Series& series, TimeRange range, Columns& out) const;

  HeadState& state_;
  const Isolation::View& view_;
  const TimeMs first_visible_;
  ReadWarnings& warnings_;
  Arena arena_;
  std::span<Found> found_;
};

size_t HeadSeriesSet::hidden_samples(const Series& series) const {
  const size_t newest = series.commit_samples;
  size_t earlier = 0;
  if ((series.flags & Series::kEarlierCommits) != 0)
    earlier = state_.earlier_commits.hidden(series, view_);
  return earlier > 0 ? earlier + newest : view_.sees(series.last_commit) ? 0 : newest;
}

bool HeadSeriesSet::may_have_samples(Series& series, TimeRange range) const {
  ByteLockGuard lock(series.lock);
  if (state_.late.may_have_samples(series, range)) return true;
  range.min = std::max(range.min, first_visible_);
  if (series.empty() || range.min > range.max) return false;
  if (series.sealed_count == 0 && series.samples <= hidden_samples(series)) return false;
  if (series.samples > 0 && range.overlaps({series.chunk_start, series.last_time})) return true;
  const std::span<const SealedChunk> sealed = state_.chunks.sealed_chunks(series);
  return std::any_of(sealed.begin(), sealed.end(), [&](const SealedChunk& chunk) {
    return range.overlaps({chunk.min_time(), chunk.max_time()});
  });
}

void HeadSeriesSet::find(std::span<const uint32_t> refs, const SelectHints& hints,
                         const Budget& budget, const SeriesSet* like) {
  constexpr size_t kOften = 1024;
  size_t steps = 0;
  const auto check_now_and_then = [&] {
    if (++steps % kOften == 0) budget.check();
  };
  const std::span<Found> all = arena_.array<Found>(refs.size());
  size_t count = 0;
  for (const uint32_t ref : refs) {
    check_now_and_then();
    Series* series = state_.table.find(ref);
    if (series == nullptr) state_.metrics.series_not_found.add();
    if (series == nullptr || !may_have_samples(*series, hints.range)) continue;
    all[count++] = {series, {}};
    if (!hints.sorted && count == hints.limit) break;
  }
  found_ = all.first(count);
  if (hints.sorted) {
    std::sort(found_.begin(), found_.end(), [&](const Found& a, const Found& b) {
      check_now_and_then();
      return state_.sets.less(a.series->labels, b.series->labels);
    });
  }
  if (hints.limit != 0 && found_.size() > hints.limit) found_ = found_.first(hints.limit);
  std::string flat;
  SharedLabels shared(hints.sorted ? like : nullptr, arena_);
  for (Found& found : found_) {
    check_now_and_then();
    flat.clear();
    state_.sets.append_flat(found.series->labels, flat);
    found.labels = shared.keep(flat);
  }
}

void HeadSeriesSet::read(size_t index, TimeRange range, Columns& out) const {
  out.clear();
  Series& series = *found_[index].series;
  const Beside beside = read_chunks(series, range, out);
  if (!beside.deleted.empty()) cut_intervals(beside.deleted, out);
  if (!beside.late) return;
  // What is there of them has come since the deletes.
  Columns late;
  state_.late.read(series, range, late, warnings_);
  merge_columns(out, late);
}

void HeadSeriesSet::prefetch_after(size_t index) const {
  constexpr size_t kSeriesAhead = 4, kChunksAhead = 2;
  if (index + kSeriesAhead < found_.size()) __builtin_prefetch(found_[index + kSeriesAhead].series);
  if (index + kChunksAhead < found_.size())
    state_.chunks.prefetch_to_read(*found_[index + kChunksAhead].series);
}

bool HeadSeriesSet::chunks(size_t index, TimeRange range, ChunkList& out) const {
  thread_local std::vector<SealedChunk> sealed;
  Series& series = *found_[index].series;
  prefetch_after(index);
  range.min = std::max(range.min, first_visible_);
  sealed.clear();
  std::string* open = nullptr;
  ChunkView open_chunk;
  {
    ByteLockGuard lock(series.lock);
    const SeriesExtra* const extra = state_.extras.find(series);
    if ((series.flags & Series::kLate) != 0 || (extra != nullptr && !extra->deleted.empty()) ||
        hidden_samples(series) > 0) {
      return false;
    }
    if (series.empty() || series.last_time < range.min) return true;
    for (const SealedChunk& chunk : state_.chunks.sealed_chunks(series)) {
      if (range.overlaps({chunk.min_time(), chunk.max_time()})) sealed.push_back(chunk);
    }
    if (series.samples > 0 && series.chunk_start <= range.max) {
      open = &out.copy();
      open_chunk.encoding = state_.chunks.copy_open_chunk(series, *open);
      open_chunk.min_time = series.chunk_start;
      open_chunk.max_time = series.last_time;
    }
  }
  for (const SealedChunk& chunk : sealed) {
    state_.sealed.prefetch(chunk);
    out.add({chunk.min_time(), chunk.max_time()}, range, *this, chunk.place());
  }
  if (open != nullptr) {
    const size_t size = open->size();
    open->append(kXorRoom, '\0');
    open_chunk.bytes = std::string_view(*open).substr(0, size);
    out.add(open_chunk, range, kXorRoom);
  }
  return true;
}

void HeadSeriesSet::fetch(ChunkList::Piece& piece) const {
  const SealedChunk sealed(piece.chunk.min_time, piece.chunk.max_time, piece.place);
  piece.chunk = state_.sealed.read(sealed);
  piece.behind = state_.sealed.readable_behind(sealed, piece.chunk);
}

HeadSeriesSet::Beside HeadSeriesSet::read_chunks(Series& series, TimeRange range,
                                                 Columns& out) const {
  thread_local std::vector<SealedChunk> sealed;
  thread_local std::string open;
  range.min = std::max(range.min, first_visible_);
  size_t hidden = 0;
  Beside beside;
  Encoding open_encoding = Encoding::kXor;
  {
    ByteLockGuard lock(series.lock);
    beside.late = (series.flags & Series::kLate) != 0;
    if (const SeriesExtra* const extra = state_.extras.find(series))
      beside.deleted = extra->deleted;
    if (series.empty() || series.last_time < range.min) return beside;
    hidden = hidden_samples(series);
    // What is hidden is the newest: it is decoded as well, and then taken away.
    const TimeMs until = hidden > 0 ? kMaxTime : range.max;
    sealed.clear();
    for (const SealedChunk& chunk : state_.chunks.sealed_chunks(series)) {
      if (chunk.max_time() >= range.min && chunk.min_time() <= until) sealed.push_back(chunk);
    }
    open.clear();
    if (series.chunk_start <= until) open_encoding = state_.chunks.copy_open_chunk(series, open);
  }
  const TimeRange wanted{range.min, hidden > 0 ? kMaxTime : range.max};
  for (const SealedChunk& chunk : sealed) state_.sealed.decode(chunk, wanted, out, warnings_);
  if (!open.empty()) decode_chunk(open_encoding, open, wanted, out);
  if (hidden > 0) take_newest(out, hidden, range.max);
  return beside;
}

bool HeadSeriesSet::latest(size_t index, TimeMs from, TimeMs at, Sample& out) const {
  Series& series = *found_[index].series;
  ByteLockGuard lock(series.lock);
  // Samples out of order may be newer.
  if ((series.flags & (Series::kLate | Series::kHistogram)) != 0) return false;
  const SeriesExtra* const extra = state_.extras.find(series);
  if (extra != nullptr && !extra->deleted.empty()) return false;
  if (series.empty() || series.last_time > at ||
      series.last_time < std::max(from, first_visible_) || hidden_samples(series) > 0) {
    return false;
  }
  out = {series.last_time, std::bit_cast<double>(series.last_value)};
  return true;
}

// The view is taken when the querier is made; the guard keeps alive what was reachable then. One
// thread, but for what it returns and warnings().
class HeadQuerier final : public SharingQuerier {
 public:
  HeadQuerier(HeadState& state, TimeRange range, TimeMs in_order_from)
      : state_(state),
        view_(state.isolation.open(std::max(range.min, in_order_from))),
        from_(std::max(in_order_from, state.min_time.load())),
        first_visible_(std::max(range.min, from_)),
        range_(range),
        guard_(state.epoch.enter()),
        index_(state.index, state.sets, state.table) {}
  ~HeadQuerier() override { state_.isolation.close(view_); }

  std::unique_ptr<SeriesSet> select_like(const SeriesSet* like, std::span<const Matcher> matchers,
                                         const SelectHints& hints, Budget& budget) override {
    auto set = std::make_unique<HeadSeriesSet>(state_, view_, first_visible_, warnings_, budget);
    SelectHints within = hints;
    within.range.min = std::max(hints.range.min, range_.min);
    within.range.max = std::min(hints.range.max, range_.max);
    set->find(select_series(index_, matchers, &budget), within, budget, like);
    return set;
  }
  std::vector<std::string> label_names(std::span<const Matcher> matchers, size_t limit) override {
    if (!overlaps_head()) return {};
    return select_label_names(index_, matchers, limit);
  }
  std::vector<std::string> label_values(const std::string& name, std::span<const Matcher> matchers,
                                        size_t limit) override {
    if (!overlaps_head()) return {};
    return select_label_values(index_, name, matchers, limit);
  }
  std::vector<std::string> warnings() const override { return warnings_.texts(); }

 private:
  bool overlaps_head() const {
    return range_.overlaps({from_, state_.max_time.load()}) || range_.overlaps(state_.late.times());
  }

  HeadState& state_;
  const Isolation::View view_;
  const TimeMs from_;           // of what came in order, the oldest that this shows
  const TimeMs first_visible_;  // the same, within the range
  const TimeRange range_;
  const Epoch::Guard guard_;
  const HeadIndexReader index_;
  ReadWarnings warnings_;
};

}  // namespace

std::unique_ptr<Querier> make_head_querier(HeadState& state, TimeRange range,
                                           TimeMs in_order_from) {
  return std::make_unique<HeadQuerier>(state, range, in_order_from);
}

}  // namespace hearth::tsdb
