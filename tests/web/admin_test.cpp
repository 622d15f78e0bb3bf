// The admin API over a real database, in Prometheus' words.
#include <doctest/doctest.h>

#include "core/error.h"
#include "core/file.h"
#include "core/log.h"
#include "tests/web/test_server.h"

using namespace hearth;
using namespace hearth::web;

namespace {

const std::string kAdmin = "/api/v1/admin/tsdb/";

// A server over a database with a block of three hours of two series, and a head.
struct AdminServer {
  explicit AdminServer(bool enabled) {
    set_log_sink([](std::string_view) {});
    for (int minute = 0; minute < 4 * 60; ++minute) {
      Batch batch;
      for (const char* name : {"one", "two"}) {
        batch.push(db.appender().intern(Labels{{"__name__", name}}), kStart + minute * 60'000,
                   minute);
      }
      db.appender().append(batch);
    }
    db.maintain();
    options.enable_admin_api = enabled;
    options.listen_addresses = {"127.0.0.1:0"};
    base.services.db = &db;
    server = std::make_unique<Server>(options, base.services);
    server->set_ready(true);
    server->start();
    port = server->ports().at(0);
  }
  ~AdminServer() {
    server->stop();
    set_log_sink(nullptr);
  }
  Reply post(const std::string& target, const std::string& form = "") const {
    return RawClient(port).post(target, form);
  }
  size_t samples(const std::string& name) {
    Budget budget(0);
    const Matcher matcher(MatchType::kEqual, "__name__", name);
    const auto querier = db.querier({});
    const auto set = querier->select({&matcher, 1}, {}, budget);
    Columns columns;
    if (set->size() == 1) set->read(0, {}, columns);
    return columns.t.size();
  }

  static constexpr TimeMs kStart = 1'699'992'000'000;
  TestServer base;
  TempDir dir;
  tsdb::Db db{dir.path(), {}, base.clock, base.pool, base.registry};
  Options options;
  std::unique_ptr<Server> server;
  int port = 0;
};

std::string error(const std::string& text) {
  return R"({"status":"error","errorType":"bad_data","error":")" + text + R"("})";
}

}  // namespace

TEST_CASE("without its flag the admin API does nothing and says so") {
  AdminServer s(false);
  for (const char* action : {"delete_series?match[]=one", "clean_tombstones", "snapshot"}) {
    const Reply reply = s.post(kAdmin + action);
    CHECK(reply.status == 500);
    CHECK(reply.body ==
          R"({"status":"error","errorType":"unavailable","error":"admin APIs disabled"})");
  }
  CHECK(s.samples("one") == 240);
}

TEST_CASE("series are deleted by a selector and a range, with 204") {
  AdminServer s(true);
  const Reply reply = s.post(kAdmin + "delete_series?match[]=one&start=1699992000&end=1699995600");
  CHECK(reply.status == 204);
  CHECK(reply.body.empty());
  CHECK(s.samples("one") == 240 - 61);
  CHECK(s.samples("two") == 240);
  CHECK(s.post(kAdmin + "clean_tombstones").status == 204);
  CHECK(s.samples("one") == 240 - 61);
  const Reply blocks = RawClient(s.port).get("/api/v1/status/tsdb/blocks");
  CHECK(blocks.status == 200);
  CHECK(blocks.body.starts_with(R"({"status":"success","data":{"blocks":[{"ulid":")"));
  CHECK(blocks.body.find(R"("compaction":{"level":1,"sources":[")") != std::string::npos);
}

TEST_CASE("what is wrong with a delete is said as Prometheus says it") {
  AdminServer s(true);
  const auto refused = [&](const std::string& query) {
    const Reply reply = s.post(kAdmin + "delete_series" + query);
    CHECK(reply.status == 400);
    return reply.body;
  };
  CHECK(refused("") == error("no match[] parameter provided"));
  CHECK(refused("?match[]=one&start=x") ==
        error(R"(invalid parameter \"start\": invalid time value for 'start': )"
              R"(cannot parse \"x\" to a valid timestamp)"));
  CHECK(refused("?match[]=up%7B") ==
        error(R"(invalid parameter \"match[]\": 1:4: parse error: )"
              R"(unexpected end of input inside braces)"));
  CHECK(RawClient(s.port).get(kAdmin + "delete_series?match[]=one").status == 405);
  CHECK(s.samples("one") == 240);
}

TEST_CASE("a snapshot answers its name; skip_head must be a boolean") {
  AdminServer s(true);
  const Reply refused = s.post(kAdmin + "snapshot?skip_head=x");
  CHECK(refused.status == 400);
  CHECK(refused.body == error(R"(invalid parameter \"skip_head\": unable to parse boolean: )"
                              R"(strconv.ParseBool: parsing \"x\": invalid syntax)"));
  for (const std::string query : {"?skip_head=true", "", "?skip_head=F"}) {
    const Reply reply = s.post(kAdmin + "snapshot" + query);
    CHECK(reply.status == 200);
    const std::string before = R"({"status":"success","data":{"name":")";
    REQUIRE(reply.body.starts_with(before));
    const std::string name = reply.body.substr(before.size(), 33);
    CHECK(reply.body == before + name + "\"}}");
    const size_t blocks = query == "?skip_head=true" ? 1 : 2;
    CHECK(list_dir(s.dir.path() + "/snapshots/" + name).size() == blocks);
  }
}
