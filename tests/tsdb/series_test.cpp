// The table of series: refs to cache lines, and pages that go with the last of their series.
#include "tsdb/series.h"

#include <doctest/doctest.h>

#include <fstream>

using namespace hearth;
using namespace hearth::tsdb;

namespace {

[[maybe_unused]] size_t resident_bytes() {
  std::ifstream statm("/proc/self/statm");
  size_t total = 0;
  size_t resident = 0;
  statm >> total >> resident;
  return resident * 4096;
}

}  // namespace

TEST_CASE("a series is found by its ref, in whatever order refs come") {
  Epoch epoch;
  SeriesTable table(epoch);
  CHECK(table.find(1) == nullptr);
  CHECK(table.find(0xffffffff) == nullptr);
  for (const SeriesRef ref : {SeriesRef{1}, SeriesRef{1'000'000}, SeriesRef{64}, SeriesRef{63}}) {
    CAPTURE(ref);
    Series& series = table.add(ref);
    ByteLockGuard lock(series.lock);
    CHECK(series.last_time == kMinTime);
    CHECK(series.trail == XorState::kNoWindow);
    series.labels = ref;
  }
  for (const SeriesRef ref : {SeriesRef{1}, SeriesRef{1'000'000}, SeriesRef{64}, SeriesRef{63}}) {
    REQUIRE(table.find(ref) != nullptr);
    CHECK(table.find(ref)->labels == ref);
  }
  CHECK(table.find(2)->labels == 0);
  CHECK(table.find(128) == nullptr);
}

TEST_CASE("a page without living series is gone, once nobody looks at it, but for the newest one") {
  Epoch epoch;
  SeriesTable table(epoch);
  for (SeriesRef ref = 0; ref < 130; ++ref) table.add(ref).labels = 7;
  const Series* const seen = table.find(5);
  {
    const Epoch::Guard reader = epoch.enter();
    for (SeriesRef ref = 0; ref < 64; ++ref) table.remove(ref, 129);
    CHECK(table.find(5) == nullptr);
    CHECK(seen->labels == 7);
  }
  CHECK(table.find(64)->labels == 7);
  for (const SeriesRef ref : {SeriesRef{128}, SeriesRef{129}}) table.remove(ref, 129);
  REQUIRE(table.find(129) != nullptr);
  CHECK(&table.add(130) == table.find(129) + 1);
}

TEST_CASE("the memory of series that died goes back to the system") {
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
  MESSAGE("not measured: a sanitizer's memory is not ours");
#else
  constexpr SeriesRef kSeries = 500'000;
  Epoch epoch;
  SeriesTable table(epoch);
  const size_t before = resident_bytes();
  for (SeriesRef ref = 1; ref <= kSeries; ++ref) table.add(ref);
  CHECK(resident_bytes() - before > kSeries * 60);
  for (SeriesRef ref = 1; ref <= kSeries; ++ref) table.remove(ref, kSeries);
  CHECK(resident_bytes() < before + (4 << 20));
#endif
}
