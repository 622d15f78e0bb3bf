#include "tsdb/chunked_set.h"

#include <doctest/doctest.h>

#include <bit>
#include <random>
#include <string>
#include <vector>

#include "core/error.h"
#include "tsdb/chunk_xor.h"

using namespace hearth;
using namespace hearth::tsdb;

namespace {

// Series in memory; some of them say that their chunks are not all.
class FakeSet final : public ChunkedSet {
 public:
  struct Chunk {
    std::string bytes;
    size_t behind;
    TimeMs min, max;
  };
  struct Series {
    std::vector<Chunk> chunks;
    bool more = false;
    bool fetched = false;     // its chunks are only named, and fetched afterwards
    bool unreadable = false;  // then that fails
  };
  std::vector<Series> series;
  mutable size_t reads = 0, ends = 0, fetches = 0;

  size_t size() const override { return series.size(); }
  LabelsView labels(size_t) const override { return LabelsView(); }
  void read(size_t i, TimeRange range, Columns& out) const override {
    ++reads;
    out.clear();
    for (const Chunk& chunk : series[i].chunks) {
      try {
        decode_chunk(Encoding::kXor, payload(chunk), range, out);
      } catch (const Error&) {
        out.clear();
        return;
      }
    }
  }
  bool chunks(size_t i, TimeRange range, ChunkList& out) const override {
    for (size_t c = 0; c < series[i].chunks.size(); ++c) {
      const Chunk& chunk = series[i].chunks[c];
      if (!range.overlaps({chunk.min, chunk.max})) continue;
      if (series[i].fetched) {
        out.add({chunk.min, chunk.max}, range, *this, i << 32 | c);
      } else {
        out.add({chunk.min, chunk.max, Encoding::kXor, payload(chunk)}, range, chunk.behind);
      }
    }
    return !series[i].more;
  }
  void fetch(ChunkList::Piece& piece) const override {
    ++fetches;
    const Series& of = series[piece.place >> 32];
    if (of.unreadable) throw Error(ErrorKind::kCorrupt, "unreadable");
    const Chunk& chunk = of.chunks[piece.place & 0xffffffff];
    piece.chunk.encoding = Encoding::kXor;
    piece.chunk.bytes = payload(chunk);
    piece.behind = chunk.behind;
  }
  void end_read() const override { ++ends; }

 private:
  static std::string_view payload(const Chunk& chunk) {
    return std::string_view(chunk.bytes).substr(0, chunk.bytes.size() - chunk.behind);
  }
};

FakeSet make_set(std::mt19937_64& random) {
  FakeSet set;
  set.series.resize(1 + random() % 40);
  for (FakeSet::Series& series : set.series) {
    series.more = random() % 10 == 0;
    series.fetched = random() % 2 == 0;
    TimeMs t = 0;
    double v = 1e6;
    for (size_t c = random() % 5; c > 0; --c) {
      XorEncoder encoder;
      const TimeMs first = t + 15'000;
      for (size_t i = 1 + random() % 200; i > 0; --i) {
        t += 15'000 + static_cast<TimeMs>(random() % 3);
        if (random() % 3 != 0) v += static_cast<double>(random() % 1000) / 8;
        encoder.append(t, v);
      }
      const size_t behind = random() % 3 * 8;
      series.chunks.push_back(
          {std::string(encoder.bytes()) + std::string(behind, '\xff'), behind, first, t});
    }
  }
  return set;
}

void require_same(const FakeSet& set, TimeRange range) {
  std::vector<Columns> many(set.size());
  for (Columns& columns : many) columns.t = {1, 2, 3};  // what was there does not matter
  set.read_many(0, range, many);
  for (size_t i = 0; i < set.size(); ++i) {
    Columns one;
    set.read(i, range, one);
    CAPTURE(i);
    REQUIRE(many[i].t == one.t);
    REQUIRE(many[i].v == one.v);
  }
}

}  // namespace

TEST_CASE("series read together give what they give one after another") {
  std::mt19937_64 random(1);
  for (int round = 0; round < 100; ++round) {
    const FakeSet set = make_set(random);
    const auto from = static_cast<TimeMs>(random() % 4'000'000);
    CAPTURE(round);
    require_same(set, {});
    require_same(set, {from, from + static_cast<TimeMs>(random() % 9'000'000)});
    CHECK(set.ends == 2);
  }
}

TEST_CASE("of series read together those that are damaged are read by themselves") {
  std::mt19937_64 random(2);
  for (int round = 0; round < 500; ++round) {
    FakeSet set = make_set(random);
    FakeSet::Series& series = set.series[random() % set.series.size()];
    if (series.chunks.empty()) continue;
    FakeSet::Chunk& chunk = series.chunks[random() % series.chunks.size()];
    // Its head stays: what times a chunk has is known from elsewhere.
    const size_t size = chunk.bytes.size() - chunk.behind;
    chunk.bytes.resize(2 + random() % (size - 2));
    chunk.behind = 0;
    CAPTURE(round);
    require_same(set, {});
  }
}

TEST_CASE("of series read together those whose chunks cannot be fetched are read by themselves") {
  std::mt19937_64 random(3);
  FakeSet set = make_set(random);
  set.series.resize(3);
  for (FakeSet::Series& series : set.series) {
    series.fetched = true;
    series.more = false;
    series.chunks = {set.series[0].chunks.front()};
  }
  set.series[1].unreadable = true;
  std::vector<Columns> many(set.size());
  set.read_many(0, {}, many);
  CHECK(set.fetches == 3);
  CHECK(set.reads == 1);
  for (const Columns& columns : many) CHECK(columns.v == many[0].v);
  CHECK(!many[0].v.empty());
}

TEST_CASE("what a list copies stays where it is until it is cleared") {
  ChunkList list;
  std::vector<std::string*> copies;
  for (int i = 0; i < 100; ++i) {
    copies.push_back(&list.copy());
    *copies.back() = std::to_string(i);
  }
  for (int i = 0; i < 100; ++i) CHECK(*copies[static_cast<size_t>(i)] == std::to_string(i));
  list.clear();
  CHECK(&list.copy() == copies[0]);
}
