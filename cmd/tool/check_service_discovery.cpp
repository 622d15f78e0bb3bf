// hearthtool check service-discovery: what a job would scrape, before and after relabelling.
#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <filesystem>
#include <map>
#include <thread>

#include "cmd/tool/commands.h"
#include "config/load.h"
#include "core/error.h"
#include "core/json.h"
#include "core/mutex.h"
#include "scraper/discovery/discoveries.h"
#include "scraper/target.h"

namespace hearth {
namespace {

// What has been found so far. Thread-safe.
class Found {
 public:
  void take(const std::vector<GroupChange>& changes) {
    const MutexLock lock(mutex_);
    for (const GroupChange& change : changes) {
      if (change.group == nullptr) continue;
      groups_[{change.discovery, change.group->source}] = change.group;
    }
  }
  std::vector<Labels> targets() const {
    const MutexLock lock(mutex_);
    std::vector<Labels> out;
    for (const auto& item : groups_) {
      for (const Labels& target : item.second->targets) {
        LabelsBuilder labels(item.second->labels);
        for (const Label& label : target) labels.set(label.name, label.value);
        out.push_back(labels.build());
      }
    }
    return out;
  }

 private:
  mutable Mutex mutex_;
  std::map<std::pair<size_t, std::string>, std::shared_ptr<const TargetGroup>> groups_
      GUARDED_BY(mutex_);
};

std::string labels_json(LabelsView labels) {
  if (labels.empty()) return "{}";
  std::string out = "{";
  for (const Label& label : labels) {
    out += out.size() > 1 ? ",\n      " : "\n      ";
    append_json_string(out, label.name);
    out += ": ";
    append_json_string(out, label.value);
  }
  return out + "\n    }";
}

std::string result_json(const Labels& target, const ScrapeConfig& job) {
  std::string error;
  ResolvedTarget resolved;
  try {
    resolved = resolve_target(target, job);
  } catch (const Error& failed) {
    error = failed.what();
    resolved.discovered = with_job_defaults(target, job);
  }
  std::string out =
      "  {\n    \"discoveredLabels\": " + labels_json(resolved.discovered) +
      ",\n    \"labels\": " + labels_json(resolved.labels ? resolved.labels->view() : LabelsView());
  if (!error.empty()) {
    out += ",\n    \"error\": ";
    append_json_string(out, error);
  }
  return out + "\n  }";
}

// Whether it asks others: what is written down, here or in files, is known at once.
bool waits(const ScrapeConfig& job) {
  DiscoveryConfigs others = job;
  others.static_configs.clear();
  others.file_sd_configs.clear();
  return !(others == DiscoveryConfigs());
}

int check_service_discovery(const CommandInput& input) {
  Config config;
  try {
    config = load_config_file(input.arguments[0]);
  } catch (const Error& error) {
    fmt::print(stderr, "Cannot load config {}\n", error.what());
    return 1;
  }
  const auto job = std::find_if(
      config.scrape_configs.begin(), config.scrape_configs.end(),
      [&](const ScrapeConfig& scrape) { return scrape.job_name == input.arguments[1]; });
  if (job == config.scrape_configs.end()) {
    fmt::print(stderr, "Job {} not found. Select one of:\n", input.arguments[1]);
    for (const ScrapeConfig& scrape : config.scrape_configs) {
      fmt::print(stderr, "\t{}\n", scrape.job_name);
    }
    return 1;
  }
  Config only = config;
  only.scrape_configs = {*job};
  Registry registry;
  Found found;
  Discoveries discoveries(std::filesystem::path(input.arguments[0]).parent_path().string(),
                          registry,
                          [&](const std::vector<GroupChange>& changes) { found.take(changes); });
  discoveries.apply(only);
  if (waits(*job)) {
    std::this_thread::sleep_for(std::chrono::duration<double>(input.seconds("timeout")));
  }
  discoveries.stop();
  std::vector<std::string> results;
  for (const Labels& target : found.targets()) {
    std::string result = result_json(target, *job);
    if (std::find(results.begin(), results.end(), result) == results.end()) {
      results.push_back(std::move(result));
    }
  }
  std::string out;
  for (const std::string& result : results) out += (out.empty() ? "" : ",\n") + result;
  fmt::print("{}", out.empty() ? "[]" : "[\n" + out + "\n]");
  return 0;
}

}  // namespace

Command check_service_discovery_command() {
  return {"check service-discovery",
          "Perform service discovery for the given job name and report the results, including "
          "relabeling.",
          {{.name = "timeout",
            .value_name = "TIMEOUT",
            .fallback = "30s",
            .help = "The time to wait for discovery results.",
            .kind = CommandFlag::Kind::kDuration}},
          {{.name = "config-file", .help = "The prometheus config file.", .file = true},
           {.name = "job", .help = "The job to run service discovery for."}},
          check_service_discovery};
}

}  // namespace hearth
