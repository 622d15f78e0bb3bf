// Which mechanisms of discovery there are: a new one gets a line in each of the four places here.
#pragma once

#include <memory>
#include <variant>
#include <vector>

#include "scraper/discovery/discovery.h"

namespace hearth {

// One discovery as it is configured. Equal ones find the same.
using DiscoveryConfig =
    std::variant<std::vector<TargetGroup>, FileSdConfig, HttpSdConfig, DnsSdConfig, ConsulSdConfig,
                 DockerSdConfig, DockerSwarmSdConfig, KubernetesSdConfig, Ec2SdConfig, GceSdConfig, AzureSdConfig,
                 HetznerSdConfig, DigitaloceanSdConfig, OpenstackSdConfig>;

// Each on its own; static ones last.
std::vector<DiscoveryConfig> split(const DiscoveryConfigs& configs);

// Throws Error for what cannot work whatever comes (a file that it needs is not there, say).
std::unique_ptr<Discovery> make_discovery(const DiscoveryConfig& config,
                                          const DiscoveryContext& context);

const char* mechanism_name(const DiscoveryConfig& config);  // as the log calls it: "file"

}  // namespace hearth
