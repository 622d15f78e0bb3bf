#include "web/api_document.h"

#include <doctest/doctest.h>

#include <nlohmann/json.hpp>

#include "core/compress.h"
#include "tests/web/test_server.h"

using namespace hearth;
using namespace hearth::web;

TEST_CASE("the document names every path of the API with its methods") {
  const TestServer server;
  const Reply reply = server.get("/api/v1/openapi.yaml");
  CHECK(reply.status == 200);
  CHECK(reply.body.starts_with("openapi: 3.1.0\n"));
  CHECK(reply.body.find("\n  /label/{name}/values:\n    get:\n      parameters:\n") !=
        std::string::npos);
  CHECK(reply.body.find("\n  /query_range:\n    get:\n") != std::string::npos);
  CHECK(reply.body.find("\n  /federate:") == std::string::npos);
}

TEST_CASE("features are truths by category") {
  Options options;
  options.enable_admin_api = true;
  const TestServer server(options);
  const auto answer = nlohmann::json::parse(server.get("/api/v1/features").body);
  CHECK(answer["data"]["api"]["admin"] == true);
  CHECK(answer["data"]["api"]["lifecycle"] == false);
  CHECK(answer["data"]["promql"]["subqueries"] == true);
}

TEST_CASE("tools for Go programs get profiles of the whole process") {
  const TestServer server;
  for (const char* name : {"heap", "goroutine", "threadcreate", "mutex", "block", "profile"}) {
    CAPTURE(name);
    const Reply reply = server.get(std::string("/debug/pprof/") + name);
    CHECK(reply.status == 200);
    std::string profile;
    gzip_uncompress(reply.body, profile, 1 << 16);
    CHECK(profile.find("hearth") != std::string::npos);
  }
  CHECK(server.get("/debug/pprof/cmdline").body.find("web_tests") != std::string::npos);
  const Reply unknown = server.get("/debug/pprof/trace");
  CHECK(unknown.status == 404);
  CHECK(unknown.body == "Unknown profile\n");
  CHECK(server.get("/debug/pprof/").status == 200);
}

TEST_CASE("there are no consoles") {
  const TestServer server;
  CHECK(server.get("/consoles/a/b.html").body ==
        "open consoles/a/b.html: no such file or directory\n");
  CHECK(server.get("/consoles/").status == 404);
}

TEST_CASE("the path of the API is no other's, however it is written") {
  const TestServer server;
  CHECK(server.get("/api/v1/qu%65ry?query=1").status == 200);
  CHECK(server.get("/%61pi/v1/query?query=1").status == 404);
  CHECK(server.get("/api%2Fv1/query?query=1").status == 404);
  CHECK(server.get("/api/v1/query?query=1&time=1#x").status == 400);
}
