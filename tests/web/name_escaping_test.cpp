#include "web/name_escaping.h"

#include <doctest/doctest.h>

using namespace hearth::web;

TEST_CASE("names are escaped as Prometheus escapes them") {
  struct Case {
    const char *name, *underscores, *dots, *values;
  };
  for (const Case& c : {Case{"plain_name", "plain_name", "plain__name", "plain_name"},
                        {"dotted.name", "dotted_name", "dotted_dot_name", "U__dotted_2e_name"},
                        {"\xc3\xbcn\xc3\xaf", "_n_", "__n__", "U___fc_n_ef_"},
                        {"1a:b", "_a:b", "__a:b", "U___31_a:b"},
                        {"a_b.c", "a_b_c", "a__b_dot_c", "U__a__b_2e_c"},
                        {"", "", "", ""}}) {
    CAPTURE(c.name);
    CHECK(escape_name(c.name, NameEscaping::kUnderscores) == c.underscores);
    CHECK(escape_name(c.name, NameEscaping::kDots) == c.dots);
    CHECK(escape_name(c.name, NameEscaping::kValues) == c.values);
    CHECK(escape_name(c.name, NameEscaping::kNone) == c.name);
    CHECK(unescape_name(c.values) == c.name);
  }
}

TEST_CASE("ways of escaping have the names that clients send") {
  for (const char* name : {"allow-utf-8", "underscores", "dots", "values"}) {
    NameEscaping escaping{};
    CHECK(parse_escaping(name, escaping));
    CHECK(escaping_name(escaping) == name);
  }
  NameEscaping escaping = NameEscaping::kDots;
  CHECK_FALSE(parse_escaping("slashes", escaping));
  CHECK(escaping == NameEscaping::kDots);
}
