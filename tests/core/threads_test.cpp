#include "core/threads.h"

#include <doctest/doctest.h>
#include <sys/resource.h>

#include <atomic>
#include <set>
#include <stdexcept>
#include <thread>
#include <vector>

#include "core/error.h"
#include "core/mutex.h"

using namespace hearth;

TEST_CASE("every slice is worked on exactly once, with any number of threads") {
  for (const size_t threads : {0u, 1u, 4u}) {
    Pool pool(threads);
    std::vector<std::atomic<int>> counts(1000);
    pool.parallel_slices(counts.size(), [&](size_t slice) { ++counts[slice]; });
    size_t once = 0;
    for (const auto& count : counts) once += count == 1;
    CAPTURE(threads);
    CHECK(once == counts.size());
  }
}

TEST_CASE("an exception of a slice reaches the caller after the others have ended") {
  Pool pool(3);
  std::atomic<int> running{0};
  CHECK_THROWS_WITH(pool.parallel_slices(100,
                                         [&](size_t slice) {
                                           ++running;
                                           if (slice == 7) {
                                             --running;
                                             throw std::runtime_error("seven");
                                           }
                                           --running;
                                         }),
                    "seven");
  CHECK(running == 0);
}

TEST_CASE("of several slices that fail the first one's error is told, whichever is the quickest") {
  Pool pool(3);
  for (int round = 0; round < 50; ++round) {
    std::atomic<bool> later_failed{false};
    CHECK_THROWS_WITH(pool.parallel_slices(40,
                                           [&](size_t slice) {
                                             if (slice == 9) {
                                               later_failed = true;
                                               throw std::runtime_error("nine");
                                             }
                                             if (slice != 3) return;
                                             for (int i = 0; i < 1000 && !later_failed; ++i) {
                                               std::this_thread::yield();
                                             }
                                             throw std::runtime_error("three");
                                           }),
                      "three");
  }
}

TEST_CASE("slices are worked on by no more helpers than the caller wants") {
  Pool pool(4);
  Mutex mutex;
  std::set<std::thread::id> seen;
  std::atomic<int> met{0};
  pool.parallel_slices(
      1000,
      [&](size_t slice) {
        {
          MutexLock lock(mutex);
          seen.insert(std::this_thread::get_id());
        }
        if (slice >= 2) return;
        ++met;
        while (met < 2) std::this_thread::yield();  // until the helper is there
      },
      1);
  CHECK(seen.size() == 2);
}

TEST_CASE("slices inside slices do not deadlock") {
  Pool pool(2);
  std::atomic<int> sum{0};
  pool.parallel_slices(8, [&](size_t) { pool.parallel_slices(8, [&](size_t) { ++sum; }); });
  CHECK(sum == 64);
}

TEST_CASE("a pool runs what was submitted before it ends, also after a task has thrown") {
  std::atomic<int> ran{0};
  {
    Pool pool(1);
    pool.submit(Pool::Lane::kQuery, [] { throw std::runtime_error("a task that fails (expected in this test)"); });
    for (int i = 0; i < 50; ++i) pool.submit(i % 2 == 0 ? Pool::Lane::kScrape : Pool::Lane::kQuery, [&] { ++ran; });
  }
  CHECK(ran == 50);
}

TEST_CASE("work in the background is waited for, gives way to others, and may fail") {
  int niceness = 0;
  run_in_background("test", [&] { niceness = getpriority(PRIO_PROCESS, 0); });
  CHECK(niceness == 19);
  CHECK(getpriority(PRIO_PROCESS, 0) < 19);
  CHECK_THROWS_AS(run_in_background("test", [] { throw Error(ErrorKind::kIo, "disk"); }), Error);
}
