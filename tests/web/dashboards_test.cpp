// The folder of dashboards over HTTP, and what was asked since the start.
#include "web/dashboards.h"

#include <doctest/doctest.h>

#include "core/file.h"
#include "tests/web/test_server.h"

using namespace hearth;
using namespace hearth::web;

namespace {

struct Folder {
  TempDir dir;
  void write(const std::string& name, const std::string& text) const {
    write_file(dir.path() + "/" + name, text);
  }
  Options options() const {
    Options options;
    options.dashboards = dir.path();
    return options;
  }
};

}  // namespace

TEST_CASE("without a folder there are no dashboards, and that is no error") {
  const TestServer server;
  CHECK(server.get("/api/v1/dashboards").body ==
        R"({"status":"success","data":{"folder":"","dashboards":[]}})");
  CHECK(server.get("/api/v1/dashboards/a.json").status == 404);
}

TEST_CASE("dashboards are listed with their titles and read by the names of their files") {
  const Folder folder;
  folder.write("b.json", "\xef\xbb\xbf{\"title\": \"<b>\", \"panels\": []}\n");
  folder.write("a.json", R"({"dashboard": {"title": "Inner"}})");
  folder.write("untitled.json", "{}");
  folder.write("readme.txt", "no");
  folder.write(".hidden.json", "{}");
  const TestServer server(folder.options());
  const std::string list = server.get("/api/v1/dashboards").body;
  CHECK(list.ends_with(R"("dashboards":[{"name":"a.json","title":"Inner"},)"
                       R"({"name":"b.json","title":"\u003cb\u003e"},)"
                       R"({"name":"untitled.json","title":"untitled.json"}]}})"));
  CHECK(server.get("/api/v1/dashboards/b.json").body ==
        R"({"status":"success","data":{"panels":[],"title":"<b>"}})");
}

TEST_CASE("a file that is no dashboard is told as such and spoils no other") {
  const Folder folder;
  folder.write("broken.json", "{\"title\":");
  folder.write("list.json", "[1]");
  folder.write("good.json", R"({"title":"Good"})");
  const TestServer server(folder.options());
  const std::string list = server.get("/api/v1/dashboards").body;
  CHECK(
      list.find(
          R"({"name":"broken.json","error":"the dashboard \"broken.json\" is not a JSON object"})") !=
      list.npos);
  CHECK(list.find(R"({"name":"good.json","title":"Good"})") != list.npos);
  const Reply broken = server.get("/api/v1/dashboards/broken.json");
  CHECK(broken.status == 422);
  CHECK(broken.body.find("is not a JSON object") != broken.body.npos);
}

TEST_CASE("no name leads out of the folder of dashboards") {
  const Folder folder;
  make_dirs(folder.dir.path() + "/inner");
  folder.write("inner/deep.json", "{}");
  folder.write(".hidden.json", "{}");
  folder.write("secret.txt", "{}");
  Options options;
  options.dashboards = folder.dir.path() + "/inner";
  const TestServer server(options);
  for (const char* name : {"../secret.txt", "..%2fsecret.txt", "%2e%2e%2fsecret.txt", "..",
                           "%2e%2e", ".", "inner", "deep.json%00", "..%5csecret.txt",
                           "%2fetc%2fpasswd", ".hidden.json", "deep", "DEEP.JSON"}) {
    CAPTURE(name);
    const int status = server.get(std::string("/api/v1/dashboards/") + name).status;
    CHECK(status >= 300);
    CHECK(status < 500);
  }
  CHECK(server.get("/api/v1/dashboards/deep.json").status == 200);
}

TEST_CASE("what queries cost since the start is told, the dearest first") {
  const TestServer server;
  CHECK(server.get("/api/v1/query?query=sum(up)").status == 200);
  CHECK(server.get("/api/v1/query?query=sum(up)").status == 200);
  CHECK(server.get("/api/v1/query?query=odd").status == 200);
  const std::string all = server.get("/api/v1/status/top_queries").body;
  CHECK(all.find(R"x("query":"sum(up)","count":2,"failed":0,)x") != all.npos);
  CHECK(all.find(R"("query":"odd","count":1,)") != all.npos);
  CHECK(server.get("/api/v1/status/top_queries?limit=-1").status == 400);
}

TEST_CASE("which metrics nobody asked for is told") {
  const TestServer server;
  CHECK(server.get("/api/v1/query?query=up").status == 200);
  const std::string use = server.get("/api/v1/status/metric_use?name=up&name=odd").body;
  CHECK(use.starts_with(
      R"({"status":"success","data":{"since":1699999940,"complete":true,"metrics":[)"
      R"({"name":"up","queries":1,"last":1)"));
  CHECK(use.ends_with(R"(},{"name":"odd","queries":0}]}})"));
  CHECK(server.get("/api/v1/status/metric_use").status == 400);
}
