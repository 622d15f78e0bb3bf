#include "scraper/discovery/discoveries.h"

#include <doctest/doctest.h>

#include <cstdlib>
#include <map>

#include "core/file.h"
#include "core/log.h"
#include "core/mutex.h"

namespace hearth {
namespace {

// What each job has been told: "job/discovery/source address..." for each of its groups.
class Told {
 public:
  Discoveries::Deliver deliver() {
    return [this](const std::vector<GroupChange>& changes) {
      MutexLock lock(mutex_);
      changes_ += changes.size();
      for (const GroupChange& change : changes) apply(change);
      told_.notify_all();
    };
  }
  std::string text() const {
    MutexLock lock(mutex_);
    return listed();
  }
  size_t changes() const {
    MutexLock lock(mutex_);
    return changes_;
  }
  // False after ten seconds without a delivery.
  bool wait_for(const std::string& wanted) {
    MutexLock lock(mutex_);
    while (listed() != wanted) {
      if (!told_.wait_for(mutex_, std::chrono::seconds(10))) return false;
    }
    return true;
  }

 private:
  std::string listed() const REQUIRES(mutex_) {
    std::string text;
    for (const auto& [key, addresses] : groups_) text += key + addresses + "\n";
    return text;
  }
  void apply(const GroupChange& change) REQUIRES(mutex_) {
    const std::string prefix = change.job + "/" + std::to_string(change.discovery) + "/";
    if (change.group == nullptr) {
      std::erase_if(groups_, [&](const auto& entry) { return entry.first.starts_with(prefix); });
      return;
    }
    std::string addresses;
    for (const Labels& target : change.group->targets)
      addresses += " " + std::string(target.get("__address__"));
    const std::string key =
        prefix + change.group->source.substr(change.group->source.rfind('/') + 1);
    groups_.erase(key);
    if (!addresses.empty()) groups_[key] = addresses;
  }

  mutable Mutex mutex_;
  CondVar told_;
  std::map<std::string, std::string> groups_ GUARDED_BY(mutex_);
  size_t changes_ GUARDED_BY(mutex_) = 0;
};

ScrapeConfig job(const std::string& name, const std::string& address,
                 const std::vector<std::string>& files = {}) {
  ScrapeConfig config;
  config.job_name = name;
  TargetGroup group;
  group.targets = {Labels{{"__address__", address}}};
  config.static_configs = {group};
  if (!files.empty()) config.file_sd_configs = {FileSdConfig{files, 200}};
  return config;
}

Config config_of(std::vector<ScrapeConfig> jobs) {
  Config config;
  config.scrape_configs = std::move(jobs);
  return config;
}

struct Running {
  TempDir dir;
  Registry registry;
  Told told;
  Discoveries discoveries{dir.path(), registry, told.deliver()};
  bool has_metric(const std::string& line) const {
    return registry.text().find(line) != std::string::npos;
  }
};

TEST_CASE("what is known at once has been delivered when a configuration is applied") {
  Running running;
  write_file(running.dir.path() + "/a.yml", "- targets: [f:1, f:2]\n");
  running.discoveries.apply(config_of({job("one", "s:1", {"a.yml"}), job("two", "s:2")}));
  CHECK(running.told.text() == "one/0/a.yml:0 f:1 f:2\none/1/0 s:1\ntwo/2/0 s:2\n");
  CHECK(running.has_metric("prometheus_sd_discovered_targets{config=\"one\",name=\"scrape\"} 3\n"));
  CHECK(running.has_metric("prometheus_sd_discovered_targets{config=\"two\",name=\"scrape\"} 1\n"));
  CHECK_FALSE(running.has_metric("prometheus_sd_updates_total{name=\"scrape\"} 0\n"));
  CHECK(running.has_metric("prometheus_sd_received_updates_total{name=\"scrape\"} 3\n"));
  CHECK(running.has_metric(
      "prometheus_sd_last_update_timestamp_seconds{config=\"one\",name=\"scrape\"}"));
}

TEST_CASE("a discovery that two jobs want is one, and stays as it is over a reload") {
  Running running;
  write_file(running.dir.path() + "/a.yml", "- targets: [f:1]\n");
  running.discoveries.apply(
      config_of({job("one", "s:1", {"a.yml"}), job("two", "s:1", {"a.yml"})}));
  CHECK(running.told.text() == "one/0/a.yml:0 f:1\none/1/0 s:1\ntwo/0/a.yml:0 f:1\ntwo/1/0 s:1\n");
  const size_t before = running.told.changes();
  running.discoveries.apply(
      config_of({job("one", "s:1", {"a.yml"}), job("two", "s:1", {"a.yml"})}));
  CHECK(running.told.changes() == before);

  // A job more gets what is known; one that no longer wants it loses it.
  running.discoveries.apply(config_of({job("two", "s:1"), job("three", "s:3", {"a.yml"})}));
  CHECK(running.told.text().find("three/0/a.yml:0 f:1\nthree/2/0 s:3\n") != std::string::npos);
  CHECK(running.told.text().find("two/1/0 s:1\n") != std::string::npos);
  CHECK(running.told.text().find("two/0/") == std::string::npos);
  CHECK(!running.has_metric("config=\"one\""));
}

TEST_CASE("changes are delivered by themselves, and nothing once it has stopped") {
  Running running;
  write_file(running.dir.path() + "/a.yml", "- targets: [f:1]\n");
  running.discoveries.apply(config_of({job("one", "s:1", {"a.yml"})}));
  write_file(running.dir.path() + "/a.yml", "- targets: [f:2]\n");
  CHECK(running.told.wait_for("one/0/a.yml:0 f:2\none/1/0 s:1\n"));
  running.discoveries.stop();
  running.discoveries.apply(config_of({}));
  CHECK(running.told.text() == "one/0/a.yml:0 f:2\none/1/0 s:1\n");
}

TEST_CASE("a discovery that cannot be made is counted and logged, the others work") {
  static std::string logged;
  logged.clear();
  set_log_sink([](std::string_view line) { logged += line; });
  unsetenv("KUBERNETES_SERVICE_HOST");
  {
    Running running;
    ScrapeConfig pods = job("pods", "s:1");
    pods.kubernetes_sd_configs.resize(1);
    running.discoveries.apply(config_of({pods}));
    CHECK(running.told.text().find(" s:1\n") != std::string::npos);
    CHECK(running.has_metric("prometheus_sd_failed_configs{name=\"scrape\"} 1\n"));
    CHECK(logged.find("Cannot create service discovery") != std::string::npos);
    CHECK(logged.find("unable to load in-cluster configuration") != std::string::npos);
    running.discoveries.apply(config_of({job("pods", "s:1")}));
    CHECK(running.has_metric("prometheus_sd_failed_configs{name=\"scrape\"} 0\n"));
  }
  set_log_sink(nullptr);
}

}  // namespace
}  // namespace hearth
