// Requests to a Docker daemon, and what containers and swarms have in common.
#pragma once

#include <map>
#include <string>

#include "config/docker_sd.h"
#include "scraper/discovery/json_value.h"
#include "scraper/discovery/meta_labels.h"
#include "scraper/discovery/refresh.h"

namespace hearth {

// Immutable.
class DockerClient {
 public:
  // Throws Error(kBadData) for a host that it cannot reach.
  DockerClient(const DockerDaemon& daemon, const DiscoveryContext& context);

  // A prefix of paths, "/v1.47": the newest version that both sides speak. Throws Error, as all
  // below.
  std::string version(Conversation& conversation) const;
  // "/containers/json": all that the filters let through; all, where they are not to count.
  JsonValue list(Conversation& conversation, const std::string& path, bool filtered) const;

 private:
  HttpRequest request(const std::string& path) const;
  HttpResponse send(Conversation& conversation, const std::string& path) const;

  const DockerDaemon daemon_;
  const std::shared_ptr<HttpAuthority> authority_;
  const std::string user_agent_;
  std::string base_, unix_socket_;
  bool web_ = false;     // reached as http_config says
  std::string filters_;  // as a parameter of the URL; "" = none
};

// Adds all of a map of Docker labels.
void add_docker_labels(const JsonValue& map, const std::string& prefix, LabelPairs& labels);

// Labels by network id, named `prefix`network_...
std::map<std::string, LabelPairs> docker_networks(const JsonValue& networks,
                                                  const std::string& prefix);

}  // namespace hearth
