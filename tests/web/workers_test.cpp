#include "web/workers.h"

#include <doctest/doctest.h>

#include <future>
#include <vector>

using namespace hearth;
using web::Workers;

TEST_CASE("a task that waits for the next one is not left alone with its thread") {
  Workers workers(4);
  for (int round = 0; round < 500; ++round) {
    std::promise<void> second;
    std::promise<void> first;
    workers.submit(Workers::Weight::kHeavy, [&] {
      second.get_future().wait();
      first.set_value();
    });
    workers.submit(Workers::Weight::kHeavy, [&] { second.set_value(); });
    CHECK(first.get_future().wait_for(std::chrono::seconds(30)) == std::future_status::ready);
  }
}

TEST_CASE("light tasks are run while as many heavy ones as may run do, and more wait") {
  Workers workers(3);
  std::promise<void> end;
  const std::shared_future<void> ended = end.get_future().share();
  std::vector<std::promise<void>> heavy(4);
  for (std::promise<void>& done : heavy) {
    workers.submit(Workers::Weight::kHeavy, [&done, ended] {
      ended.wait();
      done.set_value();
    });
  }
  for (int i = 0; i < 100; ++i) {
    std::promise<void> light;
    workers.submit(Workers::Weight::kLight, [&] { light.set_value(); });
    CHECK(light.get_future().wait_for(std::chrono::seconds(30)) == std::future_status::ready);
  }
  end.set_value();
  for (std::promise<void>& done : heavy) {
    CHECK(done.get_future().wait_for(std::chrono::seconds(30)) == std::future_status::ready);
  }
}

TEST_CASE("what is queued when the workers end is run") {
  int run = 0;
  std::promise<void> begin;
  {
    Workers workers(2);
    workers.submit(Workers::Weight::kHeavy, [&] { begin.get_future().wait(); });
    for (int i = 0; i < 20; ++i) workers.submit(Workers::Weight::kHeavy, [&] { ++run; });
    begin.set_value();
  }
  CHECK(run == 20);
}
