// The mechanisms that ask a server for targets, one file each.
#pragma once

#include <memory>
#include <string>

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
#include "scraper/discovery/discovery.h"

namespace hearth {

std::unique_ptr<Discovery> make_http_discovery(const HttpSdConfig& config,
                                               const DiscoveryContext& context);
std::unique_ptr<Discovery> make_dns_discovery(const DnsSdConfig& config,
                                              const DiscoveryContext& context,
                                              const std::string& resolv_conf = "/etc/resolv.conf");
std::unique_ptr<Discovery> make_consul_discovery(const ConsulSdConfig& config,
                                                 const DiscoveryContext& context);
std::unique_ptr<Discovery> make_docker_discovery(const DockerSdConfig& config,
                                                 const DiscoveryContext& context);
std::unique_ptr<Discovery> make_dockerswarm_discovery(const DockerSwarmSdConfig& config,
                                                      const DiscoveryContext& context);
std::unique_ptr<Discovery> make_kubernetes_discovery(const KubernetesSdConfig& config,
                                                     const DiscoveryContext& context);

// `api`: where the provider's API is; "" = its public place.
std::unique_ptr<Discovery> make_digitalocean_discovery(
    const DigitaloceanSdConfig& config, const DiscoveryContext& context,
    const std::string& api = "https://api.digitalocean.com");
std::unique_ptr<Discovery> make_hetzner_discovery(const HetznerSdConfig& config,
                                                  const DiscoveryContext& context,
                                                  const std::string& api = "");
std::unique_ptr<Discovery> make_openstack_discovery(const OpenstackSdConfig& config,
                                                    const DiscoveryContext& context);

// Where a machine of the provider asks who it is, and what else has a fixed place.
struct AwsEndpoints {
  std::string metadata = "http://169.254.169.254";
  std::string container = "http://169.254.170.2";
  std::string sts;  // "" = by region
};
std::unique_ptr<Discovery> make_ec2_discovery(const Ec2SdConfig& config,
                                              const DiscoveryContext& context,
                                              const AwsEndpoints& endpoints = {});

struct GceEndpoints {
  std::string metadata = "http://metadata.google.internal";
  std::string compute = "https://compute.googleapis.com";
};
std::unique_ptr<Discovery> make_gce_discovery(const GceSdConfig& config,
                                              const DiscoveryContext& context,
                                              const GceEndpoints& endpoints = {});

struct AzureEndpoints {
  std::string metadata = "http://169.254.169.254";
  std::string login, management;  // "" = those of the configured environment
};
std::unique_ptr<Discovery> make_azure_discovery(const AzureSdConfig& config,
                                                const DiscoveryContext& context,
                                                const AzureEndpoints& endpoints = {});

}  // namespace hearth
