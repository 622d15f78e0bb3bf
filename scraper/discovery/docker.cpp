// docker_sd: a target for each network and port of each running container.
#include <map>

#include "core/error.h"
#include "scraper/discovery/docker_daemon.h"
#include "scraper/discovery/makers.h"

namespace hearth {
namespace {

constexpr const char* kContainerMode = "container:";  // shares the network of that one

template <class Work>
auto while_(const char* what, Work work) {
  try {
    return work();
  } catch (const Error& error) {
    throw Error(error.kind(), std::string("error while ") + what + ": " + error.what());
  }
}

using Networks = std::vector<std::pair<std::string, JsonValue>>;

Networks networks_of(const JsonValue& container) {
  return container["NetworkSettings"]["Networks"].members();
}

std::string mode_of(const JsonValue& container) {
  return container["HostConfig"]["NetworkMode"].text();
}

// Those of the container whose network it shares, where it has none. A chain is no longer than all.
Networks shared_networks(const JsonValue& container, const std::map<std::string, JsonValue>& all) {
  Networks networks = networks_of(container);
  std::string mode = mode_of(container);
  for (size_t hops = 0; networks.empty() && mode.starts_with(kContainerMode) && hops < all.size();
       ++hops) {
    const auto other = all.find(mode.substr(std::string_view(kContainerMode).size()));
    if (other == all.end()) break;
    networks = networks_of(other->second);
    mode = mode_of(other->second);
  }
  return networks;
}

// Immutable.
class DockerMechanism {
 public:
  DockerMechanism(const DockerSdConfig& config, const DiscoveryContext& context)
      : config_(config), client_(config, context) {}

  std::vector<TargetGroup> ask(Conversation& conversation) const {
    std::string version;
    const JsonValue containers = while_("listing containers", [&] {
      version = client_.version(conversation);
      return client_.list(conversation, version + "/containers/json", true);
    });
    const auto networks = while_("computing network labels", [&] {
      return docker_networks(client_.list(conversation, version + "/networks", false),
                             "__meta_docker_");
    });
    std::map<std::string, JsonValue> by_id;
    for (const JsonValue& container : containers.items()) by_id[container["Id"].text()] = container;

    TargetGroup group;
    group.source = "Docker";
    for (const JsonValue& container : containers.items()) {
      if (container["Names"].items().empty()) continue;
      for (const auto& [name, network] : shared_networks(container, by_id)) {
        if (network.is_null()) continue;
        add_targets(container, network, networks, group.targets);
        if (config_.match_first_network) break;
      }
    }
    return {group};
  }

 private:
  void add_targets(const JsonValue& container, const JsonValue& network,
                   const std::map<std::string, LabelPairs>& networks,
                   std::vector<Labels>& targets) const;

  const DockerSdConfig config_;
  const DockerClient client_;
};

void DockerMechanism::add_targets(const JsonValue& container, const JsonValue& network,
                                  const std::map<std::string, LabelPairs>& networks,
                                  std::vector<Labels>& targets) const {
  std::string ip = network["IPAddress"].text();
  if (ip.empty()) ip = network["GlobalIPv6Address"].text();
  LabelPairs common = {{"__meta_docker_network_ip", ip},
                       {"__meta_docker_container_id", container["Id"].text()},
                       {"__meta_docker_container_name", container["Names"].texts().front()},
                       {"__meta_docker_container_network_mode", mode_of(container)}};
  add_docker_labels(container["Labels"], "__meta_docker_container_label_", common);
  if (const auto known = networks.find(network["NetworkID"].text()); known != networks.end()) {
    common.insert(common.end(), known->second.begin(), known->second.end());
  }
  bool added = false;
  for (const JsonValue& port : container["Ports"].items()) {
    if (port["Type"].text() != "tcp") continue;
    const int64_t inside = port["PrivatePort"].integer(), outside = port["PublicPort"].integer();
    LabelPairs labels = common;
    labels.emplace_back("__meta_docker_port_private", std::to_string(inside));
    if (outside > 0) {
      labels.emplace_back("__meta_docker_port_public", std::to_string(outside));
      labels.emplace_back("__meta_docker_port_public_ip", port["IP"].text());
    }
    labels.emplace_back("__address__", join_host_port(ip, inside));
    targets.push_back(Labels::from_pairs(std::move(labels)));
    added = true;
  }
  if (added) return;
  common.emplace_back("__address__", mode_of(container) == "host"
                                         ? config_.host_networking_host
                                         : join_host_port(ip, config_.port));
  targets.push_back(Labels::from_pairs(std::move(common)));
}

}  // namespace

std::unique_ptr<Discovery> make_docker_discovery(const DockerSdConfig& config,
                                                 const DiscoveryContext& context) {
  const auto mechanism = std::make_shared<const DockerMechanism>(config, context);
  return make_refreshed_discovery(
      context, "docker", config.refresh_interval,
      [mechanism](Conversation& conversation) { return mechanism->ask(conversation); });
}

}  // namespace hearth
