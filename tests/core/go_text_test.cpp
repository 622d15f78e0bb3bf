#include "core/go_text.h"

#include <doctest/doctest.h>

#include <cmath>
#include <limits>

using namespace hearth;

namespace {

constexpr double kInf = std::numeric_limits<double>::infinity();

struct FloatTexts {
  double value;
  const char* f;
  const char* e;
  const char* g;
  const char* json;
};

}  // namespace

TEST_CASE("floats are written as Go's FormatFloat writes them") {
  const FloatTexts cases[] = {
      {0, "0", "0e+00", "0", "0"},
      {-0.0, "-0", "-0e+00", "-0", "-0"},
      {1, "1", "1e+00", "1", "1"},
      {-1.5, "-1.5", "-1.5e+00", "-1.5", "-1.5"},
      {0.1, "0.1", "1e-01", "0.1", "0.1"},
      {0.0001, "0.0001", "1e-04", "0.0001", "0.0001"},
      {0.00001, "0.00001", "1e-05", "1e-05", "0.00001"},
      {0.000001, "0.000001", "1e-06", "1e-06", "0.000001"},
      {0.0000001, "0.0000001", "1e-07", "1e-07", "1e-07"},
      {999999, "999999", "9.99999e+05", "999999", "999999"},
      {1e6, "1000000", "1e+06", "1e+06", "1000000"},
      {12345678.9, "12345678.9", "1.23456789e+07", "1.23456789e+07", "12345678.9"},
      {1e20, "100000000000000000000", "1e+20", "1e+20", "100000000000000000000"},
      {1e21, "1000000000000000000000", "1e+21", "1e+21", "1e+21"},
      {999999999999999868928.0, "999999999999999900000", "9.999999999999999e+20",
       "9.999999999999999e+20", "999999999999999900000"},
      {9007199254740993.0, "9007199254740992", "9.007199254740992e+15", "9.007199254740992e+15",
       "9007199254740992"},
      {5e-324, nullptr, "5e-324", "5e-324", "5e-324"},
      {-1.7976931348623157e308, nullptr, "-1.7976931348623157e+308", "-1.7976931348623157e+308",
       "-1.7976931348623157e+308"},
      {kInf, "+Inf", "+Inf", "+Inf", "+Inf"},
      {-kInf, "-Inf", "-Inf", "-Inf", "-Inf"},
      {std::nan(""), "NaN", "NaN", "NaN", "NaN"},
      {-std::nan(""), "NaN", "NaN", "NaN", "NaN"},
  };
  for (const FloatTexts& c : cases) {
    CAPTURE(c.value);
    if (c.f != nullptr) CHECK(float_f(c.value) == c.f);
    std::string e;
    append_float_e(e, c.value);
    CHECK(e == c.e);
    CHECK(float_g(c.value) == c.g);
    CHECK(float_json(c.value) == c.json);
  }
}

TEST_CASE("the shortest fixed form of the smallest and the largest float is written whole") {
  CHECK(float_f(5e-324).size() == 326);
  CHECK(float_f(1.7976931348623157e308) == "17976931348623157" + std::string(292, '0'));
}

TEST_CASE("floats are read as Go's ParseFloat reads them") {
  const std::pair<const char*, double> good[] = {
      {"1", 1},         {"+1", 1},          {"-1", -1},
      {"1.", 1},        {".5", 0.5},        {"1e3", 1000},
      {"1E+3", 1000},   {"1_000", 1000},    {"1_0.2_5e1_0", 10.25e10},
      {"0x1p-2", 0.25}, {"0X1.8P1", 3},     {"0x_1p2", 4},
      {"Inf", kInf},    {"+inf", kInf},     {"-INFINITY", -kInf},
      {"1e-400", 0},    {"1e-320", 1e-320}, {"0x1p-2000", 0},
      {"-0", -0.0},     {"010", 10},
  };
  for (const auto& entry : good) {
    const auto& text = entry.first;
    const double value = entry.second;
    CAPTURE(text);
    const auto read = parse_go_float(text);
    REQUIRE(read.has_value());
    CHECK(*read == value);
    CHECK(std::signbit(*read) == std::signbit(value));
  }
  CHECK(std::isnan(parse_go_float("NaN").value_or(0)));
  CHECK(std::isnan(parse_go_float("nAn").value_or(0)));
}

TEST_CASE("what Go's ParseFloat refuses is refused") {
  for (const char* text : {"",         "+",
                           "-",        ".",
                           "e1",       "1e",
                           "1e+",      "+NaN",
                           "-nan",     "nan(1)",
                           "infinit",  " 1",
                           "1 ",       "1__0",
                           "_1",       "1_",
                           "1_.0",     "0x10",
                           "0x",       "0xp1",
                           "1e400",    "-1e999999999999",
                           "0x1p5000", "1.2.3",
                           "++1",      "0b1",
                           "1f",       "0x1pf"}) {
    CAPTURE(text);
    CHECK_FALSE(parse_go_float(text).has_value());
  }
}

TEST_CASE("strings are quoted as Go's strconv.Quote does") {
  CHECK(go_quote("") == "\"\"");
  CHECK(go_quote("a\"b\\c'd") == R"("a\"b\\c'd")");
  CHECK(go_quote("\a\b\f\n\r\t\v") == R"("\a\b\f\n\r\t\v")");
  CHECK(go_quote(std::string("\0\x01\x7f", 3)) == R"("\x00\x01\x7f")");
  CHECK(go_quote("h\xc3\xa9llo \xe4\xb8\x96 \xf0\x9f\x98\x80") ==
        "\"h\xc3\xa9llo \xe4\xb8\x96 \xf0\x9f\x98\x80\"");
  CHECK(go_quote("\xc2\xa0") == R"("\u00a0")");
  CHECK(go_quote("\xe2\x80\x8b") == R"("\u200b")");
  CHECK(go_quote("\xf3\xa0\x80\x81") == R"("\U000e0001")");
  CHECK(go_quote("\xff"
                 "a\xc3") == R"("\xffa\xc3")");
  CHECK(go_quote("\xef\xbf\xbd") == "\"\xef\xbf\xbd\"");
}

TEST_CASE("strings are unquoted by PromQL's rules") {
  CHECK(go_unquote(R"(a\nb\t\\\"\a\b\f\r\v)", '"') == "a\nb\t\\\"\a\b\f\r\v");
  CHECK(go_unquote(R"(\x41\101\u00e9\U0001F600)", '"') ==
        "A"
        "A\xc3\xa9\xf0\x9f\x98\x80");
  CHECK(go_unquote(R"(\xff)", '"') == "\xff");
  CHECK(go_unquote(R"(\ud800)", '"') == "\xef\xbf\xbd");
  CHECK(go_unquote(R"(it\'s "x")", '\'') == "it's \"x\"");
  CHECK(go_unquote("a\\n\nb", '`') == "a\\n\nb");
  for (const char* bad : {R"(\')", R"(\q)", R"(\)", R"(\x4)", R"(\xg0)", R"(\400)", R"(\08)",
                          R"(\u12)", R"(\U00110000)", "a\"b", "a\nb"}) {
    CAPTURE(bad);
    CHECK_FALSE(go_unquote(bad, '"').has_value());
  }
  CHECK_FALSE(go_unquote("a`b", '`').has_value());
  CHECK_FALSE(go_unquote(R"(\")", '\'').has_value());
}

TEST_CASE("only well-formed UTF-8 is valid") {
  CHECK(valid_utf8(""));
  CHECK(valid_utf8("plain ASCII of more than eight bytes"));
  CHECK(valid_utf8("12345678\xc3\xa9\xe4\xb8\x96\xf0\x9f\x98\x80 and on"));
  CHECK(valid_utf8("\xf4\x8f\xbf\xbf"));
  for (const char* bad :
       {"\x80", "\xc3", "\xc0\xaf", "\xe0\x80\xaf", "\xed\xa0\x80", "\xf4\x90\x80\x80",
        "\xf5\x80\x80\x80", "\xff", "12345678\xe4\xb8", "1234567890\xf0\x9f\x98"}) {
    CAPTURE(bad);
    CHECK_FALSE(valid_utf8(bad));
  }
}
