// Role endpointslice: as endpoints, of the slices that a service's addresses are kept in.
#include "scraper/discovery/kubernetes_backing_pods.h"

namespace hearth {
namespace {

void add_flag(LabelPairs& target, std::string_view name, std::optional<bool> flag) {
  if (flag) add_meta(target, name, bool_text(*flag));
}
void add_text(LabelPairs& target, std::string_view name, const std::optional<std::string>& text) {
  if (text) add_meta(target, name, *text);
}

Labels target_of(const std::string& address, const SliceEndpoint& endpoint, const SlicePort& port,
                 BackingPods& pods, const KubernetesLabelling& with) {
  LabelPairs target{{"__address__", port.number ? join_host_port(address, *port.number) : address}};
  add_text(target, "endpointslice_port_name", port.name);
  add_text(target, "endpointslice_port_protocol", port.protocol);
  if (port.number) add_meta(target, "endpointslice_port", std::to_string(*port.number));
  add_text(target, "endpointslice_port_app_protocol", port.app_protocol);
  add_flag(target, "endpointslice_endpoint_conditions_ready", endpoint.ready);
  add_flag(target, "endpointslice_endpoint_conditions_serving", endpoint.serving);
  add_flag(target, "endpointslice_endpoint_conditions_terminating", endpoint.terminating);
  add_text(target, "endpointslice_endpoint_hostname", endpoint.hostname);
  if (endpoint.target) {
    add_meta(target, "endpointslice_address_target_kind", endpoint.target->kind);
    add_meta(target, "endpointslice_address_target_name", endpoint.target->name);
  }
  add_text(target, "endpointslice_endpoint_node_name", endpoint.node_name);
  add_text(target, "endpointslice_endpoint_zone", endpoint.zone);
  for (const auto& [name, value] : endpoint.topology) {
    const std::string sanitized = sanitize_label_name(name);
    add_meta(target, "endpointslice_endpoint_topology_" + sanitized, value);
    add_meta(target, "endpointslice_endpoint_topology_present_" + sanitized, "true");
  }
  const bool is_node = endpoint.target && endpoint.target->kind == "Node";
  add_node_labels(target, is_node ? endpoint.target->name : endpoint.node_name.value_or(""), with);
  pods.add_labels(target, endpoint.target, port.number);
  return Labels::from_pairs(std::move(target));
}

const std::string* service_name(const KubernetesObject& slice) {
  for (const auto& [name, value] : slice.labels) {
    if (name == "kubernetes.io/service-name") return &value;
  }
  return nullptr;
}

}  // namespace

TargetGroup endpointslice_group(const KubernetesObject& object, const KubernetesLabelling& with) {
  const EndpointSlice& slice = std::get<EndpointSlice>(object.detail);
  LabelPairs labels;
  add_meta(labels, "endpointslice_address_type", slice.address_type);
  add_object_labels(labels, object, KubernetesKind::kEndpointSlice);
  add_namespace_labels(labels, object.of_namespace, with);
  if (const std::string* service = service_name(object)) {
    add_service_labels(labels, object_key(object.of_namespace, *service), with);
  }
  TargetGroup group = group_of(KubernetesKind::kEndpointSlice, object, std::move(labels));
  BackingPods pods(with);
  for (const SliceEndpoint& endpoint : slice.endpoints) {
    for (const SlicePort& port : slice.ports) {
      for (const std::string& address : endpoint.addresses) {
        group.targets.push_back(target_of(address, endpoint, port, pods, with));
      }
    }
  }
  // A pod with two addresses has a slice for each family: its other ports belong into one of them.
  const bool v6 = slice.address_type == "IPv6";
  pods.add_other_ports(
      group, [v6](const std::string& ip) { return v6 == (ip.find(':') != std::string::npos); });
  return group;
}

}  // namespace hearth
