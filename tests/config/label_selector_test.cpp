#include "config/label_selector.h"

#include <doctest/doctest.h>

#include <string>

#include "core/error.h"

namespace {

std::string error_of(const char* text) {
  try {
    hearth::check_label_selector(text);
  } catch (const hearth::Error& error) {
    return error.what();
  }
  return "no error";
}

}  // namespace

TEST_CASE("selectors of labels that Kubernetes understands pass") {
  for (const char* text :
       {"", " ", "a", "!a", "a=b", "a==b,c!=d", "a=", "a in (b, c), !d", "a notin ()", "a in (,b,)",
        "example.com/a.b_c=x", "a > 5, b<1", "in in (in)"}) {
    CAPTURE(text);
    CHECK(error_of(text) == "no error");
  }
}

TEST_CASE("what is no selector of labels is refused in Kubernetes' words") {
  const auto requirement = [](const std::string& text) {
    return "unable to parse requirement: " + text;
  };
  CHECK(error_of("a in b") == requirement("found 'b' expected: '('"));
  CHECK(error_of("a b") == requirement("found 'b', expected: in, notin, =, ==, !=, gt, lt"));
  CHECK(error_of("a in (b") == requirement("found '', expected: ',' or ')'"));
  CHECK(error_of("a in (=)") == requirement("found '=', expected: ',', ')' or identifier"));
  CHECK(error_of("a=(b)") == requirement("found '(', expected: identifier"));
  CHECK(error_of("!=b") == "found '!=', expected: !, identifier, or 'end of string'");
  CHECK(error_of("a,") == "found '', expected: identifier after ','");
  CHECK(error_of("!a b") == "found 'b', expected: ',' or 'end of string'");
  CHECK(error_of("a > b") ==
        requirement("values[0]: Invalid value: \"b\": for 'Gt', 'Lt' operators, "
                    "the value must be an integer"));
  CHECK(error_of("/a") ==
        requirement("<nil>: Invalid value: \"/a\": prefix part must be non-empty"));
  CHECK(error_of("a in (b, c+)")
            .starts_with(requirement(
                "values[1][a]: Invalid value: \"c+\": a valid label must be an empty string or")));
  CHECK(error_of("a-=b").starts_with(requirement(
      "<nil>: Invalid value: \"a-\": name part must consist of alphanumeric characters")));
}
