// Damage in blocks: what is good is answered, what is missing is told.
#include <doctest/doctest.h>

#include <algorithm>
#include <atomic>

#include "core/error.h"
#include "core/file.h"
#include "core/log.h"
#include "tests/tsdb/block_data.h"
#include "tsdb/block_set.h"
#include "tsdb/db.h"
#include "tsdb/read_warnings.h"

using namespace hearth;
using namespace hearth::tsdb;

namespace {

constexpr TimeMs kBlock = 360;  // samples of a series in a block: three chunks

std::atomic<size_t> log_lines{0};

struct QuietLog {
  QuietLog() {
    log_lines = 0;
    set_log_sink([](std::string_view) { ++log_lines; });
  }
  ~QuietLog() { set_log_sink(nullptr); }
};

Model series_of(TimeMs from, TimeMs to) {
  Model model;
  for (int s = 0; s < 5; ++s) {
    auto& samples = model[Labels{{"__name__", "metric"}, {"series", std::to_string(s)}}];
    for (TimeMs t = from; t < to; ++t) samples.push_back({t, static_cast<double>(t * (s + 1))});
  }
  return model;
}

void flip(const std::string& path, size_t bit) {
  std::string bytes = read_file(path);
  bytes[bit / 8] = static_cast<char>(bytes[bit / 8] ^ 1 << bit % 8);
  write_file(path, bytes);
}

std::string name_of(const std::string& block_dir) {
  return block_dir.substr(block_dir.rfind('/') + 1);
}

bool told_of(const Querier& querier, const std::string& block) {
  for (const std::string& text : querier.warnings()) {
    if (text.find("block " + block) != std::string::npos) return true;
  }
  return false;
}

size_t samples_in(const Model& model) {
  size_t count = 0;
  for (const auto& [labels, samples] : model) count += samples.size();
  return count;
}

// Every sample of `got` is one of `want`'s.
bool is_part(const Model& got, const Model& want) {
  for (const auto& [labels, samples] : got) {
    const auto found = want.find(labels);
    if (found == want.end()) return false;
    for (const Sample& sample : samples) {
      const auto same = [&](const Sample& other) { return other.t == sample.t && other.v == sample.v; };
      if (std::none_of(found->second.begin(), found->second.end(), same)) return false;
    }
  }
  return true;
}

}  // namespace

TEST_CASE("a flipped bit anywhere in a block costs what it hits, and the answer says so") {
  const QuietLog log;
  TempDir dir;
  const Model first = series_of(0, kBlock);
  const Model second = series_of(kBlock, 2 * kBlock);
  const std::string damaged = write_model(dir.path(), first, 0, kBlock);
  write_model(dir.path(), second, kBlock, 2 * kBlock);
  Model all = first;
  for (const auto& [labels, samples] : second)
    all[labels].insert(all[labels].end(), samples.begin(), samples.end());
  FakeClock clock{2 * kBlock};
  Pool pool{1};
  size_t partly = 0;
  for (const std::string file : {"/chunks/000001", "/index"}) {
    const std::string whole = read_file(damaged + file);
    for (size_t bit = 3; bit < 8 * whole.size(); bit += 8 * 7 + 3) {
      CAPTURE(file);
      CAPTURE(bit);
      flip(damaged + file, bit);
      Registry registry;
      Db db(dir.path(), {}, clock, pool, registry);
      const auto querier = db.querier({});
      const Model got = read_model(*querier);
      querier->label_names({}, 0);
      querier->label_values("series", {}, 0);
      REQUIRE(is_part(got, all));
      // Of the other block nothing is missing.
      size_t of_second = 0;
      for (const auto& [labels, samples] : got)
        of_second += static_cast<size_t>(std::count_if(
            samples.begin(), samples.end(), [](const Sample& s) { return s.t >= kBlock; }));
      REQUIRE(of_second == samples_in(second));
      const size_t lost = samples_in(all) - samples_in(got);
      if (lost > 0) REQUIRE(told_of(*querier, name_of(damaged)));
      if (lost > 0 && lost < samples_in(first)) ++partly;
      if (file == "/chunks/000001" && bit >= 8 * 8) REQUIRE(lost == 120);
      // Where the block is not asked, nothing is said.
      REQUIRE(db.querier({kBlock, 2 * kBlock})->warnings().empty());
      write_file(damaged + file, whole);
    }
  }
  CHECK(partly > 20);
}

TEST_CASE("damage is told once in the log, and no compaction makes it final") {
  const QuietLog log;
  TempDir dir;
  const std::string path = write_model(dir.path(), series_of(0, kBlock), 0, kBlock);
  const std::string other = write_model(dir.path(), series_of(kBlock, 2 * kBlock), kBlock, 2 * kBlock);
  flip(path + "/chunks/000001", 8 * 100);
  const auto block = std::make_shared<const Block>(path);
  for (int i = 0; i < 3; ++i) {
    const auto querier = block_querier(block, {});
    read_model(*querier);
    CHECK(querier->warnings().size() == 1);
  }
  CHECK(log_lines == 1);
  const std::vector<BlockPtr> sources{block, std::make_shared<const Block>(other)};
  CHECK_THROWS_AS(merge_blocks(dir.path(), sources, make_ulid(9)), Error);
  CHECK(block->compaction_failed());
  CHECK_FALSE(sources[1]->compaction_failed());
  CHECK(read_block_meta(path).failed);
  CHECK(list_dir(dir.path()).size() == 2);
}

TEST_CASE("a histogram after a damaged chunk does not claim to know the one before it") {
  const QuietLog log;
  TempDir dir;
  // Three chunks that say of themselves that no counter was reset since the chunk before.
  Columns columns;
  for (TimeMs t = 0; t < 30; ++t) {
    FloatHistogram h;
    h.count = h.zero_count = static_cast<double>(t);
    h.counter_reset_hint = CounterResetHint::kNotReset;
    columns.histogram_t.push_back(t);
    columns.histograms.push_back(h);
  }
  struct ThreeChunks final : SeriesChunks {
    bool next() override { return !std::exchange(done, true); }
    LabelsView labels() const override { return name; }
    std::span<const ChunkView> chunks() const override { return views; }
    bool done = false;
    Labels name{{"__name__", "h"}};
    std::vector<ChunkView> views;
  } series;
  ChunkBuilder builder;
  for (const TimeMs from : {0, 10, 20}) {
    Columns part;
    for (size_t i = static_cast<size_t>(from); i < static_cast<size_t>(from) + 10; ++i) {
      part.histogram_t.push_back(columns.histogram_t[i]);
      part.histograms.push_back(columns.histograms[i]);
    }
    builder.build(part, series.views);
  }
  REQUIRE(series.views.size() == 3);
  const size_t second = 8 + series.views[0].bytes.size() + 6 + 6;  // within its bytes
  BlockMeta meta;
  meta.ulid = make_ulid(30);
  meta.max_time = 30;
  write_block(dir.path(), series, meta);
  const std::string path = dir.path() + "/" + meta.ulid.text();
  flip(path + "/chunks/000001", 8 * second);

  const auto querier = block_querier(std::make_shared<const Block>(path), {});
  Budget budget(0);
  const auto set = querier->select({}, {}, budget);
  REQUIRE(set->size() == 1);
  Columns got;
  set->read(0, {}, got);
  REQUIRE(got.histogram_t.size() == 20);
  CHECK(got.histogram_t[10] == 20);
  CHECK(got.histograms[9].counter_reset_hint == CounterResetHint::kNotReset);
  CHECK(got.histograms[10].counter_reset_hint == CounterResetHint::kUnknown);
}

TEST_CASE("a block that cannot be opened is told of, unless others have its samples") {
  const QuietLog log;
  TempDir dir;
  const std::string a = write_model(dir.path(), series_of(0, 10), 0, 10);
  const std::string b = write_model(dir.path(), series_of(10, 20), 10, 20);
  const std::vector<BlockPtr> sources{std::make_shared<const Block>(a),
                                      std::make_shared<const Block>(b)};
  const Ulid merged = make_ulid(100);
  REQUIRE(merge_blocks(dir.path(), sources, merged));
  write_file(dir.path() + "/" + merged.text() + "/index", "nothing");
  FakeClock clock{20};
  Pool pool{1};
  const auto warnings = [&](TimeRange range) {
    Registry registry;
    return Db(dir.path(), {}, clock, pool, registry).querier(range)->warnings();
  };
  CHECK(warnings({}).empty());  // its sources are there

  write_file(a + "/index", "nothing");
  CHECK(warnings({}).size() == 2);
  CHECK(warnings({0, 5}).size() == 2);
  CHECK(warnings({20, 30}).empty());
  write_file(a + "/meta.json", "nothing");
  REQUIRE(warnings({20, 30}).size() == 1);  // it may have samples of any time
  CHECK(warnings({20, 30})[0].find("block " + name_of(a) + " cannot be read") == 0);
}

TEST_CASE("the same is told once, and many only so far") {
  ReadWarnings one;
  for (int i = 0; i < 30; ++i) one.add("chunk " + std::to_string(i % 5));
  CHECK(one.texts().size() == 5);
  for (int i = 0; i < 30; ++i) one.add("chunk " + std::to_string(i));
  CHECK(one.texts().size() == ReadWarnings::kMost + 1);
  ReadWarnings both;
  both.add("another");
  both.add_all(one.texts());
  CHECK(both.texts().size() == ReadWarnings::kMost + 1);
  CHECK(both.texts().front() == "another");
}
