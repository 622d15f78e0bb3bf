#include "config/scalar.h"

#include <doctest/doctest.h>

#include "config/environment.h"
#include "tests/core/error_of.h"

using hearth::bytes_text;
using hearth::error_of;
using hearth::parse_bytes;
using hearth::parse_url;

TEST_CASE("sizes are powers of 1024 and need a unit") {
  CHECK(parse_bytes("15MB") == 15 << 20);
  CHECK(parse_bytes("1GiB512MB") == (1LL << 30) + (512LL << 20));
  CHECK(parse_bytes("1.5KB") == 1536);
  CHECK(parse_bytes("0") == 0);
  CHECK(error_of([] { parse_bytes("5"); }) == "units: unknown unit  in 5");
  CHECK(error_of([] { parse_bytes("abc"); }) == "units: invalid abc");
  CHECK(error_of([] { parse_bytes("5XB"); }) == "units: unknown unit XB in 5XB");
  CHECK(error_of([] { parse_bytes(""); }) == "units: invalid ");
  CHECK(error_of([] { parse_bytes("9999EB"); }) == "units: overflow parsing unit");
  CHECK(bytes_text(15 << 20) == "15MiB");
  CHECK(bytes_text((1LL << 30) + 5) == "1GiB5B");
  CHECK(bytes_text(0) == "0B");
}

TEST_CASE("URLs are taken apart, and refused in Go's words") {
  const hearth::Url url = parse_url("HTTP://u:p@host:80/path?q#f");
  CHECK(url.scheme == "http");
  CHECK(url.user_info == "u:p");
  CHECK(url.host == "host:80");
  CHECK(url.rest == "/path?q#f");
  CHECK(parse_url("localhost:9090").scheme == "localhost");
  CHECK(parse_url("a/b:c").rest == "a/b:c");
  CHECK(parse_url("http://[::1]:80/").host == "[::1]:80");
  const auto refusal = [](const char* text) { return error_of([&] { parse_url(text); }); };
  CHECK(refusal("http://a b") == R"(parse "http://a b": invalid character " " in host name)");
  CHECK(refusal(":x") == R"(parse ":x": missing protocol scheme)");
  CHECK(refusal("http://a:b/") == R"(parse "http://a:b/": invalid port ":b" after host)");
  CHECK(refusal("1a:b") == R"(parse "1a:b": first path segment in URL cannot contain colon)");
  CHECK(refusal("http://[::1/") == R"(parse "http://[::1/": missing ']' in host)");
  CHECK(refusal("http://a/%zz") == R"(parse "http://a/%zz": invalid URL escape "%zz")");
  CHECK(refusal("http://a[::1]/") == R"(parse "http://a[::1]/": invalid IP-literal)");
  CHECK(refusal("http://[::g]/") == R"(parse "http://[::g]/": invalid host: ParseAddr("::g"): unable to parse IP)");
  CHECK(refusal("http://%41/") == R"(parse "http://%41/": invalid URL escape "%41")");
  CHECK(refusal("http://a b@c/") == R"(parse "http://a b@c/": net/url: invalid userinfo)");
  CHECK(refusal("http://b #x") == R"(parse "http://b ": invalid character " " in host name)");
  CHECK(refusal("http://a/#%z") == R"(parse "http://a/#%z": invalid URL escape "%z")");
  CHECK(refusal("http:%zz") == "no error");  // opaque
  CHECK(parse_url("///a:b").host.empty());
  CHECK(parse_url("//[fe80::1%25eth0]:80/x").host == "[fe80::1%25eth0]:80");
  CHECK(refusal("http://a\n") ==
        "parse \"http://a\\n\": net/url: invalid control character in URL");
}

TEST_CASE("the password of a URL is not shown") {
  CHECK(hearth::redacted_url("http://u:p@host/x") == "http://u:xxxxx@host/x");
  CHECK(hearth::redacted_url("http://u@host/x") == "http://u@host/x");
}

TEST_CASE("variables are expanded as os.Expand does") {
  const auto expand = [](const char* text) {
    return hearth::expand_variables(text, [](const std::string& name) { return "<" + name + ">"; });
  };
  CHECK(expand("$A-${B}c") == "<A>-<B>c");
  CHECK(expand("a$$b") == "a$b");
  CHECK(expand("$1x $- $ 5$") == "<1>x <-> $ 5$");
  CHECK(expand("${}x${A") == "xA");
  CHECK(expand("plain") == "plain");
}
