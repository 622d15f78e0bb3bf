#include "config/docker_sd.h"

#include "config/to_config.h"

namespace hearth {

namespace {

void fill_daemon(const Value& item, DockerDaemon& daemon) {
  daemon.host = item["host"].text;
  daemon.port = item["port"].integer;
  for (const Value& filter : item["filters"].items) {
    daemon.filters.push_back({filter["name"].text, filter["values"].strings()});
  }
  daemon.refresh_interval = item["refresh_interval"].integer;
  daemon.http_client = to_http_client_config(item);
}

}  // namespace

std::vector<DockerSdConfig> to_docker_sd_configs(const Value& list) {
  std::vector<DockerSdConfig> out;
  for (const Value& item : list.items) {
    if (!item.present) continue;
    DockerSdConfig& config = out.emplace_back();
    fill_daemon(item, config);
    config.host_networking_host = item["host_networking_host"].text;
    config.match_first_network = item["match_first_network"].flag();
  }
  return out;
}

std::vector<DockerSwarmSdConfig> to_dockerswarm_sd_configs(const Value& list) {
  std::vector<DockerSwarmSdConfig> out;
  for (const Value& item : list.items) {
    if (!item.present) continue;
    DockerSwarmSdConfig& config = out.emplace_back();
    fill_daemon(item, config);
    config.role = item["role"].text;
  }
  return out;
}

}  // namespace hearth
