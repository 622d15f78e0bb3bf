// Answers over a storage that is damaged: what is there, and a warning of what is not.
#include <doctest/doctest.h>

#include "core/bytes.h"
#include "core/file.h"
#include "core/log.h"
#include "tests/web/test_server.h"
#include "tsdb/db.h"

using namespace hearth;
using namespace hearth::web;

namespace {

// A server over a database with a block of three hours of two series, and a head.
struct DamagedServer {
  static constexpr TimeMs kStart = 1'699'992'000'000;

  // `damage` gets the path of the block.
  explicit DamagedServer(const std::function<void(const std::string&)>& damage) {
    set_log_sink([](std::string_view) {});
    const auto open = [&] { db = std::make_unique<tsdb::Db>(dir.path(), tsdb::Options{}, base.clock, base.pool, base.registry); };
    open();
    for (int minute = 0; minute < 4 * 60; ++minute) {
      Batch batch;
      for (const char* name : {"one", "two"}) {
        batch.push(db->appender().intern(Labels{{"__name__", name}}), kStart + minute * 60'000,
                   minute);
      }
      db->appender().append(batch);
    }
    db->maintain();
    REQUIRE(db->block_metas().size() == 1);
    block = db->block_metas()[0].ulid.text();
    db.reset();
    damage(dir.path() + "/" + block);
    open();
    engine = std::make_unique<promql::Engine>(promql::EngineOptions{}, *db, nullptr, base.registry);
    Options options;
    options.listen_addresses = {"127.0.0.1:0"};
    base.services.db = db.get();
    base.services.storage = db.get();
    base.services.engine = engine.get();
    server = std::make_unique<Server>(options, base.services);
    server->set_ready(true);
    server->start();
  }
  ~DamagedServer() {
    server->stop();
    set_log_sink(nullptr);
  }
  std::string get(const std::string& target) const {
    const Reply reply = RawClient(server->ports().at(0)).get(target);
    CHECK(reply.status == 200);
    return reply.body;
  }
  std::string warning() const { return R"("warnings":["block )" + block; }

  TestServer base;
  TempDir dir;
  std::unique_ptr<tsdb::Db> db;
  std::string block;
  std::unique_ptr<promql::Engine> engine;
  std::unique_ptr<Server> server;
};

void flip(const std::string& path, size_t at) {
  std::string bytes = read_file(path);
  bytes.at(at) = static_cast<char>(bytes[at] ^ 1);
  write_file(path, bytes);
}

bool has(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

constexpr const char* kRange = "start=1699992000&end=1700006340";

}  // namespace

TEST_CASE("a query over a damaged chunk has the other samples and a warning that names the block") {
  const DamagedServer s([](const std::string& block) { flip(block + "/chunks/000001", 30); });
  const std::string query =
      s.get(std::string("/api/v1/query_range?query=count_over_time(one[1m])&step=60&") + kRange);
  CHECK(has(query, R"("status":"success")"));
  CHECK(has(query, s.warning()));
  CHECK_FALSE(has(query, "[1699992000,"));  // in the chunk
  CHECK(has(query, R"([1699999200,"1"])"));  // in the next one
  CHECK(has(query, R"([1700006340,"1"])"));  // in the head
  const std::string other = s.get(std::string("/api/v1/query_range?query=two&step=60&") + kRange);
  CHECK(has(other, "[1699992000,"));
  CHECK_FALSE(has(other, "warnings"));
}

TEST_CASE("series and labels over a damaged index have a warning that names the block") {
  const DamagedServer s([](const std::string& block) {
    const std::string index = read_file(block + "/index");
    // The last part tells where the lists of refs begin, and the table of them behind.
    const char* const parts = index.data() + index.size() - 52;
    const uint64_t end = load_be64(parts + 40);
    for (uint64_t at = load_be64(parts + 32) + 8; at < end; at += 8) flip(block + "/index", at);
  });
  for (const std::string target : {"series?match[]=one&", "labels?match[]=one&", "label/__name__/values?match[]=one%7Bx=%22%22%7D&"}) {
    CAPTURE(target);
    const std::string answer = s.get("/api/v1/" + target + kRange);
    CHECK(has(answer, R"("status":"success")"));
    CHECK(has(answer, s.warning()));
    CHECK_FALSE(has(s.get("/api/v1/" + target + "start=1700006000"), "warnings"));
  }
}
