// `consul_sd_configs`: services of a Consul catalog and their instances.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "config/http_client_config.h"
#include "core/clock.h"

namespace hearth {

struct Value;

struct ConsulSdConfig {
  std::string server = "localhost:8500", scheme = "http", path_prefix;
  Secret token;
  std::string datacenter, namespace_name, partition;
  std::string tag_separator = ",";
  bool allow_stale = true;
  DurationMs refresh_interval = 30'000;
  std::vector<std::string> services, tags;  // empty: all
  std::map<std::string, std::string> node_meta;
  std::string filter, health_filter;  // of the catalog, of the instances
  HttpClientConfig http_client;       // with username and password, where they are given
  bool operator==(const ConsulSdConfig&) const = default;
};

std::vector<ConsulSdConfig> to_consul_sd_configs(const Value& list);

}  // namespace hearth
