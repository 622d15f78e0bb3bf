#include "tsdb/head_index.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <map>
#include <random>
#include <set>

using namespace hearth;
using namespace hearth::tsdb;

namespace {

Postings refs_of(PostingsView view) {
  Postings refs;
  view.append_to(refs);
  return refs;
}

}  // namespace

TEST_CASE("the index has the same lists as a map of sets, while series come and go") {
  BytePool pool;
  Epoch epoch;
  LabelSets sets(pool, epoch);
  HeadIndex index(sets, pool, epoch);
  std::mt19937_64 random(1);
  std::map<uint32_t, std::pair<Labels, LabelSets::Handle>> living;
  const auto check = [&] {
    std::map<std::pair<std::string, std::string>, Postings> expected;
    std::set<std::string> names;
    Postings all;
    for (const auto& [ref, series] : living) {
      all.push_back(ref);
      for (const Label& label : series.first) {
        expected[{std::string(label.name), std::string(label.value)}].push_back(ref);
        names.emplace(label.name);
      }
    }
    REQUIRE(refs_of(index.all()) == all);
    const std::vector<std::string> found_names = index.names();
    REQUIRE(std::set<std::string>(found_names.begin(), found_names.end()) == names);
    size_t lists = 0;
    for (const std::string& name : names) {
      index.for_each_value(name, [&](std::string_view value, PostingsView list) {
        ++lists;
        REQUIRE(refs_of(list) == expected[{name, std::string(value)}]);
      });
    }
    REQUIRE(lists == expected.size());
    for (const auto& [pair, refs] : expected) {
      REQUIRE(refs_of(index.postings(pair.first, pair.second)) == refs);
    }
  };
  uint32_t next = 1;
  for (int round = 0; round < 40; ++round) {
    std::vector<uint32_t> fresh;
    for (uint64_t i = random() % 60; i > 0; --i) fresh.push_back(next++);
    std::shuffle(fresh.begin(), fresh.end(), random);  // creators overtake each other
    for (const uint32_t ref : fresh) {
      const Labels labels{{"few", std::to_string(ref % 5)},
                          {"one", std::to_string(ref)},
                          {ref % 3 == 0 ? "third" : "other", std::to_string(ref / 100)}};
      const LabelSets::Handle set = sets.add(labels);
      index.add(ref, set);
      living[ref] = {labels, set};
    }
    std::vector<HeadIndex::Removed> removed;
    for (auto it = living.begin(); it != living.end();) {
      if (random() % 4 == 0) {
        removed.push_back({it->first, it->second.second});
        it = living.erase(it);
      } else {
        ++it;
      }
    }
    index.remove(removed);
    for (const HeadIndex::Removed& gone : removed) sets.remove(gone.labels);
    check();
  }
  CHECK(index.bytes() > 0);
  CHECK(refs_of(index.postings("few", "77")).empty());
  CHECK(refs_of(index.postings("nothing", "1")).empty());
  CHECK(sets.values().size() < 2 * living.size() + 20);  // values go with their series
}

TEST_CASE("a list that a reader holds does not change under it") {
  BytePool pool;
  Epoch epoch;
  LabelSets sets(pool, epoch);
  HeadIndex index(sets, pool, epoch);
  const Labels labels{{"a", "1"}};
  const LabelSets::Handle set = sets.add(labels);
  for (uint32_t ref = 10; ref < 20; ++ref) index.add(ref, set);
  const Epoch::Guard reader = epoch.enter();
  const PostingsView list = index.postings("a", "1");
  const Postings before = refs_of(list);
  for (uint32_t ref = 20; ref < 100; ++ref) index.add(ref, set);
  index.add(5, set);
  index.remove(std::vector<HeadIndex::Removed>{{12, set}});
  CHECK(refs_of(list) == before);
  CHECK(index.postings("a", "1").size() == before.size() + 80);
}

TEST_CASE("series that come together are in the index as if they had come one by one") {
  BytePool pool;
  Epoch epoch;
  Pool threads(3);
  LabelSets sets(pool, epoch);
  SeriesTable table(epoch);
  HeadIndex one_by_one(sets, pool, epoch);
  HeadIndex together(sets, pool, epoch);
  std::vector<SeriesRef> refs;
  for (SeriesRef ref = 3; ref < 60'000; ref += 2) {
    const std::string number = std::to_string(ref);
    Labels labels{{"all", "same"}, {"some", std::to_string(ref % 300)}, {"own", number}};
    if (ref % 5 == 0) labels = Labels{{"all", "same"}, {"fifth", std::to_string(ref % 7)}};
    const LabelSets::Handle set = sets.add(labels);
    table.add(ref).labels = set;
    one_by_one.add(ref, set);
    refs.push_back(ref);
  }
  together.add(refs, table, threads);
  CHECK(refs_of(together.all()) == refs_of(one_by_one.all()));
  CHECK(together.names() == one_by_one.names());
  for (const std::string& name : one_by_one.names()) {
    CAPTURE(name);
    size_t values = 0;
    size_t different = 0;
    one_by_one.for_each_value(name, [&](std::string_view value, PostingsView list) {
      ++values;
      if (refs_of(together.postings(name, value)) != refs_of(list)) ++different;
    });
    CHECK(values > 0);
    CHECK(different == 0);
  }
}

TEST_CASE("a list of which all are gone can be filled again") {
  BytePool pool;
  Epoch epoch;
  LabelSets sets(pool, epoch);
  HeadIndex index(sets, pool, epoch);
  const LabelSets::Handle set = sets.add(Labels{{"a", "1"}});
  for (const uint32_t count : {1u, 2u, 300u, 50'000u}) {
    CAPTURE(count);
    std::vector<HeadIndex::Removed> all;
    for (uint32_t ref = 1; ref <= count; ++ref) {
      index.add(ref, set);
      all.push_back({ref, set});
    }
    REQUIRE(index.postings("a", "1").size() == count);
    index.remove(all);
    CHECK(index.postings("a", "1").empty());
    CHECK(index.all().empty());
  }
}

TEST_CASE("label sets compare, order and print as labels do") {
  BytePool pool;
  Epoch epoch;
  LabelSets sets(pool, epoch);
  const std::vector<Labels> sorted = {Labels{{"a", "1"}},
                                      Labels{{"a", "1"}, {"b", "1"}},
                                      Labels{{"a", "1"}, {"b", "2"}},
                                      Labels{{"a", "1"}, {"c", "0"}},
                                      Labels{{"a", "10"}},
                                      Labels{{"b", "0"}},
                                      Labels{{"b", std::string(70'000, 'x')}}};
  std::vector<LabelSets::Handle> handles;
  for (const Labels& labels : sorted) handles.push_back(sets.add(labels));
  for (size_t i = 0; i < sorted.size(); ++i) {
    std::string flat;
    sets.append_flat(handles[i], flat);
    CHECK(flat == sorted[i].flat());
    for (size_t k = 0; k < sorted.size(); ++k) {
      CHECK(sets.equal(handles[i], sorted[k]) == (i == k));
      CHECK(sets.less(handles[i], handles[k]) == (i < k));
    }
  }
}
