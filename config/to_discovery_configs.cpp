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
  out.http_sd_configs = to_http_sd_configs(owner["http_sd_configs"]);
  out.dns_sd_configs = to_dns_sd_configs(owner["dns_sd_configs"]);
  out.consul_sd_configs = to_consul_sd_configs(owner["consul_sd_configs"]);
  out.docker_sd_configs = to_docker_sd_configs(owner["docker_sd_configs"]);
  out.dockerswarm_sd_configs = to_dockerswarm_sd_configs(owner["dockerswarm_sd_configs"]);
  out.kubernetes_sd_configs = to_kubernetes_sd_configs(owner["kubernetes_sd_configs"]);
  out.ec2_sd_configs = to_ec2_sd_configs(owner["ec2_sd_configs"]);
  out.gce_sd_configs = to_gce_sd_configs(owner["gce_sd_configs"]);
  out.azure_sd_configs = to_azure_sd_configs(owner["azure_sd_configs"]);
  out.hetzner_sd_configs = to_hetzner_sd_configs(owner["hetzner_sd_configs"]);
  out.digitalocean_sd_configs = to_digitalocean_sd_configs(owner["digitalocean_sd_configs"]);
  out.openstack_sd_configs = to_openstack_sd_configs(owner["openstack_sd_configs"]);
  return out;
}

}  // namespace hearth
