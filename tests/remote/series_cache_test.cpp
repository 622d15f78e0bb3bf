#include "remote/series_cache.h"

#include <doctest/doctest.h>

#include <numeric>

using namespace hearth;
using namespace hearth::remote;

namespace {

// Its series die from the first on.
class Dying final : public Appender {
 public:
  using Appender::intern;
  SeriesRef intern(LabelsView, SeriesSource*) override { return 0; }
  AppendResult append(const Batch&) override { return {}; }
  void drop_dead(std::span<SeriesRef> refs) override {
    for (SeriesRef& ref : refs) {
      if (ref < oldest) ref = 0;
    }
  }
  SeriesRef oldest = 1;
};

std::vector<SeriesRef> refs_from(SeriesRef first, size_t count) {
  std::vector<SeriesRef> refs(count);
  std::iota(refs.begin(), refs.end(), first);
  return refs;
}

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
  Dying appender;
  SeriesCache cache(appender);
  const std::vector<Hash128> all = keys(10'000);
  CHECK(find(cache, all, 1000) == std::vector<SeriesRef>(all.size(), 0));
  const std::vector<SeriesRef> refs = refs_from(1, all.size());
  cache.insert(all, refs);
  CHECK(find(cache, all, 2000) == refs);
  CHECK(cache.size() == all.size());
  CHECK(cache.bytes() <= all.size() * 16 * 3);
}

TEST_CASE("a new ref replaces the one that died") {
  Dying appender;
  SeriesCache cache(appender);
  const std::vector<Hash128> one = keys(1);
  CHECK(find(cache, one, 1) == std::vector<SeriesRef>{0});
  cache.insert(one, std::vector<SeriesRef>{5});
  cache.insert(one, std::vector<SeriesRef>{9});
  CHECK(find(cache, one, 2) == std::vector<SeriesRef>{9});
  CHECK(cache.size() == 1);
}

TEST_CASE("the cache is bounded") {
  Dying appender;
  SeriesCache cache(appender, 100);
  const std::vector<Hash128> all = keys(1000);
  cache.insert(all, std::vector<SeriesRef>(all.size(), 3));
  CHECK(cache.size() <= 100);
  CHECK(cache.size() > 0);
}

TEST_CASE("dead series make room for new ones, so that the cache does not grow") {
  Dying appender;
  SeriesCache cache(appender);
  const std::vector<Hash128> all = keys(100'000);
  size_t most = 0;
  for (size_t first = 0; first < all.size(); first += 1000) {
    appender.oldest = static_cast<SeriesRef>(first > 1000 ? first - 1000 : 1);
    cache.insert(std::span(all).subspan(first, 1000),
                 refs_from(static_cast<SeriesRef>(first + 1), 1000));
    most = std::max(most, cache.bytes());
  }
  CHECK(most < 16 * 8000);
  CHECK(find(cache, all, 1).back() == all.size());
}

TEST_CASE("after two hours the dead have gone, and the living are still known") {
  Dying appender;
  SeriesCache cache(appender);
  const std::vector<Hash128> all = keys(10'000);
  constexpr TimeMs kHours = 2 * 3'600'000;
  (void)find(cache, all, 1 + kHours);
  cache.insert(all, refs_from(1, all.size()));
  appender.oldest = 9'901;
  CHECK(find(cache, all, 1 + 2 * kHours) == refs_from(1, all.size()));
  CHECK(cache.size() == all.size());
  (void)find(cache, all, 2 + 2 * kHours);
  CHECK(cache.size() == 100);
  CHECK(cache.bytes() < 16 * 2000);
  CHECK(find(cache, all, 3 + 2 * kHours)[9'899] == 0);
  CHECK(find(cache, all, 3 + 2 * kHours).back() == all.size());
}
