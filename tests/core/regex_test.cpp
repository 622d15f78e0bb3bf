#include "core/regex.h"

#include <doctest/doctest.h>

#include "core/error.h"
#include "core/regex_split.h"

using hearth::Regex;

namespace {

std::string error_of(std::string_view pattern) {
  try {
    Regex regex(pattern);
  } catch (const hearth::Error& error) {
    return error.what();
  }
  return "no error";
}

using Texts = std::vector<std::string>;

}  // namespace

TEST_CASE("a regex matches the whole text, and dot matches a newline") {
  struct Case {
    const char* pattern;
    Texts yes, no;
  };
  const Case cases[] = {
      {"", {""}, {"a"}},
      {"abc", {"abc"}, {"", "ab", "abcd", "xabc"}},
      {"a|b|c", {"a", "b", "c"}, {"", "ab", "d"}},
      {"x(1|2)?y", {"x1y", "x2y", "xy"}, {"x3y", "x", "x12y"}},
      {"(a|b)|c(d|e)", {"a", "b", "cd", "ce"}, {"c", "ad"}},
      {".*", {"", "a", "a\nb"}, {}},
      {".+", {"a", "\n"}, {""}},
      {"foo.*", {"foo", "foobar", "foo\n"}, {"fo", "xfoo"}},
      {"foo.+", {"foobar"}, {"foo", "xfoo1"}},
      {".*foo", {"foo", "xfoo", "foofoo"}, {"foox"}},
      {".+foo", {"xfoo", "foofoo"}, {"foo"}},
      {".*foo.*", {"foo", "xfooy"}, {"fo", "oof"}},
      {"a.*b.*c", {"abc", "aXbYc", "abbcc"}, {"acb", "ab", "abcd"}},
      {"aa.*aa", {"aaaa", "aabaa"}, {"aaa", "aa"}},
      {"a.+b.+c", {"axbxc", "abbbc"}, {"abc", "axbc"}},
      {".+.+", {"ab", "abc"}, {"", "a"}},
      {"foo.*|bar.*", {"foo1", "bar"}, {"fo", "xbar"}},
      {"[ab]c", {"ac", "bc"}, {"cc", "c"}},
      {"[0-2]x[]]", {"0x]", "2x]"}, {"3x]", "0x"}},
      {"[^a]", {"b", "\n", "\xC3\xA9"}, {"a", "bb"}},
      {"a{2}", {"aa"}, {"a", "aaa"}},
      {"a{x", {"a{x"}, {"ax"}},
      {"^abc$", {"abc"}, {"ab"}},
      {"^a$|^b$", {"a", "b"}, {"ab"}},
      {"a\\.b", {"a.b"}, {"axb"}},
      {"\\d+", {"1", "123"}, {"", "a1"}},
      {"(?i)abc", {"ABC", "aBc"}, {"ab"}},
      {"(?i:a)b", {"Ab", "ab"}, {"AB"}},
      {"\xC3\xA9?x", {"\xC3\xA9x", "x"}, {"\xC3x", "ex"}},
      {"(?:a(?:b|c))d", {"abd", "acd"}, {"ad"}},
      {"\\Qa.b\\E", {"a.b"}, {"axb"}},
      {"[[:digit:]]x", {"1x"}, {"ax"}},
      {"a(b.*|c)d", {"abd", "abxd", "acd"}, {"ad", "acxd"}},
      {"(?P<n>a)", {"a"}, {"b"}},
      {"(?<n>a)\\(?<", {"a(<", "a<"}, {"a"}},
      {"a??b", {"ab", "b"}, {"aab"}},
      {"a|", {"a", ""}, {"b"}},
  };
  for (const Case& c : cases) {
    CAPTURE(c.pattern);
    const Regex regex(c.pattern);
    for (const std::string& text : c.yes) CHECK_MESSAGE(regex.matches(text), text);
    for (const std::string& text : c.no) CHECK_MESSAGE(!regex.matches(text), text);
  }
}

TEST_CASE("texts and beginnings of a regex are known where they can be") {
  const auto alternatives = [](const char* pattern) {
    return Regex(pattern).alternatives().value_or(Texts{"(none)"});
  };
  CHECK(alternatives("b|a|b") == Texts{"a", "b"});
  CHECK(alternatives("x(1|2)") == Texts{"x1", "x2"});
  CHECK(alternatives("[a-c]d?") == Texts{"a", "ad", "b", "bd", "c", "cd"});
  CHECK(alternatives("") == Texts{""});
  CHECK(alternatives("a.*") == Texts{"(none)"});
  CHECK(alternatives("(?i)a") == Texts{"(none)"});
  CHECK(Regex("[a-p][a-p]").alternatives()->size() == 256);
  CHECK(alternatives("[a-q][a-q]") == Texts{"(none)"});

  CHECK(Regex("api-.*").prefix() == "api-");
  CHECK(Regex("api-(v1|v2)/.+").prefix() == "api-v");
  CHECK(Regex("abc[^x]+d").prefix() == "abc");
  CHECK(Regex("abc|abd\\d").prefix() == "ab");
  CHECK(Regex("a[0-9][0-9][0-9]").prefix() == "a");
  CHECK(Regex(".*a").prefix() == "");
  CHECK(Regex("a*").prefix() == "");
}

TEST_CASE(
    "a text of a few hundred alternatives is taken apart, a larger one is left to the engine") {
  std::string pattern;
  for (int i = 0; i < 2000; ++i) pattern += "value" + std::to_string(i) + "|";
  pattern += "end";
  const Regex regex(pattern);
  CHECK(!regex.alternatives());
  CHECK(regex.matches("value1999"));
  CHECK(regex.matches("end"));
  CHECK(!regex.matches("value2000"));
}

TEST_CASE("a regex that does not compile is refused in Go's words") {
  CHECK(error_of("a(b") == "error parsing regexp: missing closing ): `a(b`");
  CHECK(error_of("a)|(b") == "error parsing regexp: unexpected ): `a)|(b`");
  CHECK(error_of("[a") == "error parsing regexp: missing closing ]: `[a`");
  CHECK(error_of("*a") == "error parsing regexp: missing argument to repetition operator: `*`");
  CHECK(error_of("a**") == "error parsing regexp: invalid nested repetition operator: `**`");
  CHECK(error_of("a{1001}") == "error parsing regexp: invalid repeat count: `{1001}`");
  CHECK(error_of("(?=a)") == "error parsing regexp: invalid or unsupported Perl syntax: `(?=`");
  CHECK(error_of("(?<=a)") == "error parsing regexp: invalid named capture: `(?<=a)`");
  CHECK(error_of("\\C") == "error parsing regexp: invalid escape sequence: `\\C`");
  CHECK(error_of("\\y") == "error parsing regexp: invalid escape sequence: `\\y`");
  CHECK(error_of("a\\") == "error parsing regexp: trailing backslash at end of expression: ``");
  CHECK(error_of("[z-a]") == "error parsing regexp: invalid character class range: `z-a`");
  CHECK(error_of("\xff") == "error parsing regexp: invalid UTF-8: `\xff`");
  CHECK(error_of(std::string(5000, '(')).find("expression nests too deeply") != std::string::npos);
}

TEST_CASE("a replacement is expanded by Go's rules") {
  const auto expand = [](const char* pattern, const char* text, const char* replacement) {
    return Regex(pattern).expand(text, replacement).value_or("(no match)");
  };
  CHECK(expand("(.*)", "abc", "$1") == "abc");
  CHECK(expand("(.*)", "abc", "x-${1}-$0") == "x-abc-abc");
  CHECK(expand("(.+)", "", "$1") == "(no match)");
  CHECK(expand("(a)(b)?", "a", "[$1][$2][$3]") == "[a][][]");
  CHECK(expand("(a)", "a", "$1x") == "");  // the group named 1x
  CHECK(expand("(a)", "a", "${1}x") == "ax");
  CHECK(expand("(?P<one>a)(?<two>b)", "ab", "$two-${one}") == "b-a");
  CHECK(expand("(a)", "a", "$$1 $ ${1 ${} $-") == "$1 $ ${1 ${} $-");
  CHECK(expand("(a)", "a", "$01") == "");
  CHECK(expand("a|b", "b", "$0$1") == "b");
  CHECK(expand("a", "a", "plain") == "plain");
  CHECK(expand("([^:]+)(?::\\d+)?", "host:80", "$1:9100") == "host:9100");
}

TEST_CASE("groups are counted") {
  CHECK(Regex("(.*)").groups() == 1);
  CHECK(Regex("a|b").groups() == 0);
  CHECK(Regex("(a)(?:b)(c)").groups() == 2);
}

TEST_CASE("taking apart agrees with the engine on short texts") {
  // The same pattern, once as it is and once where (?:...){1} hides it from the splitter.
  const char* patterns[] = {"a.*b.*a",    "a.+b",      ".*a.+", "(a|b)(a|)b?", "ab?a?|.+b",
                            "a.*|.*b|ba", "[ab][^a]?", ".+.*a", "a?.*b",       "(a.*|b)"};
  for (const char* pattern : patterns) {
    CAPTURE(pattern);
    const Regex split(pattern);
    const Regex engine("(?:" + std::string(pattern) + "){1}");
    CHECK(!engine.alternatives());
    for (int length = 0; length <= 6; ++length) {
      for (int bits = 0; bits < 1 << length; ++bits) {
        std::string text;
        for (int i = 0; i < length; ++i) text += (bits >> i & 1) != 0 ? 'a' : 'b';
        CHECK_MESSAGE(split.matches(text) == engine.matches(text), text);
      }
    }
  }
}

TEST_CASE("a pattern that would take long to compile is refused at once, one of many plain parts is not") {
  const auto times = [](size_t n, const std::string& text) {
    std::string all;
    for (size_t i = 0; i < n; ++i) all += text;
    return all;
  };
  const std::string refused[] = {times(5000, "a?"), times(2000, "a*b*c*"), times(100, "(a?){1000}"),
                                 times(500, "a{0,1000}"), times(50, "(" + times(100, "a?|") + "b)"),
                                 times(5000, "(a|b|c)")};
  for (const std::string& pattern : refused) {
    CAPTURE(pattern.substr(0, 20));
    CHECK_THROWS_WITH_AS(Regex{pattern}, doctest::Contains("expression too large: `"), hearth::Error);
  }
  const std::string taken[] = {times(3000, "abc.*x|") + "y", "(" + times(3000, "abc.*x|") + "y)",
                               times(200, "a.*b.*"), times(100, "(a|b|c)"), times(10, "[a-z]{0,100}")};
  for (const std::string& pattern : taken) {
    CAPTURE(pattern.substr(0, 20));
    CHECK_NOTHROW(Regex{pattern});
  }
}
