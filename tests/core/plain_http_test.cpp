// Requests to addresses in numbers, which go without libcurl.
#include "core/plain_http.h"

#include <doctest/doctest.h>

#include <atomic>

#include "core/http_client.h"
#include "tests/scraper/loopback_server.h"

namespace hearth {
namespace {

// One slot, as a target has it.
class Asking {
 public:
  explicit Asking(std::string url) : slot_(client_.slot()) {
    request_.url = std::move(url);
    request_.headers = {"Accept: a/b", "User-Agent: t"};
    request_.timeout = 10'000;
  }
  HttpResponse ask() {
    client_.start(*slot_, request_, done_);
    return answer();
  }
  HttpResponse ask_again() {
    client_.repeat(*slot_, request_, done_);
    return answer();
  }
  HttpRequest& request() { return request_; }
  HttpClient& client() { return client_; }

 private:
  HttpResponse answer() {
    while (!over_) client_.poll(100);
    over_ = false;
    return std::move(got_);
  }

  HttpResponse got_;
  bool over_ = false;
  const HttpClient::Done done_ = [this](HttpResponse&& response) {
    got_ = std::move(response);
    over_ = true;
  };
  HttpClient client_{1};
  std::unique_ptr<HttpClient::Slot> slot_;
  HttpRequest request_;
};

HttpRequest to(const char* url) {
  HttpRequest request;
  request.url = url;
  return request;
}

}  // namespace

TEST_CASE("only plain requests to addresses in numbers go the cheap way") {
  for (const char* url : {"http://127.0.0.1/", "http://127.0.0.1:9100/metrics?a=b",
                          "http://[::1]:9/x", "http://10.0.0.1"}) {
    CHECK_MESSAGE(PlainHttp::fits(to(url)), url);
  }
  for (const char* url :
       {"https://127.0.0.1/", "http://localhost/", "http://u:p@127.0.0.1/", "http://127.0.0.1:x/",
        "http://127.0.0.1:99999/", "http://127.1/", "http://[::1/", "http:///", "ftp://127.0.0.1/",
        "http://127.0.0.1?q", "http://127.0.0.1/a b", "http://127.0.0.1/\r\nX: y", ""}) {
    CHECK_MESSAGE(!PlainHttp::fits(to(url)), url);
  }
  HttpRequest request = to("http://127.0.0.1/");
  request.options.proxy_url = "http://127.0.0.1:3128";
  CHECK_FALSE(PlainHttp::fits(request));
  request = to("http://127.0.0.1/");
  request.method = "POST";
  CHECK_FALSE(PlainHttp::fits(request));
}

TEST_CASE("requests of a slot share a connection and say what they are told to") {
  LoopbackServer server([](const std::string&) { return http_reply("a 1\n"); });
  Asking asking("http://" + server.address() + "/metrics?x=1#fragment");
  for (int i = 0; i < 3; ++i) {
    const HttpResponse response = asking.ask();
    CHECK(response.error.empty());
    CHECK(response.status == 200);
    CHECK(response.body == "a 1\n");
    CHECK(response.content_type == "text/plain");
  }
  CHECK(server.connections() == 1);
  CHECK(server.requests().at(2) == "GET /metrics?x=1 HTTP/1.1\r\nHost: " + server.address() +
                                       "\r\nAccept: a/b\r\nUser-Agent: t\r\n\r\n");
}

TEST_CASE("a connection that the server closes while it idles is made anew") {
  LoopbackServer server([](const std::string&) {
    Reply reply = http_reply("a 1\n");
    reply.then = Reply::Then::kClose;
    return reply;
  });
  Asking asking("http://" + server.address() + "/");
  for (int i = 0; i < 5; ++i) CHECK(asking.ask().body == "a 1\n");
  CHECK(server.connections() == 5);
}

TEST_CASE("a request is repeated as it was, over the same connection or a new one") {
  LoopbackServer server([](const std::string& request) {
    Reply reply = http_reply("a 1\n");
    if (request.starts_with("GET /closes")) reply.then = Reply::Then::kClose;
    if (request.starts_with("GET /moved")) return http_reply("", "Location: /here\r\n", "302 Found");
    return reply;
  });
  for (const char* path : {"/stays", "/closes", "/moved"}) {
    Asking asking("http://" + server.address() + path);
    const size_t before = server.requests().size();
    CHECK(asking.ask().body == "a 1\n");
    for (int i = 0; i < 3; ++i) {
      asking.request().expected_body_bytes = 4;
      CHECK(asking.ask_again().body == "a 1\n");
    }
    const std::vector<std::string> requests = server.requests();
    for (size_t i = before; i < requests.size(); ++i) {
      const std::string& first = requests[before + (std::string(path) == "/moved" ? (i - before) % 2 : 0)];
      CHECK(requests[i] == first);
    }
  }
  CHECK(server.connections() == 1 + 4 + 1);
}

TEST_CASE("chunked bodies are put together") {
  LoopbackServer server([](const std::string&) {
    return Reply{
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\na \r\n2\r\n1\n\r\n0\r\n\r\n"};
  });
  Asking asking("http://" + server.address() + "/");
  for (int i = 0; i < 2; ++i) CHECK(asking.ask().body == "a 1\n");
  CHECK(server.connections() == 1);
}

TEST_CASE("what goes wrong is told in Go's words") {
  LoopbackServer hanging([](const std::string&) { return Reply{"", Reply::Then::kHang}; });
  Asking slow("http://" + hanging.address() + "/x");
  slow.request().timeout = 50;
  CHECK(slow.ask().error ==
        "Get \"http://" + hanging.address() + "/x\": context deadline exceeded");

  LoopbackServer stalling([](const std::string&) {
    return Reply{"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nab", Reply::Then::kHang};
  });
  Asking stalled("http://" + stalling.address() + "/x");
  stalled.request().timeout = 50;
  CHECK(stalled.ask().error == "context deadline exceeded");

  LoopbackServer cutting([](const std::string&) {
    return Reply{"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nab", Reply::Then::kClose};
  });
  CHECK(Asking("http://" + cutting.address() + "/x").ask().error == "unexpected EOF");

  LoopbackServer closing([](const std::string&) { return Reply{"", Reply::Then::kClose}; });
  CHECK(Asking("http://" + closing.address() + "/x").ask().error ==
        "Get \"http://" + closing.address() + "/x\": EOF");

  LoopbackServer babbling([](const std::string&) {
    return Reply{"what do you want\r\n\r\n", Reply::Then::kClose};
  });
  CHECK(Asking("http://" + babbling.address() + "/x").ask().error ==
        "Get \"http://" + babbling.address() +
            "/x\": net/http: HTTP/1.x transport connection broken: malformed HTTP response \"what "
            "do you want\"");

  std::string nobody;
  {
    const LoopbackServer gone([](const std::string&) { return Reply{}; });
    nobody = gone.address();
  }
  Asking refused("http://" + nobody + "/x");
  for (int i = 0; i < 2; ++i) {
    CHECK(refused.ask().error ==
          "Get \"http://" + nobody + "/x\": dial tcp " + nobody + ": connect: connection refused");
  }
}

TEST_CASE("a body beyond the limit ends the transfer") {
  LoopbackServer server([](const std::string&) {
    return Reply{"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nabcd\r\n",
                 Reply::Then::kHang};
  });
  Asking asking("http://" + server.address() + "/");
  asking.request().max_body_bytes = 3;
  const HttpResponse response = asking.ask();
  CHECK(response.error.empty());
  CHECK(response.body_too_large);
}

TEST_CASE("redirects are followed, and servers of old are understood") {
  std::atomic<int> asked{0};
  LoopbackServer server([&](const std::string& request) {
    ++asked;
    if (request.starts_with("GET /to ")) return http_reply("landed");
    return Reply{"HTTP/1.1 302 Found\r\nLocation: /to\r\nContent-Length: 0\r\n\r\n"};
  });
  Asking asking("http://" + server.address() + "/");
  CHECK(asking.ask().body == "landed");
  CHECK(asking.ask().body == "landed");
  CHECK(asked == 4);
  CHECK(server.connections() == 1);

  LoopbackServer old([](const std::string&) {
    return Reply{"HTTP/1.0 200 OK\r\n\r\na 1\n", Reply::Then::kClose};
  });
  CHECK(Asking("http://" + old.address() + "/").ask().body == "a 1\n");
}

TEST_CASE("a slot may go while its request is under way") {
  LoopbackServer server([](const std::string&) { return Reply{"", Reply::Then::kHang}; });
  HttpClient client(1);
  std::unique_ptr<HttpClient::Slot> slot = client.slot();
  HttpRequest request;
  request.url = "http://" + server.address() + "/";
  request.timeout = 10'000;
  bool told = false;
  client.start(*slot, request, [&](HttpResponse) { told = true; });
  for (int i = 0; i < 3; ++i) client.poll(5);
  slot.reset();
  client.poll(0);
  CHECK_FALSE(told);
}

}  // namespace hearth
