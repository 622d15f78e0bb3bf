#include "scraper/discovery/kubernetes_backing_pods.h"

namespace hearth {

void BackingPods::add_labels(LabelPairs& target, const std::optional<ObjectReference>& reference,
                             std::optional<int64_t> port, const std::string* protocol) {
  if (!reference || reference->kind != "Pod") return;
  const std::string key = object_key(reference->of_namespace, reference->name);
  const KubernetesObject* object = with_.lookup.find(KubernetesKind::kPod, key);
  if (object == nullptr) return;
  const auto [known, is_new] = known_.try_emplace(key, pods_.size());
  if (is_new) pods_.push_back({object, {}});
  add_pod_labels(target, *object, with_);
  if (!port) return;
  pods_[known->second].ports.insert(*port);
  for (const PodContainer& container : std::get<Pod>(object->detail).containers) {
    for (const PodPort& container_port : container.ports) {
      if (container_port.number != *port) continue;
      add_container_labels(target, container, &container_port);
      if (protocol != nullptr) add_meta(target, "pod_container_port_protocol", *protocol);
      break;
    }
  }
}

void BackingPods::add_other_ports(TargetGroup& group) {
  for (const Seen& seen : pods_) {
    const Pod& pod = std::get<Pod>(seen.object->detail);
    if (pod.ip.empty()) continue;
    for (const PodContainer& container : pod.containers) {
      for (const PodPort& port : container.ports) {
        if (seen.ports.contains(port.number)) continue;
        LabelPairs target{{"__address__", join_host_port(pod.ip, port.number)}};
        add_container_labels(target, container, &port);
        add_pod_labels(target, *seen.object, with_);
        group.targets.push_back(Labels::from_pairs(std::move(target)));
      }
    }
  }
}

}  // namespace hearth
