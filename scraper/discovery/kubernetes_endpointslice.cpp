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
  pods.add_labels(target, endpoint.target, port.number, nullptr);
  return Labels::from_pairs(std::move(target));
}

// nullptr: the slice belongs to none, or to one that is not there.
const KubernetesObject* service_of(const KubernetesObject& slice, const KubernetesLabelling& with) {
  for (const auto& [name, value] : slice.labels) {
    if (name != "kubernetes.io/service-name") continue;
    return with.lookup.find(KubernetesKind::kService, object_key(slice.of_namespace, value));
  }
  return nullptr;
}

// A service of two families has slices for each; those of its primary one stand for it.
bool is_of_other_family(const EndpointSlice& slice, const KubernetesObject* service) {
  if (service == nullptr) return false;
  const std::string& primary = std::get<Service>(service->detail).primary_family;
  return !primary.empty() && primary != slice.address_type;
}

}  // namespace

TargetGroup endpointslice_group(const KubernetesObject& object, const KubernetesLabelling& with) {
  const EndpointSlice& slice = std::get<EndpointSlice>(object.detail);
  LabelPairs labels;
  add_meta(labels, "endpointslice_address_type", slice.address_type);
  add_object_labels(labels, object, KubernetesKind::kEndpointSlice);
  add_namespace_labels(labels, object.of_namespace, with);
  const KubernetesObject* service = service_of(object, with);
  if (service != nullptr) add_object_labels(labels, *service, KubernetesKind::kService);
  TargetGroup group = group_of(KubernetesKind::kEndpointSlice, object, std::move(labels));
  if (is_of_other_family(slice, service)) return group;
  BackingPods pods(with);
  for (const SliceEndpoint& endpoint : slice.endpoints) {
    for (const SlicePort& port : slice.ports) {
      for (const std::string& address : endpoint.addresses) {
        group.targets.push_back(target_of(address, endpoint, port, pods, with));
      }
    }
  }
  pods.add_other_ports(group);
  return group;
}

}  // namespace hearth
