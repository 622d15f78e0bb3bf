// Running queries over HTTP, and what a query tells beside its result.
#include "web/api_queries.h"

#include <doctest/doctest.h>

#include "tests/web/test_server.h"

using namespace hearth;
using namespace hearth::web;

TEST_CASE("no query runs, and none of an unknown id is ended") {
  const TestServer server;
  CHECK(server.get("/api/v1/status/queries").body ==
        R"({"status":"success","data":{"queries":[]}})");
  RawClient client(server.port);
  const auto end = [&](const std::string& id) {
    return client.request("DELETE /api/v1/status/queries/" + id + " HTTP/1.1\r\nHost: t\r\n\r\n");
  };
  const Reply unknown = end("12");
  CHECK(unknown.status == 404);
  CHECK(unknown.body ==
        R"({"status":"error","errorType":"not_found","error":"no query 12 is running"})");
  CHECK(end("x").status == 400);
  CHECK(end("-1").status == 404);
  CHECK(server.get("/api/v1/status/queries/12").status == 404);
  CHECK(server.get("/api/v1/status/queries/x").status == 400);
}

TEST_CASE("a query whose answer has been sent is no longer listed, and gives back its memory") {
  const TestServer server;
  RawClient client(server.port);
  CHECK(client.get("/api/v1/query?query=up").status == 200);
  // The next request of the connection is read after the answer has been sent.
  CHECK(client.get("/api/v1/status/queries").body ==
        R"({"status":"success","data":{"queries":[]}})");
}

TEST_CASE("explain adds the plan, and only where it is asked for") {
  const TestServer server;
  const std::string plain = server.get("/api/v1/query?query=sum(up)").body;
  CHECK(plain.find("explain") == plain.npos);
  const std::string explained = server.get("/api/v1/query?query=sum(up)&explain=true").body;
  CHECK(explained.find(R"x("explain":{"operator":"sum","expr":"sum(up)","series":1,"steps":1,)x") !=
        explained.npos);
  CHECK(explained.find(R"("children":[{"operator":"selector","expr":"up","series":2,)") !=
        explained.npos);
}
