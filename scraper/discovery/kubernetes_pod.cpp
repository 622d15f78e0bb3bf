// Role pod: a target for each declared port of each container, or one without a port for a
// container that declares none.
#include "scraper/discovery/kubernetes_labels.h"

namespace hearth {

TargetGroup pod_group(const KubernetesObject& object, const KubernetesLabelling& with) {
  const Pod& pod = std::get<Pod>(object.detail);
  LabelPairs labels;
  // A pod that starts, or was evicted, has no address.
  if (pod.ip.empty()) return group_of(KubernetesKind::kPod, object, std::move(labels));
  add_pod_labels(labels, object, with);
  add_node_labels(labels, pod.node_name, with);
  add_namespace_labels(labels, object.of_namespace, with);
  TargetGroup group = group_of(KubernetesKind::kPod, object, std::move(labels));
  const auto add = [&](const PodContainer& container, const PodPort* port) {
    LabelPairs target{
        {"__address__", port == nullptr ? pod.ip : join_host_port(pod.ip, port->number)}};
    add_container_labels(target, container, port);
    add_meta(target, "pod_container_id", container.id);
    group.targets.push_back(Labels::from_pairs(std::move(target)));
  };
  for (const PodContainer& container : pod.containers) {
    if (container.ports.empty()) add(container, nullptr);
    for (const PodPort& port : container.ports) add(container, &port);
  }
  return group;
}

}  // namespace hearth
