#include "config/to_config.h"

namespace hearth {

Labels to_labels(const Value& map) {
  std::vector<std::pair<std::string, std::string>> pairs;
  for (size_t i = 0; i < map.items.size(); ++i) pairs.emplace_back(map.keys[i], map.items[i].text);
  return Labels::from_pairs(std::move(pairs));
}

namespace {

std::vector<TargetGroup> to_target_groups(const Value& groups) {
  std::vector<TargetGroup> out;
  for (size_t i = 0; i < groups.items.size(); ++i) {
    TargetGroup group;
    group.source = std::to_string(i);
    for (const Value& target : groups.items[i]["targets"].items) {
      group.targets.push_back(Labels{{"__address__", target.text}});
    }
    group.labels = to_labels(groups.items[i]["labels"]);
    out.push_back(std::move(group));
  }
  return out;
}

std::vector<FileSdConfig> to_file_sd_configs(const Value& list) {
  std::vector<FileSdConfig> out;
  for (const Value& file : list.items) {
    if (!file.present) continue;
    out.push_back(FileSdConfig{file["files"].strings(), file["refresh_interval"].integer});
  }
  return out;
}

}  // namespace

DiscoveryConfigs to_discovery_configs(const Value& owner) {
  DiscoveryConfigs out;
  out.static_configs = to_target_groups(owner["static_configs"]);
  out.file_sd_configs = to_file_sd_configs(owner["file_sd_configs"]);
  return out;
}

}  // namespace hearth
