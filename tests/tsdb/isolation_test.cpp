#include "tsdb/isolation.h"

#include <doctest/doctest.h>

#include <atomic>
#include <thread>

using namespace hearth::tsdb;

TEST_CASE("a view sees the commits that had ended when it was opened") {
  Isolation isolation;
  const auto first = isolation.begin();
  const auto second = isolation.begin();
  isolation.end(second);
  const Isolation::View view = isolation.open(0);
  const auto third = isolation.begin();
  isolation.end(first);
  isolation.end(third);
  CHECK_FALSE(view.sees(first));
  CHECK(view.sees(second));
  CHECK_FALSE(view.sees(third));
  CHECK(view.sees(0));
  isolation.close(view);
  const Isolation::View later = isolation.open(0);
  CHECK(later.sees(first));
  CHECK(later.sees(third));
  isolation.close(later);
}

TEST_CASE("waiting for commits ends with those that had begun before") {
  Isolation isolation;
  isolation.wait_for_commits();
  const auto before = isolation.begin();
  std::atomic<bool> waited{false};
  std::thread waiter([&] {
    isolation.wait_for_commits();
    waited = true;
  });
  isolation.end(before);
  waiter.join();
  CHECK(waited);
}

TEST_CASE("waiting for readers ends when none reads so far back") {
  Isolation isolation;
  const Isolation::View old = isolation.open(10);
  const Isolation::View young = isolation.open(100);
  isolation.wait_for_readers(10);  // nobody reads before 10
  std::atomic<bool> waited{false};
  std::thread waiter([&] {
    isolation.wait_for_readers(50);
    waited = true;
  });
  isolation.close(old);
  waiter.join();
  CHECK(waited);
  isolation.close(young);
}
