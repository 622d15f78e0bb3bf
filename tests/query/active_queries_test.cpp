#include "query/active_queries.h"

#include <doctest/doctest.h>

#include "core/log.h"
#include "tests/query/engine_fixture.h"

using namespace hearth;
using namespace hearth::promql;

namespace {

std::string logged;

struct CaughtLog {
  CaughtLog() {
    logged.clear();
    set_log_sink([](std::string_view line) { logged.append(line).push_back('\n'); });
  }
  ~CaughtLog() { set_log_sink(nullptr); }
};

}  // namespace

TEST_CASE("an entry of the active queries is 1000 bytes, as Prometheus writes it") {
  const std::string entry = active_entry("up{a!=\"\xc3\xa9<>&\"}", 1'795'384'475'123);
  CHECK(entry.size() == 1000);
  CHECK(entry.substr(0, entry.find('\0')) ==
        "{\"query\":\"up{a!=\\\"\xc3\xa9\\u003c\\u003e\\u0026\\\"}\",\"timestamp_sec\":1795384475}");
  CHECK(entry.back() == ',');
  CHECK(unfinished_queries("[" + entry + std::string(1000, '\0')) ==
        "[{\"query\":\"up{a!=\\\"\xc3\xa9\\u003c\\u003e\\u0026\\\"}\",\"timestamp_sec\":1795384475}]");
}

TEST_CASE("a query too long for its entry is cut between characters") {
  for (size_t length = 950; length < 970; ++length) {
    std::string query(length, 'x');
    for (int i = 0; i < 1000; ++i) query += "\xc3\xa9";
    const std::string entry = active_entry(query, 0);
    CHECK(entry.size() == 1000);
    const std::string json = entry.substr(0, std::min<size_t>(entry.find('\0'), 999));
    CHECK(json.ends_with("\",\"timestamp_sec\":0}"));
    CHECK(entry.find("ufffd") == entry.npos);
  }
  CHECK(active_entry(std::string(5000, '\n'), 0).size() == 1000);
}

TEST_CASE("queries that did not end are told at the next start, others are not") {
  const TempDir dir;
  const std::string path = dir.path() + "/queries.active";
  const FakeClock clock(7'000);
  const CaughtLog caught;
  ActiveQueries file(path, 3, clock);
  CHECK(read_file(path).size() == 3001);
  {
    const ActiveQueries::Entry ended(file, 0, "gone");
    const ActiveQueries::Entry running(file, 2, "sum(up)");
    CHECK(logged.empty());
    const std::string crashed = read_file(path);
    write_file(path + ".copy", crashed);
    const ActiveQueries next(path + ".copy", 3, clock);
    CHECK(logged.find("These queries didn't finish in prometheus' last run:") != logged.npos);
    CHECK(logged.find("sum(up)") != logged.npos);
    CHECK(logged.find("timestamp_sec\\\":7") != logged.npos);
  }
  logged.clear();
  const ActiveQueries next(path, 3, clock);
  CHECK(logged.empty());
}

TEST_CASE("a damaged file of active queries does no harm") {
  const TempDir dir;
  const std::string path = dir.path() + "/queries.active";
  const FakeClock clock(7'000);
  const CaughtLog caught;
  for (const std::string& bytes : {std::string(), std::string("["), std::string(5000, '\xff'),
                                   std::string(3001, '\0')}) {
    write_file(path, bytes);
    const ActiveQueries file(path, 3, clock);
    CHECK(read_file(path).size() == 3001);
  }
  const ActiveQueries nowhere(dir.path() + "/no/such/dir", 3, clock);
  CHECK(logged.find("Failed to create") != logged.npos);
}

TEST_CASE("a query is in the file as long as it runs") {
  const TempDir dir;
  EngineFixture fixture;
  fixture.options.active_queries_file = dir.path() + "/queries.active";
  fixture.options.max_concurrency = 2;
  fixture.load(Labels{{"__name__", "m"}}, {1, 2, 3});
  std::string during;
  fixture.storage.on_read = [&] { during = read_file(fixture.options.active_queries_file); };
  fixture.run(EngineFixture::instant("m + 1", 30'000));
  CHECK(during.find("\"query\":\"m + 1\"") != during.npos);
  CHECK(unfinished_queries(read_file(fixture.options.active_queries_file)).empty());
}
