#include "tsdb/merge.h"

#include <algorithm>
#include <numeric>

#include "core/arena.h"
#include "tsdb/chunk_builder.h"
#include "tsdb/chunked_set.h"

namespace hearth::tsdb {
namespace {

// Immutable.
class MergedSeriesSet final : public ChunkedSet {
 public:
  MergedSeriesSet(std::vector<SeriesSetPart> parts, size_t limit, Budget& budget)
      : parts_(std::move(parts)), arena_(&budget) {
    size_t total = 0;
    for (const SeriesSetPart& part : parts_) {
      total += part.set->size();
      chunked_.push_back(dynamic_cast<const ChunkedSet*>(part.set.get()));
    }
    members_ = arena_.array<Member>(total);
    starts_ = arena_.array<uint32_t>(total + 1);

    constexpr size_t kOften = 1024;
    std::vector<uint32_t> next(parts_.size());
    uint32_t used = 0;
    while (limit == 0 || size_ < limit) {
      if (size_ % kOften == 0) budget.check();
      starts_[size_] = used;
      // The parts whose next series has the least labels; a handful of parts needs no heap.
      LabelsView least;
      for (uint32_t p = 0; p < parts_.size(); ++p) {
        if (next[p] == parts_[p].set->size()) continue;
        const LabelsView labels = parts_[p].set->labels(next[p]);
        const bool same = labels.flat().data() == least.flat().data();  // see shared_labels.h
        const auto order = used == starts_[size_] ? std::strong_ordering::less
                           : same                 ? std::strong_ordering::equal
                                                  : labels <=> least;
        if (order > 0) continue;
        if (order < 0) {
          used = starts_[size_];
          least = labels;
        }
        members_[used++] = {p, next[p]};
      }
      if (used == starts_[size_]) break;
      for (uint32_t m = starts_[size_]; m < used; ++m) ++next[members_[m].part];
      ++size_;
    }
    starts_[size_] = used;
  }

  size_t size() const override { return size_; }

  LabelsView labels(size_t series) const override {
    const Member& member = members_[starts_[series]];
    return parts_[member.part].set->labels(member.index);
  }

  void read(size_t series, TimeRange range, Columns& out) const override {
    const auto members = of(series);
    parts_[members[0].part].set->read(members[0].index, range, out);
    static thread_local Columns more;
    for (const Member& member : members.subspan(1)) {
      parts_[member.part].set->read(member.index, range, more);
      merge_columns(out, more);
    }
  }

  bool chunks(size_t series, TimeRange range, ChunkList& out) const override {
    const size_t first = out.size();
    for (const Member& member : of(series)) {
      const ChunkedSet* part = chunked_[member.part];
      if (part == nullptr || !part->chunks(member.index, range, out)) return false;
    }
    const auto all = out.from(first);
    const auto is_before = [](const ChunkList::Piece& a, const ChunkList::Piece& b) {
      return a.chunk.min_time < b.chunk.min_time;
    };
    if (!std::is_sorted(all.begin(), all.end(), is_before)) {
      std::sort(all.begin(), all.end(), is_before);
    }
    const auto overlap = [](const ChunkList::Piece& a, const ChunkList::Piece& b) {
      return std::max(b.chunk.min_time, b.wanted.min) <= std::min(a.chunk.max_time, a.wanted.max);
    };
    return std::adjacent_find(all.begin(), all.end(), overlap) == all.end();
  }
  void end_read() const override {
    for (const ChunkedSet* part : chunked_) {
      if (part != nullptr) part->end_read();
    }
  }

  bool latest(size_t series, TimeMs from, TimeMs at, Sample& out) const override {
    // The newest part knows it, unless another might have a newer sample.
    const auto members = of(series);
    const auto newest = std::max_element(
        members.begin(), members.end(),
        [&](const Member& a, const Member& b) { return max_time(a) < max_time(b); });
    if (!parts_[newest->part].set->latest(newest->index, from, at, out)) return false;
    return std::all_of(members.begin(), members.end(), [&](const Member& member) {
      return member.part == newest->part || max_time(member) <= out.t;
    });
  }

 private:
  struct Member {
    uint32_t part;
    uint32_t index;  // in that part's set
  };
  std::span<const Member> of(size_t series) const {
    return std::span<const Member>(members_).subspan(starts_[series],
                                                     starts_[series + 1] - starts_[series]);
  }
  TimeMs max_time(const Member& member) const { return parts_[member.part].max_time; }

  std::vector<SeriesSetPart> parts_;
  std::vector<const ChunkedSet*> chunked_;  // of the parts; nullptr where it is none
  Arena arena_;
  std::span<Member> members_;   // of all series
  std::span<uint32_t> starts_;  // series -> its first member; one more at the end
  size_t size_ = 0;
};

// One thread.
class MergedSeriesChunks final : public SeriesChunks {
 public:
  explicit MergedSeriesChunks(std::vector<std::unique_ptr<SeriesChunks>> parts)
      : parts_(std::move(parts)) {
    for (const auto& part : parts_) live_.push_back(part->next());
  }

  bool next() override {
    for (const size_t p : current_) live_[p] = parts_[p]->next();
    current_.clear();
    for (size_t p = 0; p < parts_.size(); ++p) {
      if (!live_[p]) continue;
      const auto order =
          current_.empty() ? std::strong_ordering::less : parts_[p]->labels() <=> labels();
      if (order > 0) continue;
      if (order < 0) current_.clear();
      current_.push_back(p);
    }
    if (current_.empty()) return false;
    join_chunks();
    return true;
  }
  LabelsView labels() const override { return parts_[current_.front()]->labels(); }
  std::span<const ChunkView> chunks() const override { return chunks_; }

 private:
  struct Member {
    ChunkView chunk;
    size_t part;
  };

  void join_chunks() {
    all_.clear();
    chunks_.clear();
    rewritten_.clear();
    for (const size_t p : current_) {
      for (const ChunkView& chunk : parts_[p]->chunks()) all_.push_back({chunk, p});
    }
    std::stable_sort(all_.begin(), all_.end(), [](const Member& a, const Member& b) {
      return a.chunk.min_time < b.chunk.min_time;
    });
    for (size_t start = 0; start < all_.size();) {
      const ChunkView& first = all_[start].chunk;
      TimeMs max = first.max_time;
      size_t end = start + 1;
      bool same = true;
      for (; end < all_.size() && all_[end].chunk.min_time <= max; ++end) {
        const ChunkView& chunk = all_[end].chunk;
        max = std::max(max, chunk.max_time);
        same = same && chunk.min_time == first.min_time && chunk.encoding == first.encoding &&
               chunk.bytes == first.bytes;
      }
      if (same) {
        chunks_.push_back(first);
      } else {
        merge_group(std::span(all_).subspan(start, end - start));
      }
      start = end;
    }
  }

  // Chunks that overlap, merged in the order of their parts: the earlier part wins.
  void merge_group(std::span<Member> group) {
    std::stable_sort(group.begin(), group.end(),
                     [](const Member& a, const Member& b) { return a.part < b.part; });
    merged_.clear();
    for (const Member& member : group) {
      more_.clear();
      decode_chunk(member.chunk.encoding, member.chunk.bytes, {}, more_);
      merge_columns(merged_, more_);
    }
    rewritten_.build(merged_, chunks_);
  }

  std::vector<std::unique_ptr<SeriesChunks>> parts_;
  std::vector<bool> live_;       // part has a series
  std::vector<size_t> current_;  // parts that stand at this series
  std::vector<Member> all_;
  std::vector<ChunkView> chunks_;
  ChunkBuilder rewritten_;
  Columns merged_, more_;
};

}  // namespace

std::unique_ptr<SeriesSet> merge_series_sets(std::vector<SeriesSetPart> parts, size_t limit,
                                             Budget& budget) {
  if (parts.size() == 1 && (limit == 0 || parts.front().set->size() <= limit))
    return std::move(parts.front().set);
  return std::make_unique<MergedSeriesSet>(std::move(parts), limit, budget);
}

std::unique_ptr<SeriesChunks> merge_series_chunks(
    std::vector<std::unique_ptr<SeriesChunks>> parts) {
  return std::make_unique<MergedSeriesChunks>(std::move(parts));
}

}  // namespace hearth::tsdb
