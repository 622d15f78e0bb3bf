// Role ingress: a target for each path of each rule, at the rule's host.
#include <algorithm>

#include "scraper/discovery/kubernetes_labels.h"

namespace hearth {
namespace {

// "*.example.com" stands for exactly one more element.
bool matches_host(std::string_view pattern, std::string_view host) {
  if (pattern == host) return true;
  if (!pattern.starts_with("*.")) return false;
  const size_t dot = host.find('.');
  return dot != std::string_view::npos && pattern.substr(1) == host.substr(dot);
}

}  // namespace

TargetGroup ingress_group(const KubernetesObject& object, const KubernetesLabelling& with) {
  const Ingress& ingress = std::get<Ingress>(object.detail);
  LabelPairs labels;
  add_object_labels(labels, object, KubernetesKind::kIngress);
  if (ingress.class_name) add_meta(labels, "ingress_class_name", *ingress.class_name);
  add_namespace_labels(labels, object.of_namespace, with);
  TargetGroup group = group_of(KubernetesKind::kIngress, object, std::move(labels));
  for (const IngressRule& rule : ingress.rules) {
    const bool tls =
        std::any_of(ingress.tls_hosts.begin(), ingress.tls_hosts.end(),
                    [&](const std::string& pattern) { return matches_host(pattern, rule.host); });
    const auto add = [&](const std::string& path) {
      LabelPairs target{{"__address__", rule.host}};
      add_meta(target, "ingress_scheme", tls ? "https" : "http");
      add_meta(target, "ingress_host", rule.host);
      add_meta(target, "ingress_path", path.empty() ? "/" : path);
      group.targets.push_back(Labels::from_pairs(std::move(target)));
    };
    for (const std::string& path : rule.paths) add(path);
  }
  return group;
}

}  // namespace hearth
