// `kubernetes_sd_configs`: objects of a Kubernetes cluster.
#pragma once

#include <string>
#include <vector>

#include "config/http_client_config.h"

namespace hearth {

struct Value;

// What a server has that this reads. The first six are the roles of a discovery.
enum class KubernetesKind {
  kNode,
  kService,
  kPod,
  kEndpoints,
  kEndpointSlice,
  kIngress,
  kNamespace,
  kReplicaSet,
  kJob
};

struct KubernetesSdConfig {
  struct Selector {
    KubernetesKind kind = KubernetesKind::kPod;
    std::string label, field;
    bool operator==(const Selector&) const = default;
  };
  // Labels of other objects that belong to a target's.
  struct Attach {
    bool node = false, of_namespace = false, deployment = false, job = false, cronjob = false;
    bool operator==(const Attach&) const = default;
  };

  KubernetesKind role = KubernetesKind::kPod;
  std::string api_server;  // "" = by kubeconfig_file; that empty too: from inside the cluster
  std::string kubeconfig_file;
  HttpClientConfig http_client;  // with api_server
  bool own_namespace = false;
  std::vector<std::string> namespaces;  // empty = all
  std::vector<Selector> selectors;
  Attach attach;
  bool operator==(const KubernetesSdConfig&) const = default;
};

std::vector<KubernetesSdConfig> to_kubernetes_sd_configs(const Value& list);

}  // namespace hearth
