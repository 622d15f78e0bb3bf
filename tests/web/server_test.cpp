#include "web/server.h"

#include <doctest/doctest.h>

#include "core/compress.h"
#include "core/error.h"
#include "tests/web/test_server.h"

using namespace hearth;
using namespace hearth::web;

namespace {

std::string with(const std::string& method, const std::string& target,
                 const std::string& headers = "") {
  return method + " " + target + " HTTP/1.1\r\nHost: t\r\n" + headers + "\r\n";
}

}  // namespace

TEST_CASE("health and version answer in Prometheus' words") {
  const TestServer server;
  const Reply healthy = server.get("/-/healthy");
  CHECK(healthy.status == 200);
  CHECK(healthy.body == "Prometheus Server is Healthy.\n");
  CHECK(healthy.header("content-type") == "text/plain; charset=utf-8");
  CHECK(healthy.header("date") != "");
  CHECK(healthy.header("keep-alive") == "");
  CHECK(server.get("/-/ready").body == "Prometheus Server is Ready.\n");
  CHECK(server.get("/version").body ==
        R"({"version":"3.14.0","revision":"abc","branch":"main","buildUser":"me",)"
        R"("buildDate":"20260801","goVersion":"g++ 12"})");
}

TEST_CASE("HEAD answers health without a body and is refused elsewhere") {
  const TestServer server;
  RawClient client(server.port);
  client.send(with("HEAD", "/-/healthy"));
  const Reply head = client.read(true);
  CHECK(head.status == 200);
  CHECK(head.header("content-type") == "");
  client.send(with("HEAD", "/metrics"));
  CHECK(client.read(true).status == 405);
}

TEST_CASE("until the server is ready, all but health answers 503") {
  const TestServer server({}, false);
  CHECK(server.get("/-/healthy").status == 200);
  CHECK(server.get("/metrics").status == 200);
  for (const char* path : {"/-/ready", "/api/v1/query?query=1", "/query"}) {
    CAPTURE(path);
    const Reply reply = server.get(path);
    CHECK(reply.status == 503);
    CHECK(reply.body == "Service Unavailable");
    CHECK(reply.header("x-prometheus-stopping") == "false");
  }
  server.server->set_ready(true);
  CHECK(server.get("/-/ready").status == 200);
}

TEST_CASE("while the log is replayed queries are answered, and the server says that it is not ready") {
  TestServer server({}, false);
  std::atomic<bool> done{false};
  server.services.replay = [&done] { return tsdb::ReplayStatus{3, 17, 5, done}; };
  server.server->connect(server.services);
  server.server->set_ready(true);
  CHECK(server.get("/api/v1/query?query=1").status == 200);
  CHECK(server.get("/api/v1/status/walreplay").body ==
        R"({"status":"success","data":{"min":3,"max":17,"current":5}})");
  const Reply reply = server.get("/-/ready");
  CHECK(reply.status == 503);
  CHECK(reply.header("x-prometheus-stopping") == "false");
  CHECK(reply.body ==
        "Service Unavailable: queries are answered from blocks and scrapes are accepted, but the "
        "newest samples cannot be queried yet: segment 5 of 3 to 17 of the write-ahead log is being "
        "replayed.\n");
  CHECK(server.get("/metrics").body.find("prometheus_ready 0\n") != std::string::npos);
  done = true;
  server.server->set_ready(true);
  CHECK(server.get("/-/ready").status == 200);
  CHECK(server.get("/metrics").body.find("prometheus_ready 1\n") != std::string::npos);
}

TEST_CASE("lifecycle requests need their flag, and POST or PUT") {
  const TestServer off;
  RawClient client(off.port);
  const Reply get = client.get("/-/reload");
  CHECK(get.status == 405);
  CHECK(get.body == "Only POST or PUT requests allowed");
  const Reply post = client.request(with("POST", "/-/quit", "Content-Length: 0\r\n"));
  CHECK(post.status == 403);
  CHECK(post.body == "Lifecycle API is not enabled.");
  CHECK(client.request(with("DELETE", "/-/reload")).header("allow") == "GET, OPTIONS, POST, PUT");
  CHECK(off.reloads == 0);
  CHECK(off.quits == 0);
}

TEST_CASE("reload answers when it is done, and tells why it failed") {
  Options options;
  options.enable_lifecycle = true;
  TestServer server(options);
  RawClient client(server.port);
  CHECK(client.request(with("POST", "/-/reload")).status == 200);
  CHECK(server.reloads == 1);
  server.reload_error = "yaml: line 3: did not find expected key";
  const Reply failed = client.request(with("PUT", "/-/reload"));
  CHECK(failed.status == 500);
  CHECK(failed.body == "failed to reload config: yaml: line 3: did not find expected key\n");
  const Reply quit = client.request(with("POST", "/-/quit"));
  CHECK(quit.status == 200);
  CHECK(quit.body == "Requesting termination... Goodbye!");
  CHECK(server.quits == 1);
}

TEST_CASE("unknown paths are 404 in plain text, known ones with another method 405") {
  const TestServer server;
  RawClient client(server.port);
  for (const char* path : {"/nope", "/api/v1/nope", "/api/v1/", "/API/v1/query", "/-/nope",
                           "/api/v1/rules/test/test", "/api/v1/label/a%2Fb/values", "/app.js.gz"}) {
    CAPTURE(path);
    const Reply reply = client.get(path);
    CHECK(reply.status == 404);
    CHECK(reply.body == "404 page not found\n");
    CHECK(reply.header("content-type") == "text/plain; charset=utf-8");
  }
  const Reply put = client.request(with("PUT", "/api/v1/query"));
  CHECK(put.status == 405);
  CHECK(put.body == "Method Not Allowed\n");
  CHECK(put.header("allow") == "GET, OPTIONS, POST");
  CHECK(client.request(with("POST", "/api/v1/status/flags")).header("allow") == "GET, OPTIONS");
  CHECK(client.request(with("BREW", "/api/v1/query")).status == 405);
}

TEST_CASE("paths that are not clean are redirected") {
  const TestServer server;
  RawClient client(server.port);
  const struct {
    const char *path, *location;
  } cases[] = {
      {"/api/v1/label//values", "/api/v1/label/values"},
      {"/../etc/passwd", "/etc/passwd"},
      {"/assets/../../etc/passwd?x=1", "/etc/passwd?x=1"},
      {"//api/v1/query?query=1", "/api/v1/query?query=1"},
      {"/./a%20b/%2e%2e/c%22", "/c%22"},
      {"/api/v1/query/", "/api/v1/query"},
      {"/api/v1?x", "/api/v1/?x"},
      {"/a//%0d%0aSet-Cookie:x", "/a/%0D%0ASet-Cookie:x"},
  };
  for (const auto& c : cases) {
    CAPTURE(c.path);
    const Reply reply = client.get(c.path);
    CHECK(reply.status == 301);
    CHECK(reply.header("location") == c.location);
    CHECK(reply.header("set-cookie") == "");
  }
  const Reply root = client.get("/");
  CHECK(root.status == 302);
  CHECK(root.header("location") == "/query");
  CHECK(root.body == "<a href=\"/query\">Found</a>.\n\n");
  CHECK(client.get("/graph?g0.expr=up&x=<").header("location") == "/query?g0.expr=up&x=<");
  CHECK(client.get("/graph?g0.expr=up&x=<").body ==
        "<a href=\"/query?g0.expr=up&amp;x=&lt;\">Found</a>.\n\n");
}

TEST_CASE("under an external URL everything moves below its path") {
  Options options;
  options.external_url = "http://x.org/prom/";
  const TestServer server(options);
  RawClient client(server.port);
  CHECK(client.get("/prom/-/healthy").status == 200);
  CHECK(client.get("/-/healthy").status == 404);
  CHECK(client.get("/promenade").status == 404);
  CHECK(client.get("/").header("location") == "/prom");
  CHECK(client.get("/prom").header("location") == "/prom/");
  CHECK(client.get("/prom/").header("location") == "/prom/query");
  CHECK(client.get("/prom/api/v1/label//values").header("location") == "/prom/api/v1/label/values");
}

TEST_CASE("a route prefix of / serves at the root while links point below the external URL") {
  Options options;
  options.external_url = "http://x.org/prom/";
  options.route_prefix = "/";
  const TestServer server(options);
  CHECK(server.get("/-/healthy").status == 200);
  CHECK(server.get("/").header("location") == "/prom/query");
}

TEST_CASE("OPTIONS and cross-origin requests") {
  const TestServer server;
  RawClient client(server.port);
  const Reply options = client.request(with("OPTIONS", "/api/v1/nope", "Origin: http://a\r\n"));
  CHECK(options.status == 204);
  CHECK(options.header("access-control-allow-origin") == "http://a");
  CHECK(options.header("access-control-allow-methods") == "GET, POST, OPTIONS");
  CHECK(options.header("access-control-allow-headers") ==
        "Accept, Authorization, Content-Type, Origin");
  CHECK(options.header("access-control-expose-headers") == "Date");
  CHECK(options.header("vary") == "Origin");
  CHECK(options.header("content-length") == "");
  const Reply plain = client.request(with("OPTIONS", "/-/healthy"));
  CHECK(plain.status == 200);
  CHECK(plain.header("allow") == "GET, HEAD, OPTIONS");
  CHECK(client.request(with("OPTIONS", "/nope")).status == 404);
  const Reply query = client.get("/api/v1/query?query=1", "Origin: http://b\r\n");
  CHECK(query.header("access-control-allow-origin") == "http://b");
  CHECK(client.get("/api/v1/query?query=1").header("vary") == "Origin");
  CHECK(client.get("/api/v1/nope", "Origin: http://a\r\n").header("access-control-allow-origin") ==
        "");
}

TEST_CASE("only origins that the option allows are told so") {
  Options options;
  options.cors_origin = "https?://(a|b)\\.org";
  const TestServer server(options);
  RawClient client(server.port);
  const auto allowed = [&](const std::string& origin) {
    return client.get("/api/v1/query?query=1", "Origin: " + origin + "\r\n")
        .header("access-control-allow-origin");
  };
  CHECK(allowed("http://a.org") == "http://a.org");
  CHECK(allowed("http://c.org") == "");
  CHECK(allowed("http://a.org.evil") == "");
}

TEST_CASE("large answers are gzipped for those who ask") {
  TestServer server;
  RawClient client(server.port);
  const Reply plain = client.get("/metrics");
  CHECK(plain.header("content-encoding") == "");
  CHECK(plain.header("content-type") ==
        "text/plain; version=0.0.4; charset=utf-8; escaping=underscores");
  for (const char* encoding : {"gzip", "deflate, gzip;q=0.5, br", "GZIP"}) {
    const Reply packed =
        client.get("/metrics", std::string("Accept-Encoding: ") + encoding + "\r\n");
    CHECK(packed.header("content-encoding") == "gzip");
    std::string text;
    gzip_uncompress(packed.body, text, 10'000'000);
    CHECK(text.find("# TYPE prometheus_http_requests_total counter") != std::string::npos);
  }
  for (const char* encoding : {"br", "gzip;q=0", "identity", "gzip;q=0.0, br"}) {
    CHECK(client.get("/metrics", std::string("Accept-Encoding: ") + encoding + "\r\n")
              .header("content-encoding") == "");
  }
  CHECK(client.get("/-/healthy", "Accept-Encoding: gzip\r\n").header("content-encoding") == "");
}

TEST_CASE("an HTTP/1.0 client that asks for it keeps its connection, and is told") {
  const TestServer server;
  RawClient client(server.port);
  for (int i = 0; i < 2; ++i) {
    const Reply reply = client.request("GET /-/healthy HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
    CHECK(reply.status == 200);
    CHECK(reply.header("connection") == "keep-alive");
  }
  CHECK(client.request("GET /-/healthy HTTP/1.0\r\n\r\n").header("connection") == "close");
  CHECK(client.closed());
}

TEST_CASE("ranges are ignored") {
  const TestServer server;
  const Reply reply = server.get("/-/healthy", "Range: bytes=0-3, 0-, 0-\r\n");
  CHECK(reply.status == 200);
  CHECK(reply.body == "Prometheus Server is Healthy.\n");
}

TEST_CASE("requests are counted by handler and status") {
  const TestServer server;
  RawClient client(server.port);
  client.get("/-/healthy");
  client.get("/-/healthy");
  client.get("/-/reload");
  client.get("/nope");
  const std::string text = client.get("/metrics").body;
  for (const char* line : {
           "prometheus_http_requests_total{code=\"200\",handler=\"/-/healthy\"} 2\n",
           "prometheus_http_requests_total{code=\"405\",handler=\"/-/reload\"} 1\n",
           "prometheus_http_requests_total{code=\"200\",handler=\"/api/v1/label/:name/values\"} "
           "0\n",
           "prometheus_http_request_duration_seconds_count{handler=\"/-/healthy\"} 2\n",
           "prometheus_http_response_size_bytes_bucket{handler=\"/-/healthy\",le=\"100\"} 2\n",
           "prometheus_ready 1\n",
       }) {
    CAPTURE(line);
    CHECK(text.find(line) != std::string::npos);
  }
}

TEST_CASE("the page is one file for all views, with what it needs beside it") {
  const TestServer server;
  RawClient client(server.port);
  for (const char* path :
       {"/query", "/targets", "/alerts", "/rules", "/status", "/config", "/flags", "/tsdb-status",
        "/service-discovery", "/alertmanager-discovery"}) {
    CAPTURE(path);
    const Reply page = client.get(path);
    CHECK(page.status == 200);
    CHECK(page.header("content-type") == "text/html; charset=utf-8");
    CHECK(page.body.find("<div id=\"app\">") != std::string::npos);
    CHECK(page.header("content-security-policy").find("default-src 'self'") == 0);
  }
  const Reply script = client.get("/app.js", "Accept-Encoding: gzip\r\n");
  CHECK(script.header("content-type") == "text/javascript; charset=utf-8");
  CHECK(script.header("content-encoding") == "gzip");
  std::string text;
  gzip_uncompress(script.body, text, 10'000'000);
  CHECK(text == client.get("/app.js").body);
  CHECK(client.get("/app.css").header("content-type") == "text/css; charset=utf-8");
  CHECK(client.get("/favicon.svg").header("content-type") == "image/svg+xml");
  const std::string tag = script.header("etag");
  REQUIRE(tag != "");
  const Reply again = client.get("/app.js", "If-None-Match: " + tag + "\r\n");
  CHECK(again.status == 304);
  CHECK(again.body == "");
  CHECK(client.get("/app.js", "If-None-Match: \"other\"\r\n").status == 200);
}

TEST_CASE("the page has the title that was asked for, as text") {
  Options options;
  options.page_title = "<script>Ours & co";
  const TestServer server(options);
  CHECK(server.get("/query").body.find("<title>&lt;script&gt;Ours &amp; co</title>") !=
        std::string::npos);
}

TEST_CASE("an address in use is an error when the server is made") {
  const TestServer server;
  Options options;
  options.listen_addresses = {"127.0.0.1:0", "127.0.0.1:" + std::to_string(server.port)};
  Services services = server.services;
  Registry registry;
  services.registry = &registry;
  CHECK_THROWS_AS(Server(options, services), Error);
}
