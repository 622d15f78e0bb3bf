#include "core/uri.h"

#include <doctest/doctest.h>

namespace hearth {
namespace {

TEST_CASE("addresses split into host and port as Go splits them") {
  CHECK(split_host_port("a:80") == HostPort{"a", "80"});
  CHECK(split_host_port("[::1]:80") == HostPort{"::1", "80"});
  CHECK(split_host_port("a:") == HostPort{"a", ""});
  CHECK(split_host_port(":80") == HostPort{"", "80"});
  for (const char* bad : {"a", "::1", "[::1]", "[::1]80", "a[b]:1", "a:b]", ""}) {
    CAPTURE(std::string(bad));
    CHECK_FALSE(split_host_port(bad));
  }
}

TEST_CASE("queries and paths are escaped as Go escapes them") {
  CHECK(query_escape("a b+c/\xc3\xa4~") == "a+b%2Bc%2F%C3%A4~");
  CHECK(path_escape("/a b/c?d#e%$&+,:;=@") == "/a%20b/c%3Fd%23e%25$&+,:;=@");
  CHECK(encode_query({{"b", {"1", "2"}}, {"a", {"x=y"}}, {"c", {}}}) == "a=x%3Dy&b=1&b=2");
}

}  // namespace
}  // namespace hearth

TEST_CASE("a query is taken apart, but for what is not well encoded") {
  const hearth::QueryParameters found = hearth::decode_query("a=1&b=x+y%21&a=2&c&bad=%zz&d;e=1&=f");
  CHECK(found == hearth::QueryParameters{{"", {"f"}}, {"a", {"1", "2"}}, {"b", {"x y!"}}, {"c", {""}}});
}
