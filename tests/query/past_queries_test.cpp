#include "query/past_queries.h"

#include <doctest/doctest.h>

#include "tests/query/engine_fixture.h"

using namespace hearth;
using namespace hearth::promql;

namespace {
PastQuery once(const std::string& text, double seconds, TimeMs now = 0) {
  return {text, 1, 0, seconds, seconds, 10, 100, now};
}
Matcher name_is(MatchType type, const std::string& value) { return {type, "__name__", value}; }
}  // namespace

TEST_CASE("past queries are added up by their text and told by what they took") {
  PastQueries past;
  past.add(once("a", 1, 5));
  past.add(once("b", 3));
  past.add({"a", 1, 1, 0.5, 0.5, 1, 700, 9});
  const auto dearest = past.dearest(10);
  REQUIRE(dearest.size() == 2);
  CHECK(dearest[0].text == "b");
  CHECK(dearest[1].count == 2);
  CHECK(dearest[1].failed == 1);
  CHECK(dearest[1].total_seconds == 1.5);
  CHECK(dearest[1].max_seconds == 1);
  CHECK(dearest[1].samples == 11);
  CHECK(dearest[1].max_bytes == 700);
  CHECK(dearest[1].last == 9);
  CHECK(past.dearest(1).size() == 1);
}

TEST_CASE("of very many past queries the dearest stay, and long texts are cut between characters") {
  PastQueries past;
  past.add(once("dear", 1000));
  for (int i = 0; i < 3000; ++i) past.add(once("q" + std::to_string(i), 0.001 * i));
  const auto all = past.dearest(5000);
  CHECK(all.size() == 1000);
  CHECK(all[0].text == "dear");
  CHECK(all[1].text == "q2999");
  std::string text;
  while (text.size() < 9000) text += "\xc3\xa9";
  past.add(once("x" + text, 5000));
  CHECK(past.dearest(1)[0].text.size() < 4200);
  CHECK(past.dearest(1)[0].text.ends_with("\xc3\xa9…"));
}

TEST_CASE("a metric is in use when a selector had its name or a pattern of it") {
  PastQueries past;
  past.add_selector({name_is(MatchType::kEqual, "up")}, 7);
  past.add_selector({name_is(MatchType::kRegex, "node_.*")}, 8);
  past.add_selector({name_is(MatchType::kRegex, "node_cpu.+")}, 9);
  CHECK(past.use_of("up").count == 1);
  CHECK(past.use_of("up").last == 7);
  CHECK(past.use_of("node_cpu_seconds_total").count == 2);
  CHECK(past.use_of("node_cpu_seconds_total").last == 9);
  CHECK(past.use_of("other").count == 0);
  CHECK(past.knows_all());
}

TEST_CASE("selectors that look at no name, or at any, put no metric in use") {
  PastQueries past;
  past.add_selector({Matcher(MatchType::kEqual, "job", "x")}, 1);
  past.add_selector({name_is(MatchType::kRegex, ".+")}, 1);
  past.add_selector({name_is(MatchType::kRegex, ".*")}, 1);
  past.add_selector({name_is(MatchType::kNotEqual, "a")}, 1);
  past.add_selector({name_is(MatchType::kNotEqual, "")}, 1);
  CHECK(past.use_of("up").count == 0);
}

TEST_CASE("with more names than are kept, that is told") {
  PastQueries past;
  for (int i = 0; i <= 20'000; ++i) {
    past.add_selector({name_is(MatchType::kEqual, "m" + std::to_string(i))}, 1);
  }
  CHECK(past.use_of("m0").count == 1);
  CHECK(past.use_of("m20000").count == 0);
  CHECK(!past.knows_all());
}

TEST_CASE("the engine remembers what it ran, also what failed") {
  EngineFixture fixture;
  fixture.load({{"__name__", "up"}, {"job", "a"}}, {1, 2});
  fixture.load({{"__name__", "up"}, {"job", "b"}}, {1, 2});
  Engine engine(fixture.options, fixture.storage, nullptr, fixture.registry);
  engine.run(EngineFixture::instant("sum(up)", 15'000));
  CHECK_THROWS(engine.run(EngineFixture::instant("up + on() up", 15'000)));
  const auto dearest = engine.past().dearest(10);
  REQUIRE(dearest.size() == 2);
  CHECK(dearest[0].failed + dearest[1].failed == 1);
  CHECK(dearest[0].count == 1);
  CHECK(engine.past().use_of("up").count >= 2);
  CHECK(engine.past().use_of("down").count == 0);
}
