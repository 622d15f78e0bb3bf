// Sets of series whose samples lie in chunks: those of several series are decoded together.
#pragma once

#include <deque>
#include <span>
#include <string>
#include <vector>

#include "core/storage.h"
#include "tsdb/chunk.h"

namespace hearth::tsdb {

class ChunkedSet;

// Chunks that are to be decoded. Used again and again. One thread.
class ChunkList {
 public:
  struct Piece {
    ChunkView chunk;    // its bytes and their encoding once they are fetched
    TimeRange wanted;   // of its samples
    size_t behind = 0;  // bytes behind the chunk's own that may be read, whatever they are
    const ChunkedSet* from = nullptr;  // who fetches it; nullptr where that is done
    uint64_t place = 0;                // where it will find it
  };

  void clear() {
    pieces_.clear();
    copies_used_ = 0;
  }
  size_t size() const { return pieces_.size(); }
  void add(const ChunkView& chunk, TimeRange wanted, size_t behind) {
    pieces_.push_back({chunk, wanted, behind});
  }
  // A chunk that `from` is to fetch, when those of all series are known: so that its bytes come
  // from memory while others are looked for.
  void add(TimeRange times, TimeRange wanted, const ChunkedSet& from, uint64_t place) {
    pieces_.push_back({{times.min, times.max, {}, {}}, wanted, 0, &from, place});
  }
  // Room for a chunk that changes where it lies; stays until clear().
  std::string& copy() {
    if (copies_used_ == copies_.size()) copies_.emplace_back();
    return copies_[copies_used_++];
  }
  void cut_to(size_t size) { pieces_.resize(size); }
  std::span<Piece> from(size_t first) { return std::span(pieces_).subspan(first); }
  std::span<Piece> part(size_t first, size_t end) {
    return std::span(pieces_).subspan(first, end - first);
  }

 private:
  std::vector<Piece> pieces_;
  std::deque<std::string> copies_;
  size_t copies_used_ = 0;
};

// Immutable, as seen from outside.
class ChunkedSet : public SeriesSet {
 public:
  // Adds the chunks that have what read() gives, oldest first. Returns false where it gives
  // something else than the samples of chunks that do not overlap; then what was added is of no
  // use.
  virtual bool chunks(size_t series, TimeRange range, ChunkList& out) const = 0;
  // Fills in what a piece that it added says to be fetched. Throws Error(kCorrupt) where it is
  // damaged.
  virtual void fetch(ChunkList::Piece& piece) const { (void)piece; }
  // Called when chunks have been decoded; throws what read() throws at its end.
  virtual void end_read() const {}

  void read_many(size_t first, TimeRange range, std::span<Columns> out) const final;
};

}  // namespace hearth::tsdb
