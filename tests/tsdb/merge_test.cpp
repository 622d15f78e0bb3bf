#include "tsdb/merge.h"

#include <doctest/doctest.h>

#include <random>
#include <utility>

#include "core/error.h"
#include "core/file.h"
#include "tests/tsdb/block_data.h"
#include "tests/tsdb/histograms.h"
#include "tsdb/block_set.h"
#include "tsdb/merge_queriers.h"

using namespace hearth;
using namespace hearth::tsdb;

namespace {

// Series of [0, 2000) at random times, a value that tells the part.
Model random_part(std::mt19937& random, int part) {
  Model model;
  const TimeMs start = static_cast<TimeMs>(random() % 1000);
  for (int s = 0; s < 12; ++s) {
    if (random() % 3 == 0) continue;
    auto& samples = model[Labels{{"__name__", "m"}, {"s", std::to_string(s)}}];
    for (TimeMs t = start + static_cast<TimeMs>(random() % 300);
         t < start + 1000 && samples.size() < 400; t += 1 + static_cast<TimeMs>(random() % 6))
      samples.push_back({t, static_cast<double>(part * 1'000'000 + t)});
  }
  return model;
}

// The samples of all parts; at equal times the first part's.
Model merged_model(const std::vector<Model>& parts, TimeRange range = {}) {
  std::map<Labels, std::map<TimeMs, double>> all;
  for (const Model& part : parts) {
    for (const auto& [labels, samples] : part) {
      for (const Sample& sample : samples) {
        if (range.contains(sample.t)) all[labels].emplace(sample.t, sample.v);
      }
    }
  }
  Model merged;
  for (const auto& [labels, samples] : all) {
    for (const auto& [t, v] : samples) merged[labels].push_back({t, v});
  }
  return merged;
}

}  // namespace

TEST_CASE("merged blocks answer as a simple model, whatever overlaps") {
  std::mt19937 random(8);
  for (int round = 0; round < 40; ++round) {
    TempDir dir;
    std::vector<Model> parts;
    std::vector<BlockPtr> blocks;
    for (int p = 0; p < 1 + round % 4; ++p) {
      parts.push_back(random_part(random, p + 1));
      blocks.push_back(
          std::make_shared<const Block>(write_model(dir.path(), parts.back(), 0, 2000)));
    }
    const auto querier = [&](TimeRange range) {
      std::vector<QuerierPart> queriers;
      for (const auto& block : blocks) queriers.push_back({block_querier(block, range), {}});
      return merge_queriers(std::move(queriers));
    };
    CHECK(difference(read_model(*querier({})), merged_model(parts)) == "");
    const TimeRange range{400, 900};
    CHECK(difference(read_model(*querier(range), {}, range), merged_model(parts, range)) == "");

    const Ulid ulid = make_ulid(1);
    REQUIRE(merge_blocks(dir.path(), blocks, ulid));
    auto block = std::make_shared<const Block>(dir.path() + "/" + ulid.text());
    CHECK(difference(read_model(*block_querier(block, {})), merged_model(parts)) == "");
    size_t samples = 0;
    for (const auto& [labels, list] : merged_model(parts)) samples += list.size();
    CHECK(block->meta().stats.samples == samples);
    CHECK(block->meta().level == 2);
    CHECK(block->meta().parents.size() == blocks.size());
  }
}

TEST_CASE("chunks that overlap no other keep their bytes") {
  TempDir dir;
  const Labels labels{{"a", "1"}};
  Model first{{labels, {}}};
  Model second{{labels, {}}};
  for (TimeMs t = 0; t < 200; ++t) first[labels].push_back({t, 1.5});
  for (TimeMs t = 200; t < 230; ++t) second[labels].push_back({t, 2.5});
  std::vector<std::unique_ptr<SeriesChunks>> parts;
  parts.push_back(std::make_unique<ModelChunks>(second));
  parts.push_back(std::make_unique<ModelChunks>(first));
  parts.push_back(std::make_unique<ModelChunks>(first));  // the same again is taken once
  const auto merged = merge_series_chunks(std::move(parts));
  REQUIRE(merged->next());
  std::vector<std::string> got;
  for (const ChunkView& chunk : merged->chunks()) got.emplace_back(chunk.bytes);
  CHECK_FALSE(merged->next());

  std::vector<std::string> want;
  for (const Model* model : {&first, &second}) {
    ModelChunks chunks(*model);
    chunks.next();
    for (const ChunkView& chunk : chunks.chunks()) want.emplace_back(chunk.bytes);
  }
  CHECK(got == want);
}

TEST_CASE("histograms and start times survive merges of blocks that overlap, and deletes") {
  // One series of given columns.
  class One final : public SeriesChunks {
   public:
    explicit One(const Columns& columns) { builder_.build(columns, chunks_); }
    bool next() override { return !std::exchange(done_, true); }
    LabelsView labels() const override { return labels_; }
    std::span<const ChunkView> chunks() const override { return chunks_; }

   private:
    bool done_ = false;
    Labels labels_{{"__name__", "h"}};
    ChunkBuilder builder_;
    std::vector<ChunkView> chunks_;
  };
  TempDir dir;
  RandomHistograms random(3);
  Columns all;  // each from one of three parts
  std::vector<Columns> parts(3);
  for (TimeMs t = 0; t < 900; ++t) {
    const FloatHistogram h = random.next();
    all.histogram_t.push_back(t);
    all.histograms.push_back(h);
    all.histogram_start_t.push_back(t / 100);
    for (size_t p = 0; p < 3; ++p) {
      if (static_cast<size_t>(t) % 3 != p && (t + static_cast<TimeMs>(p)) % 5 != 0) continue;
      parts[p].histogram_t.push_back(t);
      parts[p].histograms.push_back(h);
      parts[p].histogram_start_t.push_back(t / 100);
    }
  }
  std::vector<BlockPtr> blocks;
  for (const Columns& part : parts) {
    BlockMeta meta;
    meta.ulid = make_ulid(static_cast<TimeMs>(blocks.size()) + 1);
    meta.max_time = 1000;
    One series(part);
    REQUIRE(write_block(dir.path(), series, meta));
    blocks.push_back(std::make_shared<const Block>(dir.path() + "/" + meta.ulid.text()));
  }
  const Ulid ulid = make_ulid(9);
  REQUIRE(merge_blocks(dir.path(), blocks, ulid));
  const std::string merged = dir.path() + "/" + ulid.text();
  const auto read = [&] {
    const auto querier = block_querier(std::make_shared<const Block>(merged), {});
    Budget budget(0);
    const auto set = querier->select({}, {}, budget);
    REQUIRE(set->size() == 1);
    Columns columns;
    set->read(0, {}, columns);
    return columns;
  };
  const auto check = [](const Columns& got, const Columns& want) {
    REQUIRE(got.histogram_t == want.histogram_t);
    REQUIRE(got.histogram_start_t == want.histogram_start_t);
    for (size_t i = 0; i < want.histograms.size(); ++i)
      REQUIRE(histogram_difference(got.histograms[i], want.histograms[i]) == "");
  };
  check(read(), all);

  const auto block = std::make_shared<const Block>(merged);
  const Intervals deleted{{100, 150}, {300, 600}};
  for (const TimeRange& range : deleted) block->delete_samples({}, range);
  cut_intervals(deleted, all);
  check(read(), all);
  const Ulid cleaned = make_ulid(10);
  REQUIRE(merge_blocks(dir.path(), std::span(&block, 1), cleaned));
  remove_all(merged);
  rename_path(dir.path() + "/" + cleaned.text(), merged);
  check(read(), all);
}

TEST_CASE(
    "the newest sample is told without reading only where no other part may have a newer one") {
  // A set of one series that knows its newest sample.
  class Known final : public SeriesSet {
   public:
    explicit Known(Sample newest) : newest_(newest) {}
    size_t size() const override { return 1; }
    LabelsView labels(size_t) const override { return labels_; }
    void read(size_t, TimeRange, Columns& out) const override { out.clear(); }
    bool latest(size_t, TimeMs, TimeMs, Sample& out) const override {
      out = newest_;
      return true;
    }

   private:
    Sample newest_;
    Labels labels_{{"a", "1"}};
  };
  const auto latest = [](TimeMs block_max, Sample& out) {
    std::vector<SeriesSetPart> parts;
    parts.push_back({std::make_unique<Known>(Sample{1, 1.0}), block_max});
    parts.push_back({std::make_unique<Known>(Sample{50, 2.0}), kMaxTime});
    Budget budget(0);
    return merge_series_sets(std::move(parts), 0, budget)->latest(0, 0, 100, out);
  };
  Sample sample{};
  CHECK(latest(50, sample));
  CHECK(sample.v == 2.0);
  CHECK_FALSE(latest(51, sample));
}

TEST_CASE("what a query holds is charged to its budget") {
  TempDir dir;
  Model model;
  for (int i = 0; i < 2000; ++i) model[Labels{{"id", std::to_string(i)}}] = {{1, 1.0}};
  auto block = std::make_shared<const Block>(write_model(dir.path(), model, 0, 10));
  Budget budget(10'000);
  CHECK_THROWS_AS(block_querier(block, {})->select({}, {}, budget), Error);
  CHECK(budget.used() == 0);
}

TEST_CASE("limits and label queries of several parts are of their union") {
  TempDir dir;
  Model first{{Labels{{"a", "1"}, {"x", "1"}}, {{1, 1.0}}}, {Labels{{"a", "3"}}, {{1, 1.0}}}};
  Model second{{Labels{{"a", "2"}, {"y", "1"}}, {{1, 1.0}}}, {Labels{{"a", "3"}}, {{5, 1.0}}}};
  auto one = std::make_shared<const Block>(write_model(dir.path(), first, 0, 10));
  auto two = std::make_shared<const Block>(write_model(dir.path(), second, 0, 10));
  std::vector<QuerierPart> parts;
  parts.push_back({block_querier(one, {}), {0, 9}});
  parts.push_back({block_querier(two, {}), {0, 9}});
  const auto querier = merge_queriers(std::move(parts));
  CHECK(querier->label_names({}, 0) == std::vector<std::string>{"a", "x", "y"});
  CHECK(querier->label_values("a", {}, 0) == std::vector<std::string>{"1", "2", "3"});
  CHECK(querier->label_values("a", {}, 2) == std::vector<std::string>{"1", "2"});
  Budget budget(0);
  SelectHints hints;
  hints.limit = 2;
  const auto set = querier->select({}, hints, budget);
  REQUIRE(set->size() == 2);
  CHECK(set->labels(1).get("a") == "2");
  hints.limit = 0;
  hints.range = {20, 30};
  CHECK(querier->select({}, hints, budget)->size() == 0);
}
