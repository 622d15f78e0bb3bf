// `docker_sd_configs` and `dockerswarm_sd_configs`: what a Docker daemon runs.
#pragma once

#include <string>
#include <vector>

#include "config/http_client_config.h"
#include "core/clock.h"

namespace hearth {

struct Value;

struct DockerFilter {
  std::string name;
  std::vector<std::string> values;
  bool operator==(const DockerFilter&) const = default;
};

// What both ask with.
struct DockerDaemon {
  std::string host;  // unix:///var/run/docker.sock, tcp://..., http://..., https://...
  int64_t port = 80;
  std::vector<DockerFilter> filters;
  DurationMs refresh_interval = 60'000;
  HttpClientConfig http_client;  // of http and https
  bool operator==(const DockerDaemon&) const = default;
};

struct DockerSdConfig : DockerDaemon {
  std::string host_networking_host = "localhost";
  bool match_first_network = true;
  bool operator==(const DockerSdConfig&) const = default;
};

struct DockerSwarmSdConfig : DockerDaemon {
  std::string role;  // services, tasks, nodes
  bool operator==(const DockerSwarmSdConfig&) const = default;
};

std::vector<DockerSdConfig> to_docker_sd_configs(const Value& list);
std::vector<DockerSwarmSdConfig> to_dockerswarm_sd_configs(const Value& list);

}  // namespace hearth
