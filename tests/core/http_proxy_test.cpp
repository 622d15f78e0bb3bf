#include "core/http_proxy.h"

#include <doctest/doctest.h>

#include <cstdlib>

using namespace hearth;

TEST_CASE("no_proxy names hosts, domains, addresses, networks and ports as in Go") {
  struct Case {
    const char* no_proxy;
    const char* url;
    bool direct;
  };
  const Case cases[] = {
      {"a.example", "http://a.example/", true},
      {"a.example", "http://b.a.example:81/", true},
      {"a.example", "http://ba.example/", false},
      {".a.example", "http://a.example/", false},
      {".a.example", "https://b.a.example/", true},
      {"*.a.example", "https://b.a.example/", true},
      {"A.Example", "http://a.EXAMPLE/x", true},
      {"x, a.example:8080", "http://a.example:8080/", true},
      {"a.example:8080", "http://a.example/", false},
      {"a.example:443", "https://a.example/", true},
      {"10.0.0.0/8", "http://10.1.2.3:9100/metrics", true},
      {"10.0.0.0/8", "http://11.1.2.3/", false},
      {"10.0.0.0/9", "http://10.200.0.1/", false},
      {"10.1.2.3", "http://10.1.2.3/", true},
      {"fd00::/8", "http://[fd12::1]:80/", true},
      {"other", "http://localhost:9090/", true},
      {"other", "http://127.0.0.9/", true},
      {"other", "http://[::1]/", true},
      {"*", "http://anything/", true},
      {"", "http://localhost/", false},
      {" , ,", "http://a/", false},
  };
  for (const Case& one : cases) {
    HttpOptions options;
    options.proxy_url = "http://proxy";
    options.no_proxy = one.no_proxy;
    CAPTURE(std::string(one.no_proxy));
    CAPTURE(std::string(one.url));
    CHECK(proxy_for(options, one.url) == (one.direct ? "" : "http://proxy"));
  }
}

TEST_CASE("the environment says which proxy, where it is asked") {
  setenv("http_proxy", "plain:3128", 1);
  setenv("HTTPS_PROXY", "http://secure", 1);
  setenv("NO_PROXY", "direct.example", 1);
  HttpOptions options;
  CHECK(proxy_for(options, "http://a/") == "");
  options.proxy_from_environment = true;
  CHECK(proxy_for(options, "http://a/") == "http://plain:3128");
  CHECK(proxy_for(options, "https://a/") == "http://secure");
  CHECK(proxy_for(options, "https://direct.example/") == "");
  CHECK(proxy_for(options, "http://127.0.0.1/") == "");
  for (const char* name : {"http_proxy", "HTTPS_PROXY", "NO_PROXY"}) unsetenv(name);
  CHECK(proxy_for(options, "http://a/") == "");
}
