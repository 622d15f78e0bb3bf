#include "scraper/pool.h"

#include <doctest/doctest.h>

#include "core/log.h"
#include "tests/scraper/fake_appender.h"

namespace hearth {
namespace {

std::shared_ptr<ScrapeConfig> hourly() {
  auto config = std::make_shared<ScrapeConfig>();
  config->job_name = "j";
  config->scrape_interval = 3'600'000;
  config->scrape_timeout = 1000;
  config->scrape_protocols = {ScrapeProtocol::kPrometheusText0_0_4};
  return config;
}

std::shared_ptr<const TargetGroup> group(const std::string& source,
                                         const std::vector<std::string>& addresses,
                                         const std::string& meta = "") {
  auto made = std::make_shared<TargetGroup>();
  made->source = source;
  made->labels = Labels{{"__meta_from", meta.empty() ? source : meta}};
  for (const std::string& address : addresses)
    made->targets.push_back(Labels{{"__address__", address}});
  return made;
}

// A pool whose targets are scraped in an hour.
struct Pooled {
  FakeAppender storage;
  Registry registry;
  ScrapeMetrics metrics{registry};
  ScraperOptions options;
  ScrapeSink sink{storage, system_clock(), metrics};
  Pool workers{1};
  ScrapeLoop loop{options, sink, workers};
  std::shared_ptr<ScrapeConfig> config = hourly();
  ScrapePool pool{config, loop, metrics, 0};

  ~Pooled() { loop.stop(); }
  void set(size_t discovery, std::shared_ptr<const TargetGroup> of) {
    pool.set_group(discovery, std::move(of));
  }
  // "a<x b<y": the addresses of the targets with the group that each is shown to be of.
  std::string targets() {
    if (pool.outdated()) pool.sync();
    std::map<std::string, std::string> sorted;
    for (const Target* target : pool.targets()) {
      const TargetStatus status = target->status();
      sorted[std::string(status.discovered_labels.get("__address__"))] =
          status.discovered_labels.get("__meta_from");
    }
    std::string text;
    for (const auto& [address, from] : sorted)
      text += (text.empty() ? "" : " ") + address + "<" + from;
    return text;
  }
  const Target* only() const { return pool.targets().at(0); }
};

TEST_CASE("groups come, change and go; targets that stay are the same ones") {
  Pooled pooled;
  CHECK(pooled.targets() == "");
  pooled.set(1, group("x", {"a:1", "b:1"}));
  pooled.set(2, group("x", {"c:1"}));
  CHECK(pooled.targets() == "a:1<x b:1<x c:1<x");
  pooled.set(1, group("x", {"b:1"}));
  pooled.set(2, group("x", {}));
  CHECK(pooled.targets() == "b:1<x");
  const Target* b = pooled.only();
  pooled.set(1, group("x", {"b:1"}, "elsewhere"));
  CHECK(pooled.targets() == "b:1<elsewhere");
  pooled.set(1, group("y", {"d:1"}));
  pooled.set(1, group("x", {}));
  pooled.set(3, group("z", {"b:1"}));  // moves from one group to another
  CHECK(pooled.targets() == "b:1<z d:1<y");
  pooled.pool.end_groups(1);
  CHECK(pooled.targets() == "b:1<z");
  CHECK(pooled.only() == b);
}

TEST_CASE("a target of several groups is one, shown as of one that still has it") {
  Pooled pooled;
  pooled.set(1, group("x", {"a:1", "a:1"}));
  pooled.set(1, group("y", {"a:1"}));
  CHECK(pooled.targets() == "a:1<y");
  const Target* a = pooled.only();
  pooled.set(1, group("y", {}));
  CHECK(pooled.targets() == "a:1<x");
  pooled.set(2, group("y", {"a:1"}));
  CHECK(pooled.targets() == "a:1<y");
  pooled.pool.end_groups(1);
  CHECK(pooled.targets() == "a:1<y");
  CHECK(pooled.only() == a);
  pooled.pool.end_groups(2);
  CHECK(pooled.targets() == "");
}

TEST_CASE("another configuration resolves all groups anew") {
  Pooled pooled;
  pooled.set(1, group("x", {"a:1", "b:1"}));
  pooled.set(2, group("y", {"a:1"}));
  CHECK(pooled.targets() == "a:1<y b:1<x");
  CHECK(pooled.pool.dropped_count() == 0);
  auto dropping = hourly();
  RelabelRule drop;
  drop.source_labels = {"__address__"};
  drop.regex_text = "a:1";
  drop.regex = Regex("a:1");
  drop.action = RelabelAction::kDrop;
  dropping->relabel_configs = {drop};
  pooled.pool.reload(dropping);
  CHECK(pooled.targets() == "b:1<x");
  CHECK(pooled.pool.dropped_count() == 2);
  CHECK(pooled.pool.dropped().size() == 2);
  CHECK(pooled.pool.dropped()[0].get("job") == "j");
  auto fewer = std::make_shared<ScrapeConfig>(*dropping);
  fewer->keep_dropped_targets = 1;
  pooled.pool.reload(fewer);
  CHECK(pooled.targets() == "b:1<x");
  CHECK(pooled.pool.dropped_count() == 2);
  CHECK(pooled.pool.dropped().size() == 1);
  pooled.pool.reload(hourly());
  CHECK(pooled.targets() == "a:1<y b:1<x");
  CHECK(pooled.pool.dropped_count() == 0);
}

TEST_CASE("over target_limit all targets fail, also those that come later; below it none") {
  Pooled pooled;
  auto limited = hourly();
  limited->target_limit = 1;
  pooled.pool.reload(limited);
  pooled.set(1, group("x", {"a:1", "b:1"}));
  pooled.targets();
  const auto errors = [&] {
    std::string text;
    for (const Target* target : pooled.pool.targets())
      text += const_cast<Target*>(target)->plan().forced_error + ";";
    return text;
  };
  const std::string two = "target_limit exceeded (number of targets: 2, limit: 1);";
  CHECK(errors() == two + two);
  pooled.set(1, group("y", {"c:1"}));
  pooled.targets();
  const std::string three = "target_limit exceeded (number of targets: 3, limit: 1);";
  CHECK(errors() == three + three + three);
  pooled.set(1, group("x", {}));
  pooled.targets();
  CHECK(errors() == ";");
}

TEST_CASE("a target that cannot be is counted, the others of its group work") {
  set_log_sink([](std::string_view) {});
  Pooled pooled;
  pooled.set(1, group("x", {"a:1", "b/c"}));
  CHECK(pooled.targets() == "a:1<x");
  CHECK(pooled.registry.text().find("prometheus_target_sync_failed_total{scrape_job=\"j\"} 1\n") !=
        std::string::npos);
  set_log_sink(nullptr);
}

}  // namespace
}  // namespace hearth
