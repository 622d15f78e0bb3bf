// Where targets come from. Each mechanism has a file of its own here.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "config/config.h"
#include "core/metrics.h"

namespace hearth {

class DiscoveryWatcher;
class KubernetesApi;

// What has changed: each group replaces the one of its `source`; one without targets ends it.
using GroupUpdate = std::function<void(std::vector<TargetGroup> changed)>;

// start() is called once.
class Discovery {
 public:
  virtual ~Discovery() = default;  // ends it: no update is under way afterwards

  // Calls `update` whenever groups change, from any thread, one call at a time. What can be known at once
  // is told before it returns; it does not wait for the network.
  virtual void start(GroupUpdate update) = 0;
};

// What every discovery may use. The references outlive it.
struct DiscoveryContext {
  std::string job;  // the first that asked for it: `config` of metrics and log lines
  std::string dir;  // relative paths are below it
  Registry& registry;
  DiscoveryWatcher& watcher;
  std::string user_agent = "Prometheus/3.14.0";
  KubernetesApi* kubernetes = nullptr;  // for kubernetes_sd, which needs it
};

std::unique_ptr<Discovery> make_static_discovery(const std::vector<TargetGroup>& groups);
std::unique_ptr<Discovery> make_file_discovery(const FileSdConfig& config, const DiscoveryContext& context);

// Groups of a file_sd file: a JSON or YAML list of {targets, labels}. Throws Error(kBadData).
std::vector<TargetGroup> parse_target_groups_json(const std::string& text);
std::vector<TargetGroup> parse_target_groups_yaml(const std::string& text);

}  // namespace hearth
