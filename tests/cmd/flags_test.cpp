#include "cmd/flags.h"

#include <doctest/doctest.h>

#include "cmd/retention.h"
#include "core/error.h"
#include "core/memory.h"

using namespace hearth;

namespace {
ServerFlags parsed(std::vector<std::string> arguments) { return parse_server_flags(arguments); }
std::string refusal(std::vector<std::string> arguments) {
  try {
    parse_server_flags(arguments);
  } catch (const Error& error) {
    return error.what();
  }
  return "accepted";
}
}  // namespace

TEST_CASE("without flags, the defaults are Prometheus'") {
  const ServerFlags flags = parsed({});
  CHECK(flags.config_file == "prometheus.yml");
  CHECK(flags.storage_path == "data/");
  CHECK(flags.retention_time == 15LL * 24 * 3'600'000);
  CHECK(flags.lookback_delta == 300'000);
  CHECK(flags.query_timeout == 120'000);
  CHECK(flags.max_concurrency == 20);
  CHECK(flags.max_samples == 50'000'000);
  CHECK(flags.listen_addresses == std::vector<std::string>{"0.0.0.0:9090"});
  CHECK(flags.all.at("storage.tsdb.retention.time") == "15d");
  CHECK(flags.all.at("storage.tsdb.max-block-duration") == "1d12h");
  CHECK(flags.all.at("query.max-samples") == "50000000");
  CHECK(flags.all.at("web.enable-lifecycle") == "false");
  CHECK(flags.warnings.empty());
}

TEST_CASE("values stand behind '=' or in the next word; booleans take none and can be negated") {
  const ServerFlags flags = parsed({"--query.timeout=30s", "--query.max-concurrency", "3", "--web.enable-lifecycle",
                                    "--no-storage.tsdb.wal-compression", "--web.listen-address=:1", "--web.listen-address", ":2"});
  CHECK(flags.query_timeout == 30'000);
  CHECK(flags.max_concurrency == 3);
  CHECK(flags.enable_lifecycle);
  CHECK(!flags.wal_compression);
  CHECK(flags.listen_addresses == std::vector<std::string>{":1", ":2"});
  CHECK(flags.all.at("query.timeout") == "30s");
}

TEST_CASE("a retention by size alone switches the retention by time off") {
  const ServerFlags flags = parsed({"--storage.tsdb.retention.size=10GB"});
  CHECK(flags.retention_time == 0);
  CHECK(flags.retention_bytes == 10ull << 30);
  CHECK(flags.all.at("storage.tsdb.max-block-duration") == "31d");
  CHECK(retention_text(retention_limits(flags, {})) == "10GiB");
}

TEST_CASE("wrong flags are refused in words that name them") {
  CHECK(refusal({"--storage.tsdb.pth=x"}) == "unknown long flag '--storage.tsdb.pth'; the nearest known one is '--storage.tsdb.path'");
  CHECK(refusal({"--no-web.listen-address"}).starts_with("unknown long flag '--no-web.listen-address'"));
  CHECK(refusal({"-x"}) == "unknown short flag '-x'");
  CHECK(refusal({"extra"}) == "unexpected extra");
  CHECK(refusal({"--web.enable-lifecycle=true"}) == "unexpected true");
  CHECK(refusal({"--query.timeout"}) == "expected argument for flag '--query.timeout'");
  CHECK(refusal({"--query.timeout=1m", "--query.timeout=2m"}) == "flag 'query.timeout' cannot be repeated");
  CHECK(refusal({"--query.timeout=abc"}) == "invalid value for --query.timeout: not a valid duration string: \"abc\"");
  CHECK(refusal({"--query.max-concurrency=x"}).starts_with("invalid value for --query.max-concurrency"));
  CHECK(refusal({"--query.max-concurrency=0"}).starts_with("invalid value for --query.max-concurrency"));
  CHECK(refusal({"--log.level=loud"}) == "invalid value for --log.level: enum value must be one of debug,info,warn,error, got 'loud'");
  CHECK(refusal({"--storage.tsdb.wal-segment-size=1MB"}).find("between 10MB and 256MB") != std::string::npos);
  CHECK(refusal({"--web.cors.origin=("}).find("could not compile CORS regex string \"(\"") == 0);
}

TEST_CASE("what is accepted without effect, and features that are not known, are told once") {
  const ServerFlags flags = parsed({"--rules.max-concurrent-evals=2", "--enable-feature=promql-experimental-functions,nonsense", "--auto-gomaxprocs"});
  CHECK(flags.feature("promql-experimental-functions"));
  CHECK(!flags.feature("nonsense"));
  REQUIRE(flags.warnings.size() == 2);
  CHECK(flags.warnings[0].find("\"nonsense\"") != std::string::npos);
  CHECK(flags.warnings[1].find("--rules.max-concurrent-evals") != std::string::npos);
}

TEST_CASE("the help names every visible flag and no hidden one") {
  const std::string help = server_help();
  CHECK(help.find("--storage.tsdb.retention.time") != std::string::npos);
  CHECK(help.find("--[no-]web.enable-lifecycle") != std::string::npos);
  CHECK(help.find("wal-segment-size") == std::string::npos);
}

TEST_CASE("the memory for series is given in bytes or as a part of what there is") {
  CHECK(parsed({"--storage.max-memory=6GB"}).max_memory == 6ull << 30);
  CHECK(parsed({"--storage.max-memory=0"}).max_memory == 0);
  const ServerFlags half = parsed({"--storage.max-memory=50%"});
  CHECK(half.max_memory == memory_limit() / 2);
  CHECK(parsed({}).max_memory > half.max_memory);
  for (const char* wrong : {"--storage.max-memory=101%", "--storage.max-memory=-1%", "--storage.max-memory=much"})
    CHECK(refusal({wrong}) != "accepted");
}

TEST_CASE("the remote write messages that are accepted are both, or those that are named") {
  CHECK(!parsed({}).enable_remote_write);
  CHECK(parsed({"--web.enable-remote-write-receiver"}).enable_remote_write);
  CHECK(parsed({}).accepts_write_v1);
  CHECK(parsed({}).accepts_write_v2);
  const std::string flag = "--web.remote-write-receiver.accepted-protobuf-messages=";
  CHECK(!parsed({flag + "prometheus.WriteRequest"}).accepts_write_v2);
  CHECK(parsed({flag + "prometheus.WriteRequest", flag + "io.prometheus.write.v2.Request"}).accepts_write_v2);
  CHECK(refusal({flag + "other"}).find("unknown type for remote write protobuf message other") == 0);
}
