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
#include "config/openstack_sd.h"
#include "scraper/discovery/discovery.h"

namespace hearth {

std::unique_ptr<Discovery> make_http_discovery(const HttpSdConfig& config, const DiscoveryContext& context);
std::unique_ptr<Discovery> make_dns_discovery(const DnsSdConfig& config, const DiscoveryContext& context,
                                              const std::string& resolv_conf = "/etc/resolv.conf");
std::unique_ptr<Discovery> make_consul_discovery(const ConsulSdConfig& config, const DiscoveryContext& context);
std::unique_ptr<Discovery> make_docker_discovery(const DockerSdConfig& config, const DiscoveryContext& context);
std::unique_ptr<Discovery> make_dockerswarm_discovery(const DockerSwarmSdConfig& config,
                                                      const DiscoveryContext& context);

}  // namespace hearth
