// Answers that are made as the client takes them, over real sockets.
#include <doctest/doctest.h>

#include <nlohmann/json.hpp>

#include "core/compress.h"
#include "tests/web/chunked.h"
#include "tests/web/test_server.h"

using namespace hearth;
using namespace hearth::web;

namespace {

constexpr size_t kMany = 9000;

struct ManySeries : TestServer {
  ManySeries() {
    for (size_t i = 0; i < kMany; ++i) {
      add({{"__name__", "many"},
           {"n", std::to_string(100'000 + i)},
           {"text", std::string(50, 'x')}},
          static_cast<double>(i));
    }
  }
};

// Everything that comes until the server closes.
std::string whole(const TestServer& server, const std::string& request) {
  RawClient client(server.port);
  client.send(request);
  return client.read_to_end();
}

std::string ask(const std::string& target, const std::string& headers,
                const char* version = "1.1") {
  return "GET " + target + " HTTP/" + version + "\r\nHost: t\r\nConnection: close\r\n" + headers +
         "\r\n";
}

std::string head_of(const std::string& answer) { return answer.substr(0, answer.find("\r\n\r\n")); }
std::string rest_of(const std::string& answer) {
  return answer.substr(answer.find("\r\n\r\n") + 4);
}

const char* const kQuery = "/api/v1/query_range?query=many&start=1699999940&end=1700000000&step=30";

}  // namespace

TEST_CASE("a large answer comes in chunks, and says what a small one would say") {
  const ManySeries server;
  const std::string answer = whole(server, ask(kQuery, ""));
  CHECK(head_of(answer).find("Transfer-Encoding: chunked") != std::string::npos);
  CHECK(head_of(answer).find("Content-Length") == std::string::npos);
  const auto json = nlohmann::json::parse(unchunked(rest_of(answer)));
  CHECK(json["status"] == "success");
  REQUIRE(json["data"]["result"].size() == kMany);
  CHECK(json["data"]["result"][kMany - 1]["values"].size() == 3);
}

TEST_CASE("a streamed answer is counted when it has been made") {
  const ManySeries server;
  const std::string body = unchunked(rest_of(whole(server, ask(kQuery, ""))));
  const std::string metrics = server.registry.text();
  CHECK(metrics.find("prometheus_http_response_size_bytes_sum{handler=\"/api/v1/query_range\"} " +
                     std::to_string(body.size()) + "\n") != std::string::npos);
  CHECK(metrics.find(
            "prometheus_http_requests_total{code=\"200\",handler=\"/api/v1/query_range\"} 1") !=
        std::string::npos);
}

TEST_CASE("a small answer has its length") {
  const ManySeries server;
  const std::string answer = whole(server, ask("/api/v1/query?query=up", ""));
  CHECK(head_of(answer).find("Content-Length: ") != std::string::npos);
  CHECK(head_of(answer).find("Transfer-Encoding") == std::string::npos);
}

TEST_CASE("every large answer is compressed on its way where the client takes that") {
  const ManySeries server;
  for (const char* target : {kQuery, "/api/v1/series?match[]=many", "/api/v1/label/n/values",
                             "/federate?match[]=many"}) {
    CAPTURE(target);
    const std::string plain = unchunked(rest_of(whole(server, ask(target, ""))));
    CHECK(plain.size() > 40'000);
    const std::string gzip = whole(server, ask(target, "Accept-Encoding: gzip\r\n"));
    const std::string zstd = whole(server, ask(target, "Accept-Encoding: gzip;q=0.5, zstd\r\n"));
    CHECK(head_of(gzip).find("Content-Encoding: gzip") != std::string::npos);
    CHECK(head_of(zstd).find("Content-Encoding: zstd") != std::string::npos);
    CHECK(head_of(zstd).find("Accept-Encoding") != std::string::npos);
    std::string unpacked;
    gzip_uncompress(unchunked(rest_of(gzip)), unpacked, 1 << 24);
    CHECK((unpacked == plain));
    zstd_uncompress(unchunked(rest_of(zstd)), unpacked, 1 << 24);
    CHECK((unpacked == plain));
  }
}

TEST_CASE("a client of HTTP/1.0 gets no chunks, and the end of the connection for their end") {
  const ManySeries server;
  const std::string plain = unchunked(rest_of(whole(server, ask(kQuery, ""))));
  const std::string answer = whole(server, ask(kQuery, "Connection: keep-alive\r\n", "1.0"));
  CHECK(head_of(answer).find("Transfer-Encoding") == std::string::npos);
  CHECK(head_of(answer).find("Connection: close") != std::string::npos);
  CHECK((rest_of(answer) == plain));
}

TEST_CASE("warnings and the end of the envelope come after the last piece") {
  const ManySeries server;
  const std::string body =
      unchunked(rest_of(whole(server, ask(std::string(kQuery) + "&limit=4000", ""))));
  CHECK(body.ends_with(R"(]}]},"warnings":["results truncated due to limit"]})"));
}
