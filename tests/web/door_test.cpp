#include "web/door.h"

#include <crypt.h>
#include <doctest/doctest.h>
#include <sys/stat.h>

#include <atomic>
#include <thread>

#include "core/base64.h"
#include "core/error.h"
#include "core/file.h"
#include "tests/web/test_server.h"
#include "web/listen.h"
#include "web/routes.h"

using namespace hearth;
using namespace hearth::web;

namespace {

std::string hash_of(const std::string& password) {
  crypt_data data{};
  return crypt_r(password.c_str(), "$2b$04$abcdefghijklmnopqrstuu", &data);
}

std::string users(const std::string& name, const std::string& password) {
  return "basic_auth_users:\n  " + name + ": " + hash_of(password) + "\n";
}

std::string basic(const std::string& credentials) {
  return "Authorization: Basic " + base64(credentials) + "\r\n";
}

// A server behind a door whose file the test writes.
struct Guarded {
  explicit Guarded(const std::string& text, Options options = {}) : server(with(text, options)) {}
  Options with(const std::string& text, Options options) const {
    options.web_config_file = dir.path() + "/web.yml";
    write(text);
    return options;
  }
  void write(const std::string& text) const { write_file(dir.path() + "/web.yml", text); }

  const TempDir dir;
  TestServer server;
};

}  // namespace

TEST_CASE("without the right password there is no answer, whoever asks") {
  const Guarded guarded(users("alice", "secret"));
  const TestServer& server = guarded.server;
  for (const std::string& headers :
       {std::string(), basic("alice:wrong"), basic("alice:"), basic("alice"), basic("bob:secret"),
        basic(":secret"), basic(":"), basic("alice:secret "), basic("Alice:secret"),
        std::string("Authorization: Bearer secret\r\n"), std::string("Authorization: Basic\r\n"),
        std::string("Authorization: Basic !!!\r\n"), std::string("Authorization: alice:secret\r\n"),
        basic(std::string("alice:secret\0", 13)), basic(std::string("alice\0:secret", 13))}) {
    CAPTURE(headers);
    for (int i = 0; i < 2; ++i) {  // the second time from the cache
      const Reply reply = server.get("/-/healthy", headers);
      CHECK(reply.status == 401);
      CHECK(reply.body == "Unauthorized\n");
      CHECK(reply.header("www-authenticate") == "Basic");
      CHECK(reply.header("x-content-type-options") == "nosniff");
      CHECK(reply.header("content-type") == "text/plain; charset=utf-8");
    }
  }
  CHECK(server.get("/-/healthy", basic("alice:secret")).status == 200);
  CHECK(
      server.get("/-/healthy", "aUTHORIZATION: bASIC " + base64("alice:secret") + "\r\n").status ==
      200);
  CHECK(server.get("/-/healthy", basic("alice:secret")).status == 200);
}

TEST_CASE("every path of every method is behind the door") {
  Options options;
  options.enable_admin_api = options.enable_lifecycle = true;
  const Guarded guarded(users("alice", "secret"), options);
  std::vector<std::string> paths = {"/no/such/path", "/../etc/passwd", "//", "/api/v1/"};
  for (const Route& route : routes()) paths.emplace_back(route.path);
  for (const std::string& path : paths) {
    CAPTURE(path);
    for (const char* method : {"GET", "POST", "PUT", "DELETE", "OPTIONS", "PATCH"}) {
      RawClient client(guarded.server.port);
      const Reply reply = client.request(std::string(method) + " " + path +
                                         " HTTP/1.1\r\nHost: t\r\nContent-Length: 0\r\n" +
                                         basic("alice:wrong") + "\r\n");
      CHECK(reply.status == 401);
      CHECK(reply.body == "Unauthorized\n");
    }
  }
  CHECK(guarded.server.reloads == 0);
  CHECK(guarded.server.quits == 0);
}

TEST_CASE("heavy and light requests are answered behind the door") {
  const Guarded guarded(users("alice", "secret"));
  const std::string right = basic("alice:secret");
  CHECK(guarded.server.get("/api/v1/query?query=up", right).status == 200);
  RawClient client(guarded.server.port);
  for (int i = 0; i < 20; ++i) {
    CHECK(client.get("/api/v1/query?query=up", right).status == 200);
    CHECK(client.get("/metrics", right).status == 200);
    CHECK(client.get("/api/v1/query?query=up").status == 401);
  }
}

TEST_CASE("users, passwords and headers are read again without a restart") {
  const Guarded guarded(users("alice", "secret"));
  const TestServer& server = guarded.server;
  REQUIRE(server.get("/-/healthy", basic("alice:secret")).status == 200);
  guarded.write(users("alice", "changed") + "http_server_config:\n  headers:\n" +
                "    Strict-Transport-Security: max-age=60\n    X-Frame-Options: deny\n");
  const Reply refused = server.get("/-/healthy", basic("alice:secret"));
  CHECK(refused.status == 401);
  CHECK(refused.header("strict-transport-security") == "max-age=60");
  const Reply reply = server.get("/-/healthy", basic("alice:changed"));
  CHECK(reply.status == 200);
  CHECK(reply.header("x-frame-options") == "deny");
  guarded.write("");
  CHECK(server.get("/-/healthy").status == 200);
  guarded.write("no such field: 1\n");
  const Reply broken = server.get("/-/healthy");
  CHECK(broken.status == 500);
  CHECK(broken.body == "Internal Server Error\n");
  remove_file(guarded.dir.path() + "/web.yml");
  CHECK(server.get("/-/healthy").status == 500);
  guarded.write(users("alice", "secret"));
  CHECK(server.get("/-/healthy").status == 401);
  CHECK(server.get("/-/healthy", basic("alice:secret")).status == 200);
}

TEST_CASE("a file that cannot be used stops the start, in Prometheus' words") {
  const TempDir dir;
  Options options;
  options.web_config_file = dir.path() + "/web.yml";
  CHECK_THROWS_WITH_AS(TestServer{options},
                       ("Unable to validate web configuration file: open " + dir.path() +
                        "/web.yml: no such file or directory")
                           .c_str(),
                       Error);
  write_file(options.web_config_file, "foo: 1\n");
  CHECK_THROWS_WITH_AS(
      TestServer{options},
      "Unable to validate web configuration file: yaml: unmarshal errors:\n  line 1: field foo not "
      "found in type web.Config",
      Error);
}

TEST_CASE("the rate of requests is limited where the configuration says so") {
  Guarded guarded("rate_limit:\n  interval: 1s\n  burst: 3\n");
  TestServer& server = guarded.server;
  const auto statuses = [&](int count) {
    std::string text;
    for (int i = 0; i < count; ++i) {
      const Reply reply = server.get("/-/healthy");
      text += std::to_string(reply.status) + " ";
      if (reply.status == 429) CHECK(reply.body == "Too Many Requests\n");
    }
    return text;
  };
  CHECK(statuses(5) == "200 200 200 429 429 ");
  server.clock.advance(2'000);
  CHECK(statuses(3) == "200 200 429 ");
  server.clock.advance(3'600'000);
  CHECK(statuses(4) == "200 200 200 429 ");
}

TEST_CASE("guessing passwords neither keeps out who knows one nor takes all threads") {
  Options options;
  options.workers = 3;
  const Guarded guarded(users("alice", "secret"), options);
  REQUIRE(guarded.server.get("/-/healthy", basic("alice:secret")).status == 200);
  std::vector<std::unique_ptr<RawClient>> guesses;
  for (int i = 0; i < 300; ++i) {
    guesses.push_back(std::make_unique<RawClient>(guarded.server.port));
    guesses.back()->send("GET / HTTP/1.1\r\nHost: t\r\n" + basic("alice:" + std::to_string(i)) +
                         "\r\n");
  }
  CHECK(guarded.server.get("/api/v1/query?query=up", basic("alice:secret")).status == 200);
  for (auto& guess : guesses) CHECK(guess->read().status == 401);
}

TEST_CASE("a cache of passwords tells one user, hash and password from all others") {
  CHECK(PasswordCache::key("a", "b", "c") == PasswordCache::key("a", "b", "c"));
  CHECK(PasswordCache::key("ab", "", "c") != PasswordCache::key("a", "b", "c"));
  CHECK(PasswordCache::key("a", "b", "c") != PasswordCache::key("a", "bc", ""));
  CHECK(PasswordCache::key("", "1:", "") != PasswordCache::key("1:", "", ""));
  PasswordCache cache;
  const std::string right = PasswordCache::key("a", "h", "right");
  cache.add(right, true);
  for (int i = 0; i < 1000; ++i) cache.add(PasswordCache::key("a", "h", std::to_string(i)), false);
  CHECK(cache.find(right) == true);
  CHECK(cache.find(PasswordCache::key("a", "h", "999")) == false);
  CHECK_FALSE(cache.find(PasswordCache::key("a", "h", "0")).has_value());
}

TEST_CASE("a server listens on several addresses and on the path of a socket") {
  const TempDir dir;
  const std::string path = dir.path() + "/web.sock";
  Options options;
  options.listen_addresses = {"127.0.0.1:0", "unix://" + path, "127.0.0.1:0"};
  {
    const TestServer server(options);
    CHECK(server.get("/-/healthy").status == 200);
    CHECK(RawClient(server.server->ports().at(2)).get("/-/healthy").status == 200);
    CHECK(RawClient(path).get("/-/healthy").status == 200);
    CHECK_THROWS_AS(listen_on("unix://" + path), Error);  // it is in use
  }
  struct stat status {};
  CHECK(stat(path.c_str(), &status) != 0);
  close(listen_on("unix://" + path));  // leaves its file behind, as a process that was killed
  const TestServer server(options);
  CHECK(RawClient(path).get("/-/healthy").status == 200);
  CHECK_THROWS_AS(listen_on("unix://relative"), Error);
  CHECK_THROWS_AS(listen_on("unix://" + path + std::string(200, 'x')), Error);
  write_file(dir.path() + "/file", "precious");
  CHECK_THROWS_AS(listen_on("unix://" + dir.path() + "/file"), Error);
  CHECK(read_file(dir.path() + "/file") == "precious");
}
