#include "tsdb/repack.h"

#include <doctest/doctest.h>

#include <random>

#include "core/file.h"
#include "tests/tsdb/block_data.h"

using namespace hearth;
using namespace hearth::tsdb;

namespace {

// One series with the chunks it is given.
class OneSeries final : public SeriesChunks {
 public:
  explicit OneSeries(std::vector<ChunkView> chunks) : chunks_(std::move(chunks)) {}
  bool next() override { return !std::exchange(done_, true); }
  LabelsView labels() const override { return labels_; }
  std::span<const ChunkView> chunks() const override { return chunks_; }

 private:
  const Labels labels_{{"__name__", "a"}};
  std::vector<ChunkView> chunks_;
  bool done_ = false;
};

struct Made {
  std::vector<ChunkView> chunks;
  std::vector<Sample> samples;
  ChunkBuilder builder;

  // A chunk of `count` samples; noisy ones take 8 bytes and more each.
  void add(int count, bool noisy = false) {
    std::mt19937_64 random(samples.size() + 1);
    Columns columns;
    for (int i = 0; i < count; ++i) {
      const auto t = static_cast<TimeMs>(samples.size()) * 15'000;
      const double v = noisy ? std::bit_cast<double>(random()) : static_cast<double>(t / 7);
      columns.t.push_back(t);
      columns.v.push_back(v);
      samples.push_back({t, v});
    }
    builder.build(columns, chunks);
  }
  // How many samples the repacked chunks have; checks that they are the same samples.
  std::vector<size_t> repacked(size_t limit) {
    const auto series = repack(std::make_unique<OneSeries>(chunks), limit);
    REQUIRE(series->next());
    std::vector<size_t> counts;
    Columns columns;
    for (const ChunkView& chunk : series->chunks()) {
      counts.push_back(chunk_samples(chunk.encoding, chunk.bytes));
      CHECK(chunk.bytes.size() <= kRepackedChunkBytes);
      const size_t before = columns.t.size();
      decode_chunk(chunk.encoding, chunk.bytes, {}, columns);
      CHECK(columns.t[before] == chunk.min_time);
      CHECK(columns.t.back() == chunk.max_time);
    }
    Model got{{Labels{}, samples_of(columns)}};
    CHECK(difference(got, {{Labels{}, samples}}) == "");
    CHECK_FALSE(series->next());
    return counts;
  }
};

}  // namespace

TEST_CASE("neighbouring chunks are joined up to the limit and never split") {
  Made made;
  for (int i = 0; i < 9; ++i) made.add(120);
  CHECK(made.repacked(480) == std::vector<size_t>{480, 480, 120});
  CHECK(made.repacked(240) == std::vector<size_t>{240, 240, 240, 240, 120});
  CHECK(made.repacked(200) == std::vector<size_t>(9, 120));
  Made uneven;
  for (const int count : {120, 7, 118, 120, 119, 120, 3}) uneven.add(count);
  CHECK(uneven.repacked(480) == std::vector<size_t>{120 + 7 + 118 + 120, 119 + 120 + 3});
}

TEST_CASE("chunks of many bytes are joined up to 4 KiB") {
  Made made;
  for (int i = 0; i < 8; ++i) made.add(140, true);
  CHECK(made.repacked(480) == std::vector<size_t>{420, 420, 280});
}

TEST_CASE("a chunk that cannot be decoded keeps its place, untouched") {
  Made made;
  for (int i = 0; i < 3; ++i) made.add(120);
  const std::string cut(made.chunks[1].bytes.substr(0, 20));
  made.chunks[1].bytes = cut;
  const auto series = repack(std::make_unique<OneSeries>(made.chunks), 480);
  REQUIRE(series->next());
  REQUIRE(series->chunks().size() == 3);
  CHECK(series->chunks()[1].bytes == cut);
}

TEST_CASE("a merged block has the same samples in a quarter of the chunks and fewer bytes") {
  TempDir dir;
  Model model;
  std::vector<std::shared_ptr<const Block>> sources;
  for (int part = 0; part < 3; ++part) {
    Model one;
    for (int s = 0; s < 40; ++s) {
      auto& list = one[Labels{{"__name__", "metric"}, {"series", std::to_string(s)}}];
      for (int k = 0; k < 480; ++k) {
        const TimeMs t = part * 7'200'000 + k * 15'000;
        list.push_back({t, static_cast<double>(k * s % 97)});
      }
    }
    for (const auto& [labels, list] : one)
      model[labels].insert(model[labels].end(), list.begin(), list.end());
    sources.push_back(std::make_shared<const Block>(
        write_model(dir.path(), one, part * 7'200'000, (part + 1) * 7'200'000)));
  }
  uint64_t bytes[2];
  for (const size_t limit : {0, 480}) {
    const Ulid ulid = make_ulid(1'000 + static_cast<TimeMs>(limit));
    REQUIRE(merge_blocks(dir.path(), sources, ulid, {kChunkSegmentBytes, limit}));
    const auto merged = std::make_shared<const Block>(dir.path() + "/" + ulid.text());
    CHECK(difference(read_model(*block_querier(merged, {})), model) == "");
    CHECK(merged->meta().stats.chunks == (limit == 0 ? 40 * 12 : 40 * 3));
    CHECK(merged->meta().level == 2);
    bytes[limit == 0 ? 0 : 1] = merged->bytes();
  }
  CHECK(bytes[1] < bytes[0]);
}
