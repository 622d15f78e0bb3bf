#include "config/kubernetes_sd.h"

#include "config/to_config.h"

namespace hearth {
namespace {

KubernetesKind to_kind(const std::string& role) {
  if (role == "node") return KubernetesKind::kNode;
  if (role == "service") return KubernetesKind::kService;
  if (role == "endpoints") return KubernetesKind::kEndpoints;
  if (role == "endpointslice") return KubernetesKind::kEndpointSlice;
  if (role == "ingress") return KubernetesKind::kIngress;
  return KubernetesKind::kPod;
}

}  // namespace

std::vector<KubernetesSdConfig> to_kubernetes_sd_configs(const Value& list) {
  std::vector<KubernetesSdConfig> out;
  for (const Value& item : list.items) {
    if (!item.present) continue;
    KubernetesSdConfig& config = out.emplace_back();
    config.role = to_kind(item["role"].text);
    config.api_server = item["api_server"].text;
    config.kubeconfig_file = item["kubeconfig_file"].text;
    config.http_client = to_http_client_config(item);
    config.own_namespace = item["namespaces"]["own_namespace"].flag();
    config.namespaces = item["namespaces"]["names"].strings();
    for (const Value& selector : item["selectors"].items) {
      config.selectors.push_back(
          {to_kind(selector["role"].text), selector["label"].text, selector["field"].text});
    }
    const Value& attach = item["attach_metadata"];
    config.attach = {attach["node"].flag(), attach["namespace"].flag(), attach["deployment"].flag(),
                     attach["job"].flag(), attach["cronjob"].flag()};
  }
  return out;
}

}  // namespace hearth
