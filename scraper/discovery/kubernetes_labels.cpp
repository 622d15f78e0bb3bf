#include "scraper/discovery/kubernetes_labels.h"

namespace hearth {
namespace {

void add_texts(LabelPairs& labels, const std::string& prefix, const Texts& texts) {
  for (const auto& [name, value] : texts) {
    const std::string sanitized = sanitize_label_name(name);
    add_meta(labels, prefix + "_" + sanitized, value);
    add_meta(labels, prefix + "present_" + sanitized, "true");
  }
}

void add_labels_and_annotations(LabelPairs& labels, const std::string& name,
                                const KubernetesObject& object) {
  add_texts(labels, name + "_label", object.labels);
  add_texts(labels, name + "_annotation", object.annotations);
}

// Deployments own pods by way of their ReplicaSets, CronJobs by way of their Jobs.
void add_workload_labels(LabelPairs& labels, const KubernetesObject& pod,
                         const KubernetesLabelling& with) {
  const std::string key = object_key(pod.of_namespace, pod.controller_name);
  if (pod.controller_kind == "ReplicaSet" && with.attach.deployment) {
    const KubernetesObject* set = with.lookup.find(KubernetesKind::kReplicaSet, key);
    if (set != nullptr && set->controller_kind == "Deployment") {
      add_meta(labels, "pod_deployment_name", set->controller_name);
    }
  }
  if (pod.controller_kind != "Job") return;
  if (with.attach.job) add_meta(labels, "pod_job_name", pod.controller_name);
  if (with.attach.cronjob) {
    const KubernetesObject* job = with.lookup.find(KubernetesKind::kJob, key);
    if (job != nullptr && job->controller_kind == "CronJob") {
      add_meta(labels, "pod_cronjob_name", job->controller_name);
    }
  }
}

}  // namespace

const char* kubernetes_name(KubernetesKind kind) {
  switch (kind) {
    case KubernetesKind::kNode:
      return "node";
    case KubernetesKind::kService:
      return "service";
    case KubernetesKind::kPod:
      return "pod";
    case KubernetesKind::kEndpoints:
      return "endpoints";
    case KubernetesKind::kEndpointSlice:
      return "endpointslice";
    case KubernetesKind::kIngress:
      return "ingress";
    case KubernetesKind::kNamespace:
      return "namespace";
    case KubernetesKind::kReplicaSet:
      return "replicaset";
    case KubernetesKind::kJob:
      return "job";
  }
  return "";
}

std::string kubernetes_source(KubernetesKind role, const std::string& key) {
  return std::string(role == KubernetesKind::kService ? "svc" : kubernetes_name(role)) + "/" + key;
}

void add_meta(LabelPairs& labels, std::string_view name, std::string_view value) {
  std::string full = "__meta_kubernetes_";
  full.append(name);
  labels.emplace_back(std::move(full), value);
}

void add_object_labels(LabelPairs& labels, const KubernetesObject& object, KubernetesKind kind) {
  const std::string name = kubernetes_name(kind);
  add_meta(labels, name + "_name", object.name);
  add_labels_and_annotations(labels, name, object);
}

void add_namespace_labels(LabelPairs& labels, const std::string& of_namespace,
                          const KubernetesLabelling& with) {
  if (!with.attach.of_namespace) return;
  const KubernetesObject* object = with.lookup.find(KubernetesKind::kNamespace, of_namespace);
  if (object != nullptr) add_labels_and_annotations(labels, "namespace", *object);
}

void add_node_labels(LabelPairs& labels, const std::string& node_name,
                     const KubernetesLabelling& with) {
  if (!with.attach.node || node_name.empty()) return;
  const KubernetesObject* node = with.lookup.find(KubernetesKind::kNode, node_name);
  if (node != nullptr) add_object_labels(labels, *node, KubernetesKind::kNode);
}

void add_pod_labels(LabelPairs& labels, const KubernetesObject& object,
                    const KubernetesLabelling& with) {
  const Pod& pod = std::get<Pod>(object.detail);
  add_meta(labels, "pod_ip", pod.ip);
  add_meta(labels, "pod_ready", pod.ready);
  add_meta(labels, "pod_phase", pod.phase);
  add_meta(labels, "pod_node_name", pod.node_name);
  add_meta(labels, "pod_host_ip", pod.host_ip);
  add_meta(labels, "pod_uid", pod.uid);
  add_object_labels(labels, object, KubernetesKind::kPod);
  add_meta(labels, "pod_controller_kind", object.controller_kind);
  add_meta(labels, "pod_controller_name", object.controller_name);
  add_workload_labels(labels, object, with);
}

void add_container_labels(LabelPairs& labels, const PodContainer& container, const PodPort* port) {
  add_meta(labels, "pod_container_name", container.name);
  add_meta(labels, "pod_container_image", container.image);
  add_meta(labels, "pod_container_init", bool_text(container.init));
  if (port == nullptr) return;
  add_meta(labels, "pod_container_port_number", std::to_string(port->number));
  add_meta(labels, "pod_container_port_name", port->name);
  add_meta(labels, "pod_container_port_protocol", port->protocol);
}

TargetGroup group_of(KubernetesKind role, const KubernetesObject& object, LabelPairs labels) {
  TargetGroup group;
  group.source = kubernetes_source(role, object_key(object.of_namespace, object.name));
  if (!object.of_namespace.empty()) add_meta(labels, "namespace", object.of_namespace);
  group.labels = Labels::from_pairs(std::move(labels));
  return group;
}

}  // namespace hearth
