// Role node: a target for each node, at the port of its kubelet.
#include <algorithm>
#include <array>

#include "core/log.h"
#include "scraper/discovery/kubernetes_labels.h"

namespace hearth {
namespace {

constexpr std::array<std::string_view, 6> kBestFirst = {"InternalIP",  "InternalDNS",  "ExternalIP",
                                                        "ExternalDNS", "LegacyHostIP", "Hostname"};

const std::string* best_address(const Node& node) {
  for (const std::string_view type : kBestFirst) {
    for (const auto& [of_type, address] : node.addresses) {
      if (of_type == type) return &address;
    }
  }
  return nullptr;
}

}  // namespace

TargetGroup node_group(const KubernetesObject& object) {
  const Node& node = std::get<Node>(object.detail);
  LabelPairs labels;
  add_meta(labels, "node_provider_id", node.provider_id);
  for (const auto& [type, status] : node.conditions) {
    add_meta(labels, "node_condition_" + sanitize_label_name(type), status);
  }
  add_object_labels(labels, object, KubernetesKind::kNode);
  TargetGroup group = group_of(KubernetesKind::kNode, object, std::move(labels));
  const std::string* address = best_address(node);
  if (address == nullptr) {
    log_warn("No node address found", "component", "discovery manager scrape", "discovery",
             "kubernetes", "role", "node", "node", object.name);
    return group;
  }
  LabelPairs target{{"__address__", join_host_port(*address, node.kubelet_port)},
                    {"instance", object.name}};
  // The first of each type: of equal names the last one wins.
  for (auto entry = node.addresses.rbegin(); entry != node.addresses.rend(); ++entry) {
    add_meta(target, "node_address_" + sanitize_label_name(entry->first), entry->second);
  }
  group.targets.push_back(Labels::from_pairs(std::move(target)));
  return group;
}

}  // namespace hearth
