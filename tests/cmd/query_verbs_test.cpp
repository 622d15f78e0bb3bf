// The verbs of query against a server that gives one canned answer.
#include <arpa/inet.h>
#include <doctest/doctest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <string>
#include <thread>

#include "cmd/tool/api_client.h"
#include "cmd/tool/commands.h"
#include "tests/core/error_of.h"

using namespace hearth;

namespace {

// Answers `answers` requests, each on its own connection, and keeps what was asked. One thread.
class CannedServer {
 public:
  explicit CannedServer(std::vector<std::string> answers) : answers_(std::move(answers)) {
    listener_ = socket(AF_INET, SOCK_STREAM, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t length = sizeof address;
    REQUIRE(bind(listener_, reinterpret_cast<sockaddr*>(&address), length) == 0);
    REQUIRE(listen(listener_, 4) == 0);
    REQUIRE(getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &length) == 0);
    url_ = "http://127.0.0.1:" + std::to_string(ntohs(address.sin_port));
    thread_ = std::thread([this] { serve(); });
  }
  ~CannedServer() {
    wait();
    close(listener_);
  }
  const std::string& url() const { return url_; }
  const std::vector<std::string>& wait() {
    if (thread_.joinable()) thread_.join();
    return requests_;
  }

 private:
  static size_t expected_size(const std::string& request) {
    const size_t head = request.find("\r\n\r\n");
    if (head == std::string::npos) return std::string::npos;
    const size_t length = request.find("Content-Length: ");
    return head + 4 + (length == std::string::npos ? 0 : std::stoul(request.substr(length + 16)));
  }
  void serve() {
    for (const std::string& answer : answers_) {
      const int connection = accept(listener_, nullptr, nullptr);
      std::string request;
      char buffer[4096];
      while (request.size() < expected_size(request)) {
        const ssize_t got = recv(connection, buffer, sizeof buffer, 0);
        if (got <= 0) break;
        request.append(buffer, static_cast<size_t>(got));
      }
      requests_.push_back(request);
      const std::string text = "HTTP/1.1 " + answer;
      (void)!write(connection, text.data(), text.size());
      close(connection);
    }
  }
  std::vector<std::string> answers_, requests_;
  std::string url_;
  int listener_ = -1;
  std::thread thread_;
};

std::string response(const std::string& status, const std::string& body) {
  return status + "\r\nContent-Length: " + std::to_string(body.size()) +
         "\r\nConnection: close\r\n\r\n" + body;
}

}  // namespace

TEST_CASE("a query is a form, and its answer comes back") {
  CannedServer server({response("200 OK", "{\"status\":\"success\"}")});
  ApiClient client(server.url() + "/", {}, {"X-Test: yes"});
  CHECK(client.post("/api/v1/query", {{"query", {"a b"}}, {"time", {"5"}}}) ==
        "{\"status\":\"success\"}");
  const std::string& request = server.wait().at(0);
  CHECK(request.starts_with("POST /api/v1/query HTTP/1.1\r\n"));
  CHECK(request.find("\r\nX-Test: yes\r\n") != std::string::npos);
  CHECK(request.ends_with("\r\n\r\nquery=a+b&time=5"));
}

TEST_CASE("a server that does not take POST is asked by GET") {
  CannedServer server({response("405 Method Not Allowed", ""), response("200 OK", "{}")});
  ApiClient client(server.url(), {}, {});
  CHECK(client.post("/api/v1/series", {{"match[]", {"up"}}}) == "{}");
  CHECK(server.wait().at(1).starts_with("GET /api/v1/series?match%5B%5D=up HTTP/1.1\r\n"));
}

TEST_CASE("failures are told in promtool's words") {
  CannedServer server(
      {response("404 Not Found", "404 page not found\n"), response("503 Service Unavailable", "")});
  ApiClient client(server.url(), {}, {});
  CHECK(error_of([&] { client.get("/x"); }) ==
        "client_error: client error: 404 (detail: 404 page not found)");
  CHECK(error_of([&] { client.get("/x"); }) == "server_error: server error: 503");
  CHECK(error_of([] { ApiClient("127.0.0.1:9", {}, {}); }) ==
        "invalid URL: parse \"127.0.0.1:9\": first path segment in URL cannot contain colon");
  ApiClient nobody("http://127.0.0.1:1", {}, {});
  CHECK(error_of([&] { nobody.post("/api/v1/query", {}); }) ==
        "Post \"http://127.0.0.1:1/api/v1/query\": dial tcp 127.0.0.1:1: connect: connection "
        "refused");
}

TEST_CASE("each verb asks its own endpoint") {
  const std::string list = response("200 OK", R"({"status":"success","data":[]})");
  const std::string empty =
      response("200 OK", R"({"status":"success","data":{"resultType":"matrix","result":[]}})");
  CannedServer server({empty, empty, list, list});
  const Program program = tool_program("hearthtool");
  const auto run = [&](std::vector<std::string> words) {
    const CommandChoice choice = choose_command(program, words);
    return choice.command->run(choice.input);
  };
  CHECK(run({"query", "instant", server.url(), "up", "--time=7"}) == 0);
  CHECK(run({"query", "range", server.url(), "up", "--start=0", "--end=1000"}) == 0);
  CHECK(run({"query", "series", server.url(), "--match=a", "--match=b", "--start=1", "--end=2"}) ==
        0);
  CHECK(run({"query", "labels", server.url(), "a b", "--start=1", "--end=2"}) == 0);
  const std::vector<std::string>& asked = server.wait();
  CHECK(asked.at(0).ends_with("query=up&time=7"));
  CHECK(asked.at(1).ends_with("end=1000&query=up&start=0&step=4"));
  CHECK(asked.at(2).ends_with("end=2&match%5B%5D=a&match%5B%5D=b&start=1"));
  CHECK(asked.at(3).starts_with("GET /api/v1/label/a%20b/values?end=2&start=1 HTTP/1.1\r\n"));
  CHECK(run({"query", "range", server.url(), "up", "--start=5", "--end=4"}) == 1);
  CHECK(run({"query", "instant", server.url(), "up", "--time=abc"}) == 1);
}
