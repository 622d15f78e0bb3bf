#include "core/log.h"

#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "core/budget.h"
#include "core/error.h"

using namespace hearth;

namespace {
std::vector<std::string> lines;
struct Caught {
  Caught() {
    lines.clear();
    set_log_sink([](std::string_view line) { lines.emplace_back(line.substr(line.find("level"))); });
  }
  ~Caught() {
    set_log_sink(nullptr);
    set_log_format(LogFormat::kLogfmt);
    set_log_level(LogLevel::kInfo);
  }
};
}  // namespace

TEST_CASE("logfmt quotes what needs it, and a value cannot start a line of its own") {
  const Caught caught;
  log_info("Server is ready", "n", 3, "path", "a b", "evil", "x\ny=\"1\"", "empty", "");
  REQUIRE(lines.size() == 1);
  CHECK(lines[0] == R"(level=INFO msg="Server is ready" n=3 path="a b" evil="x\ny=\"1\"" empty="")");
}

TEST_CASE("JSON lines are objects of strings") {
  const Caught caught;
  set_log_format(LogFormat::kJson);
  log_warn("x", "k", "a\"b\\\n\x01");
  REQUIRE(lines.size() == 1);
  CHECK(lines[0] == R"(level":"WARN","msg":"x","k":"a\"b\\\n\u0001"})");
}

TEST_CASE("lines below the level are not written") {
  const Caught caught;
  log_debug("hidden");
  set_log_level(LogLevel::kError);
  log_warn("hidden too");
  log_error("seen");
  CHECK(lines.size() == 1);
}

TEST_CASE("a guard reports each text once and passes nothing on") {
  const Caught caught;
  for (int i = 0; i < 3; ++i) CHECK(!guard("test", [] { throw Error(ErrorKind::kIo, "disk is on fire"); }));
  CHECK(guard("test", [] {}));
  REQUIRE(lines.size() == 1);
  CHECK(lines[0] == R"(level=ERROR msg="Unit of work failed" work=test err="disk is on fire")");
}

TEST_CASE("a budget refuses what exceeds it or its parent, and then charges nothing") {
  Budget total(100, "all queries");
  {
    Budget one(80, "query", &total);
    one.charge(60);
    CHECK_THROWS_AS(one.charge(30), Error);
    CHECK(one.used() == 60);
    Budget two(80, "query", &total);
    CHECK_THROWS_AS(two.charge(50), Error);
    CHECK(two.used() == 0);
    CHECK(total.used() == 60);
    one.release(20);
    two.charge(50);
    CHECK(total.peak() == 90);
  }
  CHECK(total.used() == 0);
}
