#include "tsdb/isolation.h"

#include <doctest/doctest.h>

#include <atomic>
#include <thread>
#include <vector>

#include "tsdb/earlier_commits.h"
#include "tsdb/series.h"

using namespace hearth::tsdb;

TEST_CASE("a view sees the commits that had ended when it was opened") {
  Isolation isolation;
  const auto first = isolation.begin().number;
  const auto second = isolation.begin().number;
  isolation.end(second);
  const Isolation::View view = isolation.open(0);
  const auto third = isolation.begin().number;
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

TEST_CASE("what is settled every reader sees, those that are open and those that will be") {
  Isolation isolation;
  const auto first = isolation.begin();
  CHECK(first.settled == first.number);
  const Isolation::View view = isolation.open(0);
  isolation.end(first.number);
  const auto second = isolation.begin();
  CHECK(second.settled == first.number);  // the reader does not see the first
  isolation.close(view);
  const auto third = isolation.begin();
  CHECK(third.settled == second.number);
  isolation.end(second.number);
  isolation.end(third.number);
  const Isolation::View later = isolation.open(0);
  const auto fourth = isolation.begin();
  CHECK(fourth.settled == fourth.number);
  isolation.end(fourth.number);
  isolation.close(later);
}

TEST_CASE("waiting for commits ends with those that had begun before") {
  Isolation isolation;
  isolation.wait_for_commits();
  const auto before = isolation.begin().number;
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

TEST_CASE("what commits before the newest appended is hidden from the first unseen one on") {
  Isolation isolation;
  EarlierCommits earlier;
  const Series series;
  const auto slow = isolation.begin();
  const auto quick = isolation.begin();
  isolation.end(quick.number);
  const Isolation::View view = isolation.open(0);
  earlier.add(series, 0, 7, slow.settled);
  earlier.add(series, slow.number, 255, slow.settled);
  earlier.add(series, slow.number, 45, slow.settled);
  earlier.add(series, quick.number, 20, quick.settled);
  CHECK(earlier.hidden(series, view) == 320);  // `quick` is seen, but lies behind `slow`
  CHECK(earlier.hidden(Series(), view) == 0);
  isolation.end(slow.number);
  const Isolation::View later = isolation.open(0);
  CHECK(earlier.hidden(series, later) == 0);
  isolation.close(view);
  isolation.close(later);
}

TEST_CASE("commits that every reader sees are forgotten, so that a busy head keeps few") {
  Isolation isolation;
  EarlierCommits earlier;
  const std::vector<Series> series(100);
  for (int i = 0; i < 100'000; ++i) {
    const Isolation::View view = isolation.open(0);
    const auto commit = isolation.begin();
    earlier.add(series[static_cast<size_t>(i) % series.size()], commit.number, 1, commit.settled);
    isolation.end(commit.number);
    isolation.close(view);
  }
  CHECK(earlier.size() <= 1024);
}
