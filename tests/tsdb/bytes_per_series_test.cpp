// What an active series costs in resident memory: the budget of docs/memory.md.
#include <doctest/doctest.h>

#include "benchmarks/node_series.h"
#include "tests/tsdb/head_fixture.h"
#include "tsdb/series.h"

using namespace hearth;
using namespace hearth::benchmarks;
using namespace hearth::tsdb;

namespace {

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr bool kSanitized = true;
#else
constexpr bool kSanitized = false;
#endif

}  // namespace

TEST_CASE("a series is one cache line") {
  CHECK(sizeof(Series) == 64);
  CHECK(alignof(Series) == 64);
}

TEST_CASE("an active series with ten labels and half an open chunk takes at most 700 bytes") {
  if (kSanitized) {
    MESSAGE("not measured: a sanitizer's memory is not ours");
    return;
  }
  constexpr size_t kSeries = 100'000;
  constexpr size_t kRounds = 60;
  HeadFixture f;
  f.open();
  const size_t before = resident_bytes();
  std::vector<SeriesRef> refs;
  for (size_t i = 0; i < kSeries; ++i) refs.push_back(f.intern(node_labels(i)));
  Batch batch;
  for (size_t round = 0; round < kRounds; ++round) {
    for (size_t first = 0; first < kSeries; first += 2000) {
      batch.clear();
      for (size_t i = first; i < first + 2000; ++i) {
        batch.push(refs[i], 1'700'000'000'000 + static_cast<TimeMs>(round) * 15'000,
                   node_value(i, round));
      }
      REQUIRE(f.head().appender().append(batch).stored == 2000);
    }
  }
  const size_t bytes = (resident_bytes() - before) / kSeries;
  MESSAGE(bytes << " bytes per series");
  CHECK(bytes <= 700);
  CHECK(bytes >= 150);  // less would mean that nothing was measured
}
