#include "web/url.h"

#include <doctest/doctest.h>

#include "web/http_head.h"

using namespace hearth::web;

TEST_CASE("escapes are decoded, malformed ones refused") {
  CHECK(*url_decode("a%20b+c%2f", false) == "a b+c/");
  CHECK(*url_decode("a%20b+c", true) == "a b c");
  for (const char* bad : {"%", "%a", "%zz", "a%2"}) CHECK_FALSE(url_decode(bad, false));
}

TEST_CASE("a form keeps order and repetition, and tells the first malformed pair") {
  FormPairs pairs;
  CHECK(parse_form("a=1&b=%C3%A9+x&a=2&&flag&=v&c=x=y", pairs) == "");
  const FormPairs expected = {{"a", "1"},   {"b", "\xc3\xa9 x"}, {"a", "2"},
                              {"flag", ""}, {"", "v"},           {"c", "x=y"}};
  CHECK(pairs == expected);
  pairs.clear();
  CHECK(parse_form("a=%zz&b=1;c=2&d=3", pairs) == "invalid URL escape \"%zz\"");
  CHECK(pairs == FormPairs{{"d", "3"}});
  CHECK(parse_form("b=1;c=2", pairs) == "invalid semicolon separator in query");
}

TEST_CASE("paths are cleaned of empty segments and dots") {
  const struct {
    const char *path, *clean;
  } cases[] = {{"/", "/"},
               {"", "/"},
               {"//", "/"},
               {"/a//b", "/a/b"},
               {"/a/", "/a/"},
               {"/a/./b", "/a/b"},
               {"/a/../b", "/b"},
               {"/../../x", "/x"},
               {"/a/b/..", "/a"},
               {"/.", "/"},
               {"/..a/...", "/..a/..."}};
  for (const auto& c : cases) {
    CAPTURE(c.path);
    CHECK(clean_path(c.path) == c.clean);
  }
}

TEST_CASE("a path is escaped where it must be") {
  CHECK(url_encode_path("/a b/\xc3\xa9\"<\r\n?#%") == "/a%20b/%C3%A9%22%3C%0D%0A%3F%23%25");
}

TEST_CASE("a head is read with its fields, target and framing") {
  RequestHead head;
  CHECK(parse_head("POST /a%20b?c=d&e HTTP/1.1\r\nHost: h\r\nX-A:  b \r\ncontent-length: 12\r\n"
                   "Connection: x, close\r\n\r\n",
                   head) == 0);
  CHECK(head.method == "POST");
  CHECK(head.path == "/a b");
  CHECK(head.query == "c=d&e");
  CHECK(head.field("x-a") == "b");
  CHECK(head.content_length == 12);
  CHECK_FALSE(head.keep_alive);
  RequestHead absolute;
  CHECK(parse_head("GET http://proxy.to/x?y HTTP/1.1\r\nHost: h\r\n\r\n", absolute) == 0);
  CHECK(absolute.path == "/x");
  CHECK(absolute.query == "y");
  RequestHead old;
  CHECK(parse_head("GET / HTTP/1.0\r\nConnection: Keep-Alive\r\n\r\n", old) == 0);
  CHECK(old.keep_alive);
}
