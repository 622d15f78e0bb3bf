// Where targets come from, as plain structs. Each mechanism with more than a few fields has a header of
// its own, <kind>_sd.h, and a .cpp that fills it.
#pragma once

#include <string>
#include <vector>

#include "config/azure_sd.h"
#include "config/consul_sd.h"
#include "config/digitalocean_sd.h"
#include "config/dns_sd.h"
#include "config/docker_sd.h"
#include "config/ec2_sd.h"
#include "config/gce_sd.h"
#include "config/hetzner_sd.h"
#include "config/http_sd.h"
#include "config/kubernetes_sd.h"
#include "config/openstack_sd.h"
#include "core/clock.h"
#include "core/labels.h"

namespace hearth {

// Targets with common labels. `source` names where they came from, unique within a discovery.
struct TargetGroup {
  std::string source;
  std::vector<Labels> targets;  // each has __address__
  Labels labels;
  bool operator==(const TargetGroup&) const = default;
};

struct FileSdConfig {
  std::vector<std::string> files;  // globs
  DurationMs refresh_interval = 5 * 60'000;
  bool operator==(const FileSdConfig&) const = default;
};

// All mechanisms of one owner: a job, or a group of Alertmanagers.
struct DiscoveryConfigs {
  std::vector<TargetGroup> static_configs;
  std::vector<FileSdConfig> file_sd_configs;
  std::vector<HttpSdConfig> http_sd_configs;
  std::vector<DnsSdConfig> dns_sd_configs;
  std::vector<ConsulSdConfig> consul_sd_configs;
  std::vector<DockerSdConfig> docker_sd_configs;
  std::vector<DockerSwarmSdConfig> dockerswarm_sd_configs;
  std::vector<KubernetesSdConfig> kubernetes_sd_configs;
  std::vector<Ec2SdConfig> ec2_sd_configs;
  std::vector<GceSdConfig> gce_sd_configs;
  std::vector<AzureSdConfig> azure_sd_configs;
  std::vector<HetznerSdConfig> hetzner_sd_configs;
  std::vector<DigitaloceanSdConfig> digitalocean_sd_configs;
  std::vector<OpenstackSdConfig> openstack_sd_configs;
  bool operator==(const DiscoveryConfigs&) const = default;
};

}  // namespace hearth
