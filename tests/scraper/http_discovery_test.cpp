#include <doctest/doctest.h>

#include <atomic>

#include "core/compress.h"
#include "scraper/discovery/makers.h"
#include "tests/scraper/discovery_bench.h"
#include "tests/scraper/loopback_server.h"

namespace hearth {
namespace {

constexpr const char* kJson = "Content-Type: application/json\r\n";

HttpSdConfig config_of(const std::string& url, DurationMs interval) {
  HttpSdConfig config;
  config.url = url;
  config.refresh_interval = interval;
  return config;
}

TEST_CASE("http_sd asks as Prometheus asks and gives each group its URL and number") {
  LoopbackServer server([](const std::string&) {
    return http_reply(
        R"([{"targets": ["a:1", "b:2"], "labels": {"env": "x"}}, {"targets": ["c:3"]}])",
        "Content-Type: application/json; charset=utf-8\r\n");
  });
  const std::string url = "http://" + server.address() + "/sd?x=1";
  DiscoveryBench bench;
  const auto discovery = make_http_discovery(config_of(url, 90'500), bench.context);
  discovery->start(bench.found.update());
  const std::string meta = "__meta_url=\"" + url + "\"";
  const std::string expected = url + ":0 {__address__=\"a:1\", " + meta + ", env=\"x\"}\n" + url +
                               ":0 {__address__=\"b:2\", " + meta + ", env=\"x\"}\n" + url +
                               ":1 {__address__=\"c:3\", " + meta + "}\n";
  CHECK(bench.found.wait_for(expected) == expected);
  const std::string request = server.requests().at(0);
  CHECK(request.find("GET /sd?x=1 HTTP/1.1") == 0);
  CHECK(request.find("X-Prometheus-Refresh-Interval-Seconds: 90.5\r\n") != std::string::npos);
  CHECK(request.find("User-Agent: Prometheus/3.14.0\r\n") != std::string::npos);
  CHECK(request.find("Accept: application/json\r\n") != std::string::npos);
}

TEST_CASE("http_sd drops groups that an answer no longer has, and keeps all while answers fail") {
  std::atomic<int> step{0};
  LoopbackServer server([&](const std::string&) -> Reply {
    switch (step++) {
      case 0:
        return http_reply(R"([{"targets": ["a:1"]}, {"targets": ["b:2"]}])", kJson);
      case 1:
        return http_reply("slow down", "", "429 Too Many Requests");
      case 2:
        return http_reply("boom", "", "500 Internal Server Error");
      case 3:
        return http_reply("[{", kJson);
      case 4:
        return http_reply("[]", "Content-Type: text/html\r\n");
      case 5:
        return http_reply("[null]", kJson);
      case 6:
        return {
            "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n[{",
            Reply::Then::kClose};
      case 7:
        return {"garbage\r\n\r\n", Reply::Then::kClose};
      default:
        return http_reply(R"([{"targets": ["a:1"]}])", kJson);
    }
  });
  const std::string url = "http://" + server.address() + "/";
  DiscoveryBench bench;
  const auto discovery = make_http_discovery(config_of(url, 200), bench.context);
  discovery->start(bench.found.update());
  const std::string meta = "__meta_url=\"" + url + "\"}\n";
  const std::string first = url + ":0 {__address__=\"a:1\", " + meta,
                    second = url + ":1 {__address__=\"b:2\", " + meta;
  CHECK(bench.found.wait_for_updates(1) == first + second);
  CHECK(bench.found.wait_for(first) == first);
  CHECK(std::stod(bench.value("prometheus_sd_http_failures_total")) >= 7);
  CHECK(bench.value("prometheus_sd_refresh_failures_total{config=\"a job\",mechanism=\"http\"}") ==
        bench.value("prometheus_sd_http_failures_total"));
}

TEST_CASE("the series of a job's refreshes go with its last discovery of the kind") {
  const std::string series =
      "prometheus_sd_refresh_failures_total{config=\"a job\",mechanism=\"http\"}";
  DiscoveryBench bench;
  auto one = make_http_discovery(config_of("http://a/", 1000), bench.context);
  auto other = make_http_discovery(config_of("http://b/", 1000), bench.context);
  one.reset();
  CHECK(bench.value(series) == "0");
  other.reset();
  CHECK(bench.value(series) == "none");
}

TEST_CASE("http_sd reads compressed answers") {
  DiscoveryBench bench;
  std::string body;
  gzip_compress(R"([{"targets": ["a:1"]}])", body);
  LoopbackServer server([&](const std::string&) {
    return http_reply(body, "Content-Type: application/json\r\nContent-Encoding: gzip\r\n");
  });
  const std::string url = "http://" + server.address() + "/";
  const auto discovery = make_http_discovery(config_of(url, 1000), bench.context);
  discovery->start(bench.found.update());
  const std::string expected = url + ":0 {__address__=\"a:1\", __meta_url=\"" + url + "\"}\n";
  CHECK(bench.found.wait_for(expected) == expected);
}

TEST_CASE("a discovery ends at once while its server hangs") {
  std::atomic<bool> asked{false};
  LoopbackServer server([&](const std::string&) -> Reply {
    asked = true;
    return {"HTTP/1.1 200 OK\r\n", Reply::Then::kHang};
  });
  DiscoveryBench bench;
  auto discovery =
      make_http_discovery(config_of("http://" + server.address() + "/", 600'000), bench.context);
  discovery->start(bench.found.update());
  while (!asked) std::this_thread::yield();
  const auto start = std::chrono::steady_clock::now();
  discovery.reset();
  CHECK(std::chrono::steady_clock::now() - start < std::chrono::seconds(5));
  CHECK(bench.found.text() == "");
}

}  // namespace
}  // namespace hearth
