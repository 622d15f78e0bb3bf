// What an append says of each sample.
#include <doctest/doctest.h>

#include "tests/tsdb/head_fixture.h"
#include "tsdb/verdict.h"

using namespace hearth;
using namespace hearth::tsdb;

namespace {

const Labels kA{{"__name__", "a"}};
const Labels kB{{"__name__", "b"}};

}  // namespace

TEST_CASE("the time and the value of a sample decide what becomes of it") {
  const AppendBounds bounds{100};
  CHECK(judge(kMinTime, 100, false, bounds) == Verdict::kStore);
  CHECK(judge(200, 201, false, bounds) == Verdict::kStore);
  CHECK(judge(200, 200, true, bounds) == Verdict::kSame);
  CHECK(judge(200, 200, false, bounds) == Verdict::kDuplicate);
  CHECK(judge(200, 199, true, bounds) == Verdict::kOutOfOrder);
  CHECK(judge(kMinTime, 99, false, bounds) == Verdict::kOutOfBounds);
  CHECK(judge(200, 99, true, bounds) == Verdict::kOutOfBounds);
}

TEST_CASE("a refused sample is named by its position and the reason") {
  HeadFixture f;
  f.open();
  constexpr TimeMs kNow = 100'000'000;
  f.append(kA, kNow, 1);
  Batch batch;
  batch.push(f.intern(kB), kNow, 5);
  batch.push(f.intern(kA), kNow, 1);               // the same again
  batch.push(f.intern(kA), kNow, 2);               // another value
  batch.push(f.intern(kA), kNow - 1, 1);           // late
  batch.push(f.intern(kB), kNow - 7'200'000, 1);   // before what the head accepts
  const AppendResult result = f.head().appender().append(batch);
  CHECK(result.stored == 2);
  REQUIRE(result.refused.size() == 3);
  CHECK(result.refused[0].position == 2);
  CHECK(result.refused[0].why == Refusal::kDuplicate);
  CHECK(result.refused[1].position == 3);
  CHECK(result.refused[1].why == Refusal::kOutOfOrder);
  CHECK(result.refused[2].position == 4);
  CHECK(result.refused[2].why == Refusal::kOutOfBounds);
  CHECK_FALSE(result.refused[2].histogram);
  CHECK(result.duplicate == 1);
  CHECK(result.out_of_order == 1);
  CHECK(result.out_of_bounds == 1);
}

TEST_CASE("a sample that follows an equal time in its own batch is refused by its position") {
  HeadFixture f;
  f.open();
  Batch batch;
  batch.push(f.intern(kA), 1000, 1);
  batch.push(f.intern(kA), 1000, 2);
  const AppendResult result = f.head().appender().append(batch);
  CHECK(result.stored == 1);
  REQUIRE(result.refused.size() == 1);
  CHECK(result.refused[0].position == 1);
  CHECK(result.refused[0].why == Refusal::kDuplicate);
  CHECK(f.read() == Model{{kA, {{1000, 1}}}});
}

TEST_CASE("one refused sample keeps the whole batch out where it is all or nothing") {
  HeadFixture f;
  f.open();
  f.append(kA, 2000, 1);
  Batch batch;
  batch.all_or_nothing = true;
  batch.push(f.intern(kB), 2000, 1);
  batch.push(f.intern(kA), 1000, 1);
  const AppendResult result = f.head().appender().append(batch);
  CHECK(result.stored == 0);
  REQUIRE(result.refused.size() == 1);
  CHECK(result.refused[0].position == 1);
  const Model before{{kA, {{2000, 1}}}};
  CHECK(f.read() == before);
  f.open();
  CHECK(f.read() == before);  // nor is it in the log

  batch.times[1] = 3000;
  const AppendResult good = f.head().appender().append(batch);
  CHECK(good.refused.empty());
}
