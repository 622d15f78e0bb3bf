// The ring of exemplars, by Prometheus' rules.
#include <doctest/doctest.h>

#include "core/log.h"
#include "tsdb/exemplars.h"

using namespace hearth;
using namespace hearth::tsdb;

namespace {

using Outcome = ExemplarRing::Outcome;

const Labels kA{{"__name__", "a"}};
const Labels kB{{"__name__", "b"}};
const std::vector<std::vector<Matcher>> kAll{{Matcher(MatchType::kRegex, "__name__", ".*")}};

Exemplar exemplar(TimeMs t, double value, const std::string& trace = "x") {
  return {Labels{{"trace_id", trace}}, value, t, true};
}

struct Ring : ExemplarRing {
  explicit Ring(uint32_t max, DurationMs window = 0) : Ring(std::make_unique<Registry>()) {
    configure(max, window);
  }
  std::vector<TimeMs> times(const Labels& series, TimeRange range = {}) const {
    std::vector<TimeMs> out;
    for (const ExemplarSeries& found : find(kAll, range)) {
      if (found.labels != series) continue;
      for (const Exemplar& e : found.exemplars) out.push_back(e.t);
    }
    return out;
  }
  std::unique_ptr<Registry> registry;

 private:
  explicit Ring(std::unique_ptr<Registry> r) : ExemplarRing(*r), registry(std::move(r)) {
    set_log_level(LogLevel::kError);
  }
};

using Times = std::vector<TimeMs>;

}  // namespace

TEST_CASE("without a ring exemplars are dropped in silence") {
  Ring ring(0);
  CHECK_FALSE(ring.on());
  CHECK(ring.check(kA, exemplar(1, 1)) == Outcome::kIgnored);
  CHECK(ring.add(kA, exemplar(1, 1)) == Outcome::kIgnored);
  CHECK(ring.find(kAll, {}).empty());
}

TEST_CASE("the newest exemplar once more is dropped in silence, an older one is out of order") {
  Ring ring(10);
  CHECK(ring.add(kA, exemplar(5, 1)) == Outcome::kStored);
  CHECK(ring.add(kA, exemplar(5, 1)) == Outcome::kIgnored);
  CHECK(ring.add(kA, exemplar(4, 1)) == Outcome::kOutOfOrder);
  CHECK(ring.add(kB, exemplar(4, 1)) == Outcome::kStored);
  CHECK(ring.times(kA) == Times{5});
  CHECK(ring.times(kB) == Times{4});
}

TEST_CASE("an exemplar without a time of its own is the same at any time") {
  Ring ring(10);
  Exemplar e{Labels{{"trace_id", "x"}}, 1, 5, false};
  CHECK(ring.add(kA, e) == Outcome::kStored);
  e.t = 20;
  CHECK(ring.add(kA, e) == Outcome::kIgnored);
  e.has_time = true;
  CHECK(ring.add(kA, e) == Outcome::kStored);
}

TEST_CASE("at one time values ascend, then labels") {
  Ring ring(10);
  CHECK(ring.add(kA, exemplar(5, 2, "m")) == Outcome::kStored);
  CHECK(ring.add(kA, exemplar(5, 1, "m")) == Outcome::kOutOfOrder);
  CHECK(ring.add(kA, exemplar(5, 2, "a")) == Outcome::kOutOfOrder);
  CHECK(ring.add(kA, exemplar(5, 2, "z")) == Outcome::kStored);
  CHECK(ring.add(kA, exemplar(5, 3, "a")) == Outcome::kStored);
  CHECK(ring.times(kA) == Times{5, 5, 5});
}

TEST_CASE("labels of 128 code points are stored, longer ones are not") {
  Ring ring(10);
  std::string text;
  for (size_t i = 0; i < 120; ++i) text += "\xc3\xa4";
  CHECK(ring.add(kA, exemplar(1, 1, text)) == Outcome::kStored);
  CHECK(ring.add(kA, exemplar(2, 1, text + "b")) == Outcome::kTooLong);
}

TEST_CASE("a full ring gives up its oldest exemplar, whosever it is") {
  Ring ring(3);
  ring.add(kA, exemplar(1, 1));
  ring.add(kB, exemplar(2, 1));
  ring.add(kB, exemplar(3, 1));
  ring.add(kB, exemplar(4, 1));
  CHECK(ring.times(kA) == Times{});
  CHECK(ring.times(kB) == Times{2, 3, 4});
  ring.add(kB, exemplar(5, 1));
  CHECK(ring.times(kB) == Times{3, 4, 5});
  ring.add(kA, exemplar(6, 1));
  CHECK(ring.times(kB) == Times{4, 5});
  CHECK(ring.times(kA) == Times{6});
}

TEST_CASE("a ring of one exemplar holds the last one") {
  Ring ring(1);
  for (TimeMs t = 1; t < 5; ++t) {
    CHECK(ring.add(t % 2 == 0 ? kA : kB, exemplar(t, 1)) == Outcome::kStored);
  }
  CHECK(ring.times(kA) == Times{4});
  CHECK(ring.times(kB) == Times{});
}

TEST_CASE("a resized ring keeps the newest exemplars") {
  Ring ring(4);
  for (TimeMs t = 1; t <= 6; ++t) ring.add(t % 2 == 0 ? kA : kB, exemplar(t, 1));
  ring.configure(3, 0);
  CHECK(ring.times(kA) == Times{4, 6});
  CHECK(ring.times(kB) == Times{5});
  ring.configure(5, 0);
  ring.add(kB, exemplar(7, 1));
  ring.add(kB, exemplar(8, 1));
  CHECK(ring.times(kA) == Times{4, 6});
  CHECK(ring.times(kB) == Times{5, 7, 8});
  ring.add(kB, exemplar(9, 1));
  CHECK(ring.times(kA) == Times{6});
  ring.configure(0, 0);
  CHECK(ring.find(kAll, {}).empty());
  ring.configure(2, 0);
  CHECK(ring.add(kA, exemplar(1, 1)) == Outcome::kStored);
}

TEST_CASE("within the out-of-order window an exemplar takes its place among the others") {
  Ring ring(4, 10);
  ring.add(kA, exemplar(100, 1));
  CHECK(ring.add(kA, exemplar(90, 1)) == Outcome::kOutOfOrder);
  CHECK(ring.add(kA, exemplar(95, 1)) == Outcome::kStored);
  CHECK(ring.add(kA, exemplar(97, 1)) == Outcome::kStored);
  CHECK(ring.add(kA, exemplar(97, 2)) == Outcome::kIgnored);
  CHECK(ring.times(kA) == Times{95, 97, 100});
  CHECK(ring.add(kA, exemplar(93, 1)) == Outcome::kStored);
  CHECK(ring.times(kA) == Times{93, 95, 97, 100});
  ring.add(kA, exemplar(99, 1));  // in the place of 100, the first that came
  CHECK(ring.times(kA) == Times{93, 95, 97, 99});
}

TEST_CASE("exemplars are found by selector and time range, in the order of their series") {
  Ring ring(10);
  ring.add(kB, exemplar(1, 1));
  ring.add(kA, exemplar(2, 1));
  ring.add(kA, exemplar(3, 1));
  const auto all = ring.find(kAll, {});
  REQUIRE(all.size() == 2);
  CHECK(all[0].labels == kA);
  CHECK(all[1].labels == kB);
  CHECK(ring.times(kA, {3, 9}) == Times{3});
  CHECK(ring.times(kB, {3, 9}) == Times{});
  const std::vector<std::vector<Matcher>> b{{Matcher(MatchType::kEqual, "__name__", "b")}};
  const auto found = ring.find(b, {});
  REQUIRE(found.size() == 1);
  CHECK(found[0].exemplars[0].labels == Labels{{"trace_id", "x"}});
  CHECK(ring.find({}, {}).empty());
}
