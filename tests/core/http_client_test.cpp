#include "core/http_client.h"

#include <doctest/doctest.h>
#include <unistd.h>

#include <cstdlib>
#include <optional>

#include "tests/scraper/loopback_server.h"

using namespace hearth;

namespace {

HttpResponse fetch(HttpClient& client, HttpClient::Slot& slot, const HttpRequest& request) {
  std::optional<HttpResponse> response;
  client.start(slot, request, [&](HttpResponse r) { response = std::move(r); });
  while (!response) client.poll(1000);
  return *response;
}
HttpResponse fetch(const HttpRequest& request) {
  HttpClient client(1);
  const auto slot = client.slot();
  return fetch(client, *slot, request);
}

std::string chunked(const std::vector<std::string>& pieces) {
  std::string out = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
  for (const std::string& piece : pieces) out += fmt::format("{:x}\r\n{}\r\n", piece.size(), piece);
  return out;
}

}  // namespace

TEST_CASE("a body comes piece by piece while the server has not ended it") {
  LoopbackServer server([](const std::string&) {
    return Reply{chunked({"first\n", "second\n"}), Reply::Then::kHang};
  });
  std::string got;
  HttpRequest request;
  request.url = "http://" + server.address();
  request.on_data = [&](int status, std::string_view piece) {
    CHECK(status == 200);
    got += piece;
    return got != "first\nsecond\n";
  };
  const HttpResponse response = fetch(request);
  CHECK(got == "first\nsecond\n");
  CHECK(response.error == "");
  CHECK(response.status == 200);
  CHECK(response.body == "");
}

TEST_CASE("a stream that is cut says so after its pieces") {
  LoopbackServer server([](const std::string&) {
    return Reply{chunked({"first\n"}), Reply::Then::kClose};
  });
  std::string got;
  HttpRequest request;
  request.url = "http://" + server.address();
  request.on_data = [&](int, std::string_view piece) {
    got += piece;
    return true;
  };
  CHECK(fetch(request).error == "unexpected EOF");
  CHECK(got == "first\n");
}

TEST_CASE("what a taker of pieces throws is the error of the response") {
  LoopbackServer server([](const std::string&) { return http_reply("body"); });
  HttpRequest request;
  request.url = "http://" + server.address();
  request.on_data = [](int, std::string_view) -> bool { throw std::runtime_error("no JSON"); };
  CHECK(fetch(request).error == "no JSON");
}

TEST_CASE("the limit of a body counts for pieces, too") {
  LoopbackServer server([](const std::string&) { return http_reply(std::string(1000, 'x')); });
  HttpRequest request;
  request.url = "http://" + server.address();
  request.max_body_bytes = 999;
  request.on_data = [](int, std::string_view) { return true; };
  CHECK(fetch(request).body_too_large);
  request.max_body_bytes = 1000;
  CHECK_FALSE(fetch(request).body_too_large);
}

TEST_CASE("a request goes over a unix socket, whatever host its URL names") {
  const std::string path = fmt::format("/tmp/hearth_http_client_{}.sock", getpid());
  std::string seen;
  {
    LoopbackServer server(path, [&](const std::string& request) {
      seen = request;
      return http_reply("containers");
    });
    HttpRequest request;
    request.url = "http://docker/containers/json";
    request.options.unix_socket = path;
    CHECK(fetch(request).body == "containers");
    CHECK(seen.starts_with("GET /containers/json HTTP/1.1\r\nHost: docker\r\n"));
  }
  unlink(path.c_str());
  HttpRequest request;
  request.url = "http://docker/containers/json";
  request.options.unix_socket = path;
  CHECK(fetch(request).error == "Get \"http://docker/containers/json\": dial unix " + path +
                                    ": connect: no such file or directory");
}

TEST_CASE("headers of an answer are kept where they are asked for") {
  LoopbackServer server([](const std::string&) {
    return http_reply("[]", "X-Consul-Index:  17\r\nContent-Type: application/json\r\n");
  });
  HttpRequest request;
  request.url = "http://" + server.address();
  CHECK(fetch(request).headers.empty());
  request.keep_headers = true;
  const HttpResponse response = fetch(request);
  CHECK(response.header("x-consul-index") == "17");
  CHECK(response.header("X-Nomad-Index") == "");
}
