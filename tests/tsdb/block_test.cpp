#include "tsdb/block.h"

#include <doctest/doctest.h>

#include <random>

#include "core/error.h"
#include "core/file.h"
#include "tests/tsdb/block_data.h"

using namespace hearth;
using namespace hearth::tsdb;

namespace {

Model some_series(size_t count, size_t samples) {
  std::mt19937_64 random(7);
  Model model;
  for (size_t i = 0; i < count; ++i) {
    auto& list = model[Labels{{"__name__", "metric_" + std::to_string(i % 7)},
                              {"instance", "host:" + std::to_string(i)},
                              {"job", i % 2 == 0 ? "even" : "odd"}}];
    for (size_t k = 0; k < samples; ++k)
      list.push_back(
          {static_cast<TimeMs>(1'000 + k * 15'000), static_cast<double>(random() % 1000)});
  }
  return model;
}

}  // namespace

TEST_CASE("a block answers what was written into it") {
  TempDir dir;
  const Model model = some_series(100, 300);
  auto block = std::make_shared<const Block>(write_model(dir.path(), model, 0, 7'200'000));
  CHECK(block->meta().stats.series == 100);
  CHECK(block->meta().stats.samples == 30'000);
  CHECK(block->meta().stats.float_samples == 30'000);
  CHECK(block->meta().stats.chunks == 300);

  const auto querier = block_querier(block, {});
  CHECK(difference(read_model(*querier), model) == "");
  CHECK(read_model(*querier, {Matcher(MatchType::kEqual, "job", "odd")}).size() == 50);
  CHECK(read_model(*querier, {Matcher(MatchType::kRegex, "__name__", "metric_(1|2)")}).size() ==
        29);
  CHECK(querier->label_names({}, 0) == std::vector<std::string>{"__name__", "instance", "job"});
  CHECK(querier->label_values("job", {}, 0) == std::vector<std::string>{"even", "odd"});

  const auto series = block_series_chunks(*block);
  CHECK(difference(read_model(*series), model) == "");
}
