#include "web/api_relabel.h"

#include <doctest/doctest.h>

#include "tests/web/test_server.h"

namespace hearth::web {
namespace {

RelabelRule replace(std::vector<std::string> sources, const char* regex, const char* target,
                    const char* replacement) {
  RelabelRule rule;
  rule.source_labels = std::move(sources);
  rule.regex_text = regex;
  rule.regex = Regex(regex);
  rule.target_label = target;
  rule.replacement = replacement;
  return rule;
}

std::string rule_text(const RelabelRule& rule) {
  std::string out;
  append_relabel_rule(out, rule);
  return out;
}

std::string steps(TestServer& server, const std::string& parameters) {
  return server.get("/api/v1/targets/relabel_steps?" + parameters).body;
}

}  // namespace

TEST_CASE("a rule is shown with its defaults and without what is not set") {
  CHECK(
      rule_text(replace({"a", "b"}, "(.+)", "c", "<$1>")) ==
      R"-({"source_labels":["a","b"],"separator":";","regex":"(.+)","target_label":"c","replacement":"\u003c$1\u003e","action":"replace"})-");
  RelabelRule hash;
  hash.action = RelabelAction::kHashMod;
  hash.modulus = 18446744073709551615u;
  hash.target_label = "shard";
  CHECK(
      rule_text(hash) ==
      R"-({"separator":";","regex":"(.*)","modulus":18446744073709551615,"target_label":"shard","replacement":"$1","action":"hashmod"})-");
}

TEST_CASE("relabel steps show what each rule makes of the labels, until one drops them") {
  TestServer server;
  auto config = std::make_shared<Config>();
  ScrapeConfig job;
  job.job_name = "j";
  RelabelRule drop;
  drop.action = RelabelAction::kDrop;
  drop.source_labels = {"b"};
  drop.regex_text = "2x";
  drop.regex = Regex("2x");
  job.relabel_configs = {replace({"a"}, "(.*)", "b", "${1}x"), drop,
                         replace({"b"}, "(.*)", "c", "$1")};
  config->scrape_configs = {job};
  server.scraper.apply(config);

  const std::string first = rule_text(job.relabel_configs[0]), second = rule_text(drop),
                    third = rule_text(job.relabel_configs[2]);
  CHECK(steps(server, "scrapePool=j&labels=%7B%22a%22%3A%221%22%7D") ==
        R"({"status":"success","data":{"steps":[{"rule":)" + first +
            R"(,"output":{"a":"1","b":"1x"},"keep":true},{"rule":)" + second +
            R"(,"output":{"a":"1","b":"1x"},"keep":true},{"rule":)" + third +
            R"(,"output":{"a":"1","b":"1x","c":"1x"},"keep":true}]}})");
  CHECK(steps(server, "scrapePool=j&labels=%7B%22a%22%3A%222%22%7D") ==
        R"({"status":"success","data":{"steps":[{"rule":)" + first +
            R"(,"output":{"a":"2","b":"2x"},"keep":true},{"rule":)" + second +
            R"(,"output":{},"keep":false},{"rule":)" + third + R"(,"output":{},"keep":false}]}})");
  server.scraper.stop();
}

TEST_CASE("relabel steps need a pool and labels") {
  TestServer server;
  const auto bad = [](const std::string& text) {
    return R"({"status":"error","errorType":"bad_data","error":")" + text + "\"}";
  };
  CHECK(steps(server, "") == bad("no scrapePool parameter provided"));
  CHECK(steps(server, "scrapePool=j") == bad("no labels parameter provided"));
  CHECK(steps(server, "scrapePool=j&labels=%7B%7D") ==
        bad(R"(error getting scrape config: scrape pool \"j\" not found)"));
  CHECK(steps(server, "scrapePool=j&labels=%7B").find("error parsing labels: ") !=
        std::string::npos);
  CHECK(steps(server, "scrapePool=j&labels=%5B%5D").find("error parsing labels: ") !=
        std::string::npos);
  CHECK(steps(server, "scrapePool=j&labels=%7B%22a%22%3A1%7D").find("error parsing labels: ") !=
        std::string::npos);
}

}  // namespace hearth::web
