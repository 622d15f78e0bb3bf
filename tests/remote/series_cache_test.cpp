#include "remote/series_cache.h"

#include <doctest/doctest.h>

using namespace hearth;
using namespace hearth::remote;

namespace {

std::vector<Hash128> keys(size_t count) {
  std::vector<Hash128> all;
  for (size_t i = 0; i < count; ++i) all.push_back(xxh3_128(&i, sizeof i, 1));
  return all;
}

std::vector<SeriesRef> find(SeriesCache& cache, const std::vector<Hash128>& wanted, TimeMs now) {
  std::vector<SeriesRef> refs(wanted.size(), 77);
  cache.find(wanted, refs, now);
  return refs;
}

}  // namespace

TEST_CASE("the cache knows what was entered, through its growth") {
  SeriesCache cache;
  const std::vector<Hash128> all = keys(10'000);
  CHECK(find(cache, all, 1000) == std::vector<SeriesRef>(all.size(), 0));
  std::vector<SeriesRef> refs;
  for (SeriesRef ref = 1; ref <= all.size(); ++ref) refs.push_back(ref);
  cache.insert(all, refs);
  CHECK(find(cache, all, 2000) == refs);
  CHECK(cache.size() == all.size());
  CHECK(cache.bytes() <= all.size() * 16 * 3);
}

TEST_CASE("a new ref replaces the one that died") {
  SeriesCache cache;
  const std::vector<Hash128> one = keys(1);
  CHECK(find(cache, one, 1) == std::vector<SeriesRef>{0});
  cache.insert(one, std::vector<SeriesRef>{5});
  cache.insert(one, std::vector<SeriesRef>{9});
  CHECK(find(cache, one, 2) == std::vector<SeriesRef>{9});
  CHECK(cache.size() == 1);
}

TEST_CASE("the cache is bounded, and forgets after two hours") {
  SeriesCache cache(100);
  const std::vector<Hash128> all = keys(1000);
  (void)find(cache, all, 1);
  cache.insert(all, std::vector<SeriesRef>(all.size(), 3));
  CHECK(cache.size() <= 100);
  CHECK(cache.size() > 0);
  CHECK(find(cache, all, 1 + 2 * 3'600'000).back() == 3);
  CHECK(find(cache, all, 2 + 2 * 3'600'000).back() == 0);
  CHECK(cache.size() == 0);
}
