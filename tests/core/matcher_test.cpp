#include "core/matcher.h"

#include <doctest/doctest.h>

#include "core/error.h"

using hearth::Labels;
using hearth::Matcher;
using hearth::MatchType;

TEST_CASE("a matcher compares the label's value, and an absent label is empty") {
  const Labels labels{{"job", "api"}, {"zone", "eu"}};
  CHECK(Matcher(MatchType::kEqual, "job", "api").matches(labels));
  CHECK(!Matcher(MatchType::kEqual, "job", "ap").matches(labels));
  CHECK(Matcher(MatchType::kNotEqual, "job", "x").matches(labels));
  CHECK(Matcher(MatchType::kRegex, "job", "a.*").matches(labels));
  CHECK(!Matcher(MatchType::kNotRegex, "job", "a.*").matches(labels));
  CHECK(Matcher(MatchType::kEqual, "absent", "").matches(labels));
  CHECK(Matcher(MatchType::kRegex, "absent", ".*").matches(labels));
  CHECK(!Matcher(MatchType::kRegex, "absent", ".+").matches(labels));
  CHECK(Matcher(MatchType::kNotRegex, "job", "b").matches_empty());
}

TEST_CASE("a matcher prints as in a selector") {
  CHECK(Matcher(MatchType::kEqual, "job", "a\"b").text() == R"(job="a\"b")");
  CHECK(Matcher(MatchType::kNotEqual, "job", "").text() == R"(job!="")");
  CHECK(Matcher(MatchType::kRegex, "a.b", "x|y").text() == R"("a.b"=~"x|y")");
  CHECK(Matcher(MatchType::kNotRegex, "job", "x").text() == R"(job!~"x")");
}

TEST_CASE("a matcher with a broken regex is refused") {
  CHECK_THROWS_WITH_AS(Matcher(MatchType::kRegex, "a", "("),
                       "error parsing regexp: missing closing ): `(`", hearth::Error);
}
