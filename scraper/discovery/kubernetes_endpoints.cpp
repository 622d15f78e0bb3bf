// Role endpoints: a target for each port of each address of a service, and for the other ports of
// the pods behind them.
#include "scraper/discovery/kubernetes_backing_pods.h"

namespace hearth {
namespace {

Labels target_of(const EndpointAddress& address, const EndpointPort& port, bool ready,
                 BackingPods& pods, const KubernetesLabelling& with) {
  LabelPairs target{{"__address__", join_host_port(address.ip, port.number)}};
  add_meta(target, "endpoint_port_name", port.name);
  add_meta(target, "endpoint_port_protocol", port.protocol);
  add_meta(target, "endpoint_ready", bool_text(ready));
  if (address.target) {
    add_meta(target, "endpoint_address_target_kind", address.target->kind);
    add_meta(target, "endpoint_address_target_name", address.target->name);
  }
  if (address.node_name) add_meta(target, "endpoint_node_name", *address.node_name);
  add_meta(target, "endpoint_hostname", address.hostname);
  if (address.node_name) {
    add_node_labels(target, *address.node_name, with);
  } else if (address.target && address.target->kind == "Node") {
    add_node_labels(target, address.target->name, with);
  }
  pods.add_labels(target, address.target, port.number, &port.protocol);
  return Labels::from_pairs(std::move(target));
}

}  // namespace

TargetGroup endpoints_group(const KubernetesObject& object, const KubernetesLabelling& with) {
  LabelPairs labels;
  const std::string key = object_key(object.of_namespace, object.name);
  const KubernetesObject* service = with.lookup.find(KubernetesKind::kService, key);
  if (service != nullptr) add_object_labels(labels, *service, KubernetesKind::kService);
  add_namespace_labels(labels, object.of_namespace, with);
  add_object_labels(labels, object, KubernetesKind::kEndpoints);
  TargetGroup group = group_of(KubernetesKind::kEndpoints, object, std::move(labels));
  BackingPods pods(with);
  for (const EndpointSubset& subset : std::get<Endpoints>(object.detail).subsets) {
    for (const EndpointPort& port : subset.ports) {
      for (const EndpointAddress& address : subset.ready) {
        group.targets.push_back(target_of(address, port, true, pods, with));
      }
      for (const EndpointAddress& address : subset.not_ready) {
        group.targets.push_back(target_of(address, port, false, pods, with));
      }
    }
  }
  pods.add_other_ports(group);
  return group;
}

}  // namespace hearth
