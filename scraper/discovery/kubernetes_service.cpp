// Role service: a target for each port of each service, by the name that the cluster's DNS gives
// it.
#include "scraper/discovery/kubernetes_labels.h"

namespace hearth {

TargetGroup service_group(const KubernetesObject& object, const KubernetesLabelling& with) {
  const Service& service = std::get<Service>(object.detail);
  LabelPairs labels;
  add_object_labels(labels, object, KubernetesKind::kService);
  add_namespace_labels(labels, object.of_namespace, with);
  TargetGroup group = group_of(KubernetesKind::kService, object, std::move(labels));
  const std::string host = object.name + "." + object.of_namespace + ".svc";
  for (const ServicePort& port : service.ports) {
    LabelPairs target{{"__address__", join_host_port(host, port.number)}};
    add_meta(target, "service_port_name", port.name);
    add_meta(target, "service_port_number", std::to_string(port.number));
    add_meta(target, "service_port_protocol", port.protocol);
    add_meta(target, "service_type", service.type);
    if (service.type == "ExternalName") {
      add_meta(target, "service_external_name", service.external_name);
    } else {
      add_meta(target, "service_cluster_ip", service.cluster_ip);
    }
    if (service.type == "LoadBalancer")
      add_meta(target, "service_loadbalancer_ip", service.load_balancer_ip);
    group.targets.push_back(Labels::from_pairs(std::move(target)));
  }
  return group;
}

}  // namespace hearth
