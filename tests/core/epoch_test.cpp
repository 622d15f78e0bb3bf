#include "core/epoch.h"

#include <doctest/doctest.h>

#include <optional>
#include <string>

using namespace hearth;

TEST_CASE("what is deferred is freed at once when nobody reads") {
  Epoch epoch;
  int freed = 0;
  epoch.defer([&] { ++freed; });
  CHECK(freed == 1);
}

TEST_CASE("what is deferred waits for the guards before it, not for those after it") {
  Epoch epoch;
  std::string freed;
  std::optional<Epoch::Guard> first = epoch.enter();
  epoch.defer([&] { freed += "a"; });
  std::optional<Epoch::Guard> second = epoch.enter();
  epoch.defer([&] { freed += "b"; });
  std::optional<Epoch::Guard> third = epoch.enter();
  CHECK(freed.empty());
  first.reset();
  CHECK(freed == "a");
  second.reset();
  CHECK(freed == "ab");
  epoch.defer([&] { freed += "c"; });
  CHECK(freed == "ab");
  third.reset();
  CHECK(freed == "abc");
}

TEST_CASE("a later guard that ends first frees nothing too early") {
  Epoch epoch;
  std::string freed;
  std::optional<Epoch::Guard> first = epoch.enter();
  epoch.defer([&] { freed += "a"; });
  std::optional<Epoch::Guard> second = epoch.enter();
  epoch.defer([&] { freed += "b"; });
  second.reset();
  CHECK(freed.empty());
  Epoch::Guard moved = std::move(*first);
  first.reset();
  CHECK(freed.empty());
  moved = Epoch::Guard();
  CHECK(freed == "ab");
}
