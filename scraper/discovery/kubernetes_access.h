// Where the API server of a cluster is, and how to be let in.
#pragma once

#include <string>

#include "config/kubernetes_sd.h"

namespace hearth {

inline constexpr char kServiceAccountDir[] = "/var/run/secrets/kubernetes.io/serviceaccount";

struct KubernetesAccess {
  std::string server;  // "https://10.0.0.1:443", without a slash at its end
  HttpClientConfig http;
  std::string own_namespace;  // from inside a cluster; "" elsewhere
  bool operator==(const KubernetesAccess&) const = default;
};

// By the configuration's api_server, its kubeconfig_file (below `dir`), or as a pod inside the
// cluster. Throws Error where that is not possible.
KubernetesAccess kubernetes_access(const KubernetesSdConfig& config, const std::string& dir,
                                   const std::string& service_account_dir = kServiceAccountDir);

// The current context of a kubeconfig; relative paths in it are below `dir`. Throws
// Error(kBadData).
KubernetesAccess read_kubeconfig(const std::string& text, const std::string& dir);

}  // namespace hearth
