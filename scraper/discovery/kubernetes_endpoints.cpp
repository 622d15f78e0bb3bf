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
  const bool is_node = address.target && address.target->kind == "Node";
  add_node_labels(target, is_node ? address.target->name : address.node_name.value_or(""), with);
  pods.add_labels(target, address.target, port.number);
  return Labels::from_pairs(std::move(target));
}

}  // namespace

TargetGroup endpoints_group(const KubernetesObject& object, const KubernetesLabelling& with) {
  LabelPairs labels;
  add_service_labels(labels, object_key(object.of_namespace, object.name), with);
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
  pods.add_other_ports(group, [](const std::string&) { return true; });
  return group;
}

}  // namespace hearth
