#include "scraper/target.h"

#include <doctest/doctest.h>

#include "core/error.h"

namespace hearth {
namespace {

ScrapeConfig job() {
  ScrapeConfig config;
  config.job_name = "j";
  return config;
}

RelabelRule replace(const std::string& target_label, const std::string& replacement) {
  RelabelRule rule;
  rule.target_label = target_label;
  rule.replacement = replacement;
  return rule;
}

TEST_CASE("a job's defaults fill a discovered target, and no port is added") {
  const ResolvedTarget resolved = resolve_target(Labels{{"__address__", "host"}, {"__meta_x", "y"}, {"env", "e"}}, job());
  REQUIRE(resolved.labels);
  CHECK(labels_text(*resolved.labels) ==
        R"({__address__="host", __always_scrape_classic_histograms__="false", )"
        R"(__convert_classic_histograms_to_nhcb__="false", __metrics_path__="/metrics", __scheme__="http", )"
        R"(__scrape_interval__="1m", __scrape_native_histograms__="false", )"
        R"(__scrape_timeout__="10s", env="e", instance="host", job="j"})");
  CHECK(resolved.discovered.get("__meta_x") == "y");
  CHECK(resolved.discovered.get("job") == "j");
  CHECK_FALSE(resolved.discovered.has("instance"));
}

TEST_CASE("labels override scheme, path, parameters, interval and timeout") {
  ScrapeConfig config = job();
  config.params = {{"a", {"1", "2"}}, {"b", {"x y&z"}}};
  const ResolvedTarget resolved = resolve_target(
      Labels{{"__address__", "[::1]:9"}, {"__scheme__", "https"}, {"__metrics_path__", "/a b?c"},
             {"__scrape_interval__", "5s"}, {"__scrape_timeout__", "1s"}, {"instance", "i"}},
      config);
  REQUIRE(resolved.labels);
  LabelsBuilder changed(*resolved.labels);
  changed.set("__param_a", "9");
  changed.set("__param_c", "new");
  const Target target({}, changed.build(), std::make_shared<const ScrapeConfig>(config));
  CHECK(target.url() == "https://[::1]:9/a%20b%3Fc?a=9&a=2&b=x+y%26z&c=new");
  CHECK(target.interval() == 5000);
  CHECK(target.timeout() == 1000);
  CHECK(target.labels() == Labels{{"instance", "i"}, {"job", "j"}});
}

std::string refusal(const Labels& discovered, const ScrapeConfig& config) {
  try {
    resolve_target(discovered, config);
    return "";
  } catch (const Error& error) {
    return error.what();
  }
}

TEST_CASE("targets that cannot be scraped are refused in Prometheus' words") {
  const Labels address{{"__address__", "a:1"}};
  const auto with = [](const char* label, const char* value) {
    ScrapeConfig config = job();
    config.relabel_configs = {replace(label, value)};
    return config;
  };
  CHECK(refusal(Labels{{"x", "y"}}, job()) == "no address");
  CHECK(refusal(Labels{{"__address__", "http://a"}}, job()) == "\"http://a\" is not a valid hostname");
  CHECK(refusal(address, with("__scrape_interval__", "0s")) == "scrape interval cannot be 0");
  CHECK(refusal(address, with("__scrape_timeout__", "0s")) == "scrape timeout cannot be 0");
  CHECK(refusal(address, with("__scrape_interval__", "x")) ==
        "error parsing scrape interval: not a valid duration string: \"x\"");
  CHECK(refusal(address, with("__scrape_timeout__", "2m")) ==
        "scrape timeout cannot be greater than scrape interval (\"2m\" > \"1m\")");
  CHECK(refusal(address, with("l", "\xff")) == "invalid label value for \"l\": \"\\xff\"");
}

TEST_CASE("a dropped target keeps what was discovered") {
  ScrapeConfig config = job();
  RelabelRule drop;
  drop.source_labels = {"env"};
  drop.regex_text = "dev";
  drop.regex = Regex("dev");
  drop.action = RelabelAction::kDrop;
  config.relabel_configs = {drop};
  CHECK_FALSE(resolve_target(Labels{{"__address__", "a:1"}, {"env", "dev"}}, config).labels);
  CHECK(resolve_target(Labels{{"__address__", "a:1"}, {"env", "prod"}}, config).labels);
}

TEST_CASE("the identity of a target is its labels and its URL") {
  const auto config = std::make_shared<const ScrapeConfig>(job());
  const auto hash = [&](const Labels& discovered) {
    return Target({}, *resolve_target(discovered, *config).labels, config).hash();
  };
  CHECK(hash({{"__address__", "a:1"}}) == hash({{"__address__", "a:1"}, {"__meta_x", "y"}}));
  CHECK(hash({{"__address__", "a:1"}}) != hash({{"__address__", "a:2"}}));
  CHECK(hash({{"__address__", "a:1"}}) != hash({{"__address__", "a:1"}, {"env", "x"}}));
}

}  // namespace
}  // namespace hearth
