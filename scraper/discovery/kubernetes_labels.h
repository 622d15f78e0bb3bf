// From objects of a Kubernetes cluster to target groups, labelled as Prometheus labels them.
#pragma once

#include <string>
#include <string_view>

#include "config/discovery_configs.h"
#include "scraper/discovery/kubernetes_object.h"
#include "scraper/discovery/meta_labels.h"

namespace hearth {

// The other objects that a group is made from. One thread.
class KubernetesLookup {
 public:
  virtual ~KubernetesLookup() = default;
  // nullptr: there is none, or none is known yet.
  virtual const KubernetesObject* find(KubernetesKind kind, const std::string& key) = 0;
};

struct KubernetesLabelling {
  const KubernetesSdConfig::Attach& attach;
  KubernetesLookup& lookup;
};

// "node", "pod": as names of labels, sources and metrics have it.
const char* kubernetes_name(KubernetesKind kind);

// "pod/default/web-0"; `key` is the object's.
std::string kubernetes_source(KubernetesKind role, const std::string& key);

// The groups of each role: of an object that changed. A group without targets ends the one before
// it.
TargetGroup node_group(const KubernetesObject& object);
TargetGroup service_group(const KubernetesObject& object, const KubernetesLabelling& with);
TargetGroup pod_group(const KubernetesObject& object, const KubernetesLabelling& with);
TargetGroup endpoints_group(const KubernetesObject& object, const KubernetesLabelling& with);
TargetGroup endpointslice_group(const KubernetesObject& object, const KubernetesLabelling& with);
TargetGroup ingress_group(const KubernetesObject& object, const KubernetesLabelling& with);

// ---- what the roles share ----------------------------------------------------------------------

// Adds __meta_kubernetes_<name>. An empty value takes away what an earlier one was.
void add_meta(LabelPairs& labels, std::string_view name, std::string_view value);
// Name, labels and annotations of the object, as `kind` is named.
void add_object_labels(LabelPairs& labels, const KubernetesObject& object, KubernetesKind kind);
// Labels and annotations of the namespace, where they are asked for.
void add_namespace_labels(LabelPairs& labels, const std::string& of_namespace,
                          const KubernetesLabelling& with);
// Those of the node, where they are asked for.
void add_node_labels(LabelPairs& labels, const std::string& node_name,
                     const KubernetesLabelling& with);
// Those that all targets of a pod have.
void add_pod_labels(LabelPairs& labels, const KubernetesObject& object,
                    const KubernetesLabelling& with);
void add_container_labels(LabelPairs& labels, const PodContainer& container, const PodPort* port);

TargetGroup group_of(KubernetesKind role, const KubernetesObject& object, LabelPairs labels);

}  // namespace hearth
