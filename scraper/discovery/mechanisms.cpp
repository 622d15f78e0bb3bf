#include "scraper/discovery/mechanisms.h"

#include "scraper/discovery/makers.h"

namespace hearth {
namespace {

struct Name {
  const char* operator()(const std::vector<TargetGroup>&) const { return "static"; }
  const char* operator()(const FileSdConfig&) const { return "file"; }
  const char* operator()(const HttpSdConfig&) const { return "http"; }
  const char* operator()(const DnsSdConfig&) const { return "dns"; }
  const char* operator()(const ConsulSdConfig&) const { return "consul"; }
  const char* operator()(const DockerSdConfig&) const { return "docker"; }
  const char* operator()(const DockerSwarmSdConfig&) const { return "dockerswarm"; }
  const char* operator()(const Ec2SdConfig&) const { return "ec2"; }
  const char* operator()(const GceSdConfig&) const { return "gce"; }
  const char* operator()(const AzureSdConfig&) const { return "azure"; }
  const char* operator()(const HetznerSdConfig&) const { return "hetzner"; }
  const char* operator()(const DigitaloceanSdConfig&) const { return "digitalocean"; }
  const char* operator()(const OpenstackSdConfig&) const { return "openstack"; }
  const char* operator()(const KubernetesSdConfig&) const { return "kubernetes"; }
};

struct Make {
  const DiscoveryContext& context;
  using Made = std::unique_ptr<Discovery>;
  Made operator()(const std::vector<TargetGroup>& groups) const {
    return make_static_discovery(groups);
  }
  Made operator()(const FileSdConfig& config) const { return make_file_discovery(config, context); }
  Made operator()(const HttpSdConfig& config) const { return make_http_discovery(config, context); }
  Made operator()(const DnsSdConfig& config) const { return make_dns_discovery(config, context); }
  Made operator()(const ConsulSdConfig& config) const {
    return make_consul_discovery(config, context);
  }
  Made operator()(const DockerSdConfig& config) const {
    return make_docker_discovery(config, context);
  }
  Made operator()(const DockerSwarmSdConfig& config) const {
    return make_dockerswarm_discovery(config, context);
  }
  Made operator()(const Ec2SdConfig& config) const { return make_ec2_discovery(config, context); }
  Made operator()(const GceSdConfig& config) const { return make_gce_discovery(config, context); }
  Made operator()(const AzureSdConfig& config) const { return make_azure_discovery(config, context); }
  Made operator()(const HetznerSdConfig& config) const { return make_hetzner_discovery(config, context); }
  Made operator()(const DigitaloceanSdConfig& config) const { return make_digitalocean_discovery(config, context); }
  Made operator()(const OpenstackSdConfig& config) const { return make_openstack_discovery(config, context); }
  Made operator()(const KubernetesSdConfig& config) const {
    return make_kubernetes_discovery(config, context);
  }
};

}  // namespace

std::vector<DiscoveryConfig> split(const DiscoveryConfigs& configs) {
  std::vector<DiscoveryConfig> all;
  const auto append = [&](const auto& some) { all.insert(all.end(), some.begin(), some.end()); };
  append(configs.file_sd_configs);
  append(configs.http_sd_configs);
  append(configs.dns_sd_configs);
  append(configs.consul_sd_configs);
  append(configs.docker_sd_configs);
  append(configs.dockerswarm_sd_configs);
  append(configs.ec2_sd_configs);
  append(configs.gce_sd_configs);
  append(configs.azure_sd_configs);
  append(configs.hetzner_sd_configs);
  append(configs.digitalocean_sd_configs);
  append(configs.openstack_sd_configs);
  append(configs.kubernetes_sd_configs);
  all.emplace_back(configs.static_configs);
  return all;
}

std::unique_ptr<Discovery> make_discovery(const DiscoveryConfig& config,
                                          const DiscoveryContext& context) {
  return std::visit(Make{context}, config);
}

const char* mechanism_name(const DiscoveryConfig& config) { return std::visit(Name(), config); }

}  // namespace hearth
