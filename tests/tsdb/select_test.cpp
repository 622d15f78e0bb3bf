#include "tsdb/select.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <map>
#include <random>

#include "core/file.h"
#include "tests/tsdb/block_data.h"
#include "tsdb/index_reader.h"

using namespace hearth;
using namespace hearth::tsdb;

namespace {

// Few names and values, so that everything meets; "c" is on some series only.
std::set<Labels> random_sets(std::mt19937& random, size_t count) {
  const std::vector<std::string> values{"", "a", "b", "ab", "abc", "foo", "foobar", "x.y", "\n"};
  std::set<Labels> sets;
  for (size_t i = 0; i < count; ++i) {
    std::vector<std::pair<std::string, std::string>> labels{{"__name__", "m"}};
    for (const char* name : {"a", "b", "c"})
      labels.emplace_back(name, values[random() % values.size()]);
    labels.emplace_back("id", std::to_string(random() % 40));
    sets.insert(Labels::from_pairs(labels));
  }
  return sets;
}

Matcher random_matcher(std::mt19937& random) {
  const std::vector<std::string> names{"a", "b", "c", "id", "none", "__name__"};
  const std::vector<std::string> texts{"", "a", "abc", "foo", "17", "m", "absent"};
  const std::vector<std::string> patterns{
      "",    ".*", ".+",      "a|b",   "a|",         "|foo|x.y", "fo.*", ".*b.*",
      "a.+", "1.", "(a|b)c?", "[^a]*", "foo|fo+bar", "no",       "m|n",  "a?b?"};
  const auto name = names[random() % names.size()];
  switch (random() % 4) {
    case 0:
      return {MatchType::kEqual, name, texts[random() % texts.size()]};
    case 1:
      return {MatchType::kNotEqual, name, texts[random() % texts.size()]};
    case 2:
      return {MatchType::kRegex, name, patterns[random() % patterns.size()]};
    default:
      return {MatchType::kNotRegex, name, patterns[random() % patterns.size()]};
  }
}

std::string texts(const std::vector<Matcher>& matchers) {
  std::string out;
  for (const Matcher& m : matchers) out += m.text() + " ";
  return out;
}

bool all_match(const std::vector<Matcher>& matchers, const Labels& labels) {
  return std::all_of(matchers.begin(), matchers.end(),
                     [&](const Matcher& m) { return m.matches(labels.view()); });
}

}  // namespace

TEST_CASE("selecting in a block's index agrees with asking every series") {
  std::mt19937 random(5);
  size_t found_some = 0;
  for (int round = 0; round < 10; ++round) {
    const std::set<Labels> sets = random_sets(random, 150);
    Model model;
    for (const Labels& labels : sets) model[labels] = {{1, 1.0}};
    TempDir dir;
    const IndexReader index(write_model(dir.path(), model, 0, 10) + "/index");

    for (int query = 0; query < 300; ++query) {
      std::vector<Matcher> matchers;
      for (size_t i = random() % 4; i > 0; --i) matchers.push_back(random_matcher(random));
      CAPTURE(texts(matchers));

      std::set<Labels> want;
      std::set<std::string> want_names;
      std::map<std::string, std::set<std::string>> want_values;
      for (const Labels& labels : sets) {
        if (!all_match(matchers, labels)) continue;
        want.insert(labels);
        for (const Label& label : labels) {
          want_names.emplace(label.name);
          want_values[std::string(label.name)].emplace(label.value);
        }
      }
      found_some += want.empty() ? 0 : 1;

      std::set<Labels> got;
      const Postings refs = select_series(index, matchers);
      CHECK(std::is_sorted(refs.begin(), refs.end()));
      NeighbourLabels labels;
      std::vector<ChunkMeta> chunks;
      for (const uint32_t ref : refs) {
        index.series(ref, labels, chunks);
        got.insert(Labels::from_flat(std::string(labels.flat())));
      }
      CHECK(got == want);
      CHECK(select_label_names(index, matchers, 0) ==
            std::vector<std::string>(want_names.begin(), want_names.end()));
      for (const char* name : {"a", "c", "id", "none"}) {
        CHECK(select_label_values(index, name, matchers, 0) ==
              std::vector<std::string>(want_values[name].begin(), want_values[name].end()));
      }
    }
  }
  CHECK(found_some > 500);
}

TEST_CASE("a limit cuts names and values after sorting") {
  Model model;
  for (const char* value : {"c", "a", "b"}) model[Labels{{"x", value}, {"y", "1"}}] = {{1, 1.0}};
  TempDir dir;
  const IndexReader index(write_model(dir.path(), model, 0, 10) + "/index");
  CHECK(select_label_values(index, "x", {}, 2) == std::vector<std::string>{"a", "b"});
  CHECK(select_label_names(index, {}, 1) == std::vector<std::string>{"x"});
}
