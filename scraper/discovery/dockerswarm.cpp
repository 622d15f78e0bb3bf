// dockerswarm_sd: the services, tasks or nodes of a Docker swarm.
#include <map>

#include "core/error.h"
#include "scraper/discovery/docker_daemon.h"
#include "scraper/discovery/makers.h"

namespace hearth {
namespace {

constexpr const char* kPrefix = "__meta_dockerswarm_";

using LabelsById = std::map<std::string, LabelPairs>;

void append(const LabelPairs& more, LabelPairs& labels) {
  labels.insert(labels.end(), more.begin(), more.end());
}

void append(const LabelsById& all, const std::string& id, LabelPairs& labels) {
  if (const auto found = all.find(id); found != all.end()) append(found->second, labels);
}

std::string parsed_address(const std::string& text) {
  try {
    return cidr_address(text);
  } catch (const Error& error) {
    throw Error(error.kind(), "error while parsing address " + text + ": " + error.what());
  }
}

std::string mode_of(const JsonValue& service) {
  const JsonValue mode = service["Spec"]["Mode"];
  if (!mode["Global"].is_null()) return "global";
  return mode["Replicated"].is_null() ? "" : "replicated";
}

// What services are known by, also on their tasks.
LabelPairs service_labels(const JsonValue& service) {
  LabelPairs labels = {{"__meta_dockerswarm_service_id", service["ID"].text()},
                       {"__meta_dockerswarm_service_name", service["Spec"]["Name"].text()},
                       {"__meta_dockerswarm_service_mode", mode_of(service)}};
  add_docker_labels(service["Spec"]["Labels"], "__meta_dockerswarm_service_label_", labels);
  return labels;
}

// What nodes are known by, also on their tasks.
LabelPairs node_labels(const JsonValue& node) {
  const JsonValue spec = node["Spec"], description = node["Description"];
  LabelPairs labels = {
      {"__meta_dockerswarm_node_id", node["ID"].text()},
      {"__meta_dockerswarm_node_role", spec["Role"].text()},
      {"__meta_dockerswarm_node_address", node["Status"]["Addr"].text()},
      {"__meta_dockerswarm_node_availability", spec["Availability"].text()},
      {"__meta_dockerswarm_node_hostname", description["Hostname"].text()},
      {"__meta_dockerswarm_node_platform_architecture",
       description["Platform"]["Architecture"].text()},
      {"__meta_dockerswarm_node_platform_os", description["Platform"]["OS"].text()},
      {"__meta_dockerswarm_node_status", node["Status"]["State"].text()}};
  add_docker_labels(spec["Labels"], "__meta_dockerswarm_node_label_", labels);
  return labels;
}

// Immutable.
class SwarmMechanism {
 public:
  SwarmMechanism(const DockerSwarmSdConfig& config, const DiscoveryContext& context)
      : config_(config), client_(config, context) {}

  std::vector<TargetGroup> ask(Conversation& conversation) const {
    Lists lists{client_, conversation, ""};
    TargetGroup group;
    group.source = "DockerSwarm";
    if (config_.role == "services") group.targets = services(lists);
    if (config_.role == "tasks") group.targets = tasks(lists);
    if (config_.role == "nodes") group.targets = nodes(lists);
    return {group};
  }

 private:
  // Lists of the daemon, as one refresh asks for them.
  struct Lists {
    const DockerClient& client;
    Conversation& conversation;
    std::string version;

    JsonValue get(const std::string& what, const std::string& path, bool filtered) {
      try {
        if (version.empty()) version = client.version(conversation);
        return client.list(conversation, version + path, filtered);
      } catch (const Error& error) {
        throw Error(error.kind(), "error while " + what + ": " + error.what());
      }
    }
    LabelsById networks() {
      return docker_networks(get("computing swarm network labels", "/networks", false), kPrefix);
    }
  };

  std::vector<Labels> services(Lists& lists) const;
  std::vector<Labels> tasks(Lists& lists) const;
  std::vector<Labels> nodes(Lists& lists) const;

  const DockerSwarmSdConfig config_;
  const DockerClient client_;
};

std::vector<Labels> SwarmMechanism::services(Lists& lists) const {
  const JsonValue all = lists.get("listing swarm services", "/services", true);
  const LabelsById networks = lists.networks();
  std::vector<Labels> targets;
  for (const JsonValue& service : all.items()) {
    const JsonValue container = service["Spec"]["TaskTemplate"]["ContainerSpec"];
    LabelPairs common = service_labels(service);
    common.emplace_back("__meta_dockerswarm_service_task_container_hostname",
                        container["Hostname"].text());
    common.emplace_back("__meta_dockerswarm_service_task_container_image",
                        container["Image"].text());
    common.emplace_back("__meta_dockerswarm_service_updating_status",
                        service["UpdateStatus"]["State"].text());
    for (const JsonValue& virtual_ip : service["Endpoint"]["VirtualIPs"].items()) {
      const std::string ip = parsed_address(virtual_ip["Addr"].text());
      LabelPairs here = common;
      append(networks, virtual_ip["NetworkID"].text(), here);
      bool added = false;
      for (const JsonValue& port : service["Endpoint"]["Ports"].items()) {
        if (port["Protocol"].text() != "tcp") continue;
        LabelPairs labels = here;
        labels.emplace_back("__meta_dockerswarm_service_endpoint_port_name", port["Name"].text());
        labels.emplace_back("__meta_dockerswarm_service_endpoint_port_publish_mode",
                            port["PublishMode"].text());
        labels.emplace_back("__address__", join_host_port(ip, port["PublishedPort"].integer()));
        targets.push_back(Labels::from_pairs(std::move(labels)));
        added = true;
      }
      if (added) continue;
      here.emplace_back("__address__", join_host_port(ip, config_.port));
      targets.push_back(Labels::from_pairs(std::move(here)));
    }
  }
  return targets;
}

std::vector<Labels> SwarmMechanism::tasks(Lists& lists) const {
  const JsonValue all = lists.get("listing swarm services", "/tasks", true);
  LabelsById service_by_id, node_by_id;
  std::map<std::string, JsonValue> ports_by_service;
  for (const JsonValue& service :
       lists.get("computing services labels and ports", "/services", false).items()) {
    service_by_id[service["ID"].text()] = service_labels(service);
    ports_by_service[service["ID"].text()] = service["Endpoint"]["Ports"];
  }
  for (const JsonValue& node :
       lists
           .get("computing nodes labels and ports: error while listing swarm nodes", "/nodes",
                false)
           .items()) {
    node_by_id[node["ID"].text()] = node_labels(node);
  }
  const LabelsById networks = lists.networks();

  std::vector<Labels> targets;
  const auto add = [&](LabelPairs labels, const JsonValue& port, const std::string& host) {
    labels.emplace_back("__meta_dockerswarm_task_port_publish_mode", port["PublishMode"].text());
    labels.emplace_back("__address__", join_host_port(host, port["PublishedPort"].integer()));
    targets.push_back(Labels::from_pairs(std::move(labels)));
  };
  for (const JsonValue& task : all.items()) {
    const std::string service = task["ServiceID"].text(), node = task["NodeID"].text();
    const JsonValue status = task["Status"];
    LabelPairs common = {
        {"__meta_dockerswarm_task_id", task["ID"].text()},
        {"__meta_dockerswarm_task_desired_state", task["DesiredState"].text()},
        {"__meta_dockerswarm_task_state", status["State"].text()},
        {"__meta_dockerswarm_task_slot", std::to_string(task["Slot"].integer())},
        {"__meta_dockerswarm_task_container_id", status["ContainerStatus"]["ContainerID"].text()}};
    add_docker_labels(task["Spec"]["ContainerSpec"]["Labels"],
                      "__meta_dockerswarm_container_label_", common);
    append(service_by_id, service, common);
    append(node_by_id, node, common);
    const std::string node_address(
        Labels::from_pairs(common).get("__meta_dockerswarm_node_address"));
    for (const JsonValue& port : status["PortStatus"]["Ports"].items()) {
      if (port["Protocol"].text() == "tcp") add(common, port, node_address);
    }
    for (const JsonValue& network : task["NetworksAttachments"].items()) {
      LabelPairs here = common;
      append(networks, network["Network"]["ID"].text(), here);
      for (const std::string& address : network["Addresses"].texts()) {
        const std::string ip = parsed_address(address);
        const size_t before = targets.size();
        for (const JsonValue& port : ports_by_service[service].items()) {
          if (port["Protocol"].text() == "tcp") add(here, port, ip);
        }
        if (targets.size() > before) continue;
        LabelPairs labels = here;
        labels.emplace_back("__address__", join_host_port(ip, config_.port));
        targets.push_back(Labels::from_pairs(std::move(labels)));
      }
    }
  }
  return targets;
}

std::vector<Labels> SwarmMechanism::nodes(Lists& lists) const {
  std::vector<Labels> targets;
  for (const JsonValue& node : lists.get("listing swarm nodes", "/nodes", true).items()) {
    LabelPairs labels = node_labels(node);
    labels.emplace_back("__meta_dockerswarm_node_engine_version",
                        node["Description"]["Engine"]["EngineVersion"].text());
    if (const JsonValue manager = node["ManagerStatus"]; !manager.is_null()) {
      labels.emplace_back("__meta_dockerswarm_node_manager_leader",
                          bool_text(manager["Leader"].flag()));
      labels.emplace_back("__meta_dockerswarm_node_manager_reachability",
                          manager["Reachability"].text());
      labels.emplace_back("__meta_dockerswarm_node_manager_address", manager["Addr"].text());
    }
    labels.emplace_back("__address__", join_host_port(node["Status"]["Addr"].text(), config_.port));
    targets.push_back(Labels::from_pairs(std::move(labels)));
  }
  return targets;
}

}  // namespace

std::unique_ptr<Discovery> make_dockerswarm_discovery(const DockerSwarmSdConfig& config,
                                                      const DiscoveryContext& context) {
  const auto mechanism = std::make_shared<const SwarmMechanism>(config, context);
  return make_refreshed_discovery(
      context, "dockerswarm", config.refresh_interval,
      [mechanism](Conversation& conversation) { return mechanism->ask(conversation); });
}

}  // namespace hearth
