// From Consul's answers to target groups. Pure.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "config/discovery_configs.h"

namespace hearth {

struct ConsulService {
  std::string name;
  std::vector<std::string> tags;
};

// Of /v1/catalog/services. Each throws Error(kBadData) for an answer of another form.
std::vector<ConsulService> parse_consul_services(std::string_view answer);

// Of /v1/agent/self: the datacenter of the agent.
std::string parse_consul_datacenter(std::string_view answer);

// Of /v1/health/service/<name>: its instances.
TargetGroup consul_group(std::string_view answer, const std::string& service,
                         const std::string& datacenter, const std::string& tag_separator);

}  // namespace hearth
