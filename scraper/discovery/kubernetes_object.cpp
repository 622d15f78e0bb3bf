#include "scraper/discovery/kubernetes_object.h"

#include "core/error.h"
#include "scraper/discovery/json_value.h"

namespace hearth {
namespace {

Texts read_texts(const JsonValue& map) {
  Texts out;
  for (const auto& [name, value] : map.members()) out.emplace_back(name, value.text());
  return out;
}

std::optional<std::string> optional_text(const JsonValue& json) {
  return json.is_null() ? std::nullopt : std::optional(json.text());
}
std::optional<bool> optional_flag(const JsonValue& json) {
  return json.is_null() ? std::nullopt : std::optional(json.flag());
}

std::string lower(std::string text) {
  for (char& c : text) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return text;
}

// ---- pods --------------------------------------------------------------------------------------

void read_containers(const JsonValue& containers, const JsonValue& statuses, bool init, Pod& pod) {
  Texts ids;
  for (const JsonValue& status : statuses.items()) {
    ids.emplace_back(status["name"].text(), status["containerID"].text());
  }
  for (const JsonValue& json : containers.items()) {
    PodContainer& container = pod.containers.emplace_back();
    container.name = json["name"].text();
    container.image = json["image"].text();
    container.init = init;
    for (const auto& [name, id] : ids) {
      if (name != container.name) continue;
      container.id = id;
      break;
    }
    for (const JsonValue& port : json["ports"].items()) {
      container.ports.push_back(
          {port["containerPort"].integer(), port["name"].text(), port["protocol"].text()});
    }
  }
}

Pod read_pod(const JsonValue& json) {
  const JsonValue spec = json["spec"], status = json["status"];
  Pod pod;
  pod.ip = status["podIP"].text();
  pod.host_ip = status["hostIP"].text();
  pod.phase = status["phase"].text();
  pod.node_name = spec["nodeName"].text();
  pod.uid = json["metadata"]["uid"].text();
  pod.ready = "unknown";
  for (const JsonValue& condition : status["conditions"].items()) {
    if (condition["type"].text() != "Ready") continue;
    pod.ready = lower(condition["status"].text());
    break;
  }
  read_containers(spec["containers"], status["containerStatuses"], false, pod);
  read_containers(spec["initContainers"], status["initContainerStatuses"], true, pod);
  return pod;
}

// ---- services, nodes, ingresses ----------------------------------------------------------------

Service read_service(const JsonValue& json) {
  const JsonValue spec = json["spec"];
  Service service;
  service.type = spec["type"].text();
  service.cluster_ip = spec["clusterIP"].text();
  service.external_name = spec["externalName"].text();
  service.load_balancer_ip = spec["loadBalancerIP"].text();
  if (service.load_balancer_ip.empty()) {
    for (const JsonValue& ingress : json["status"]["loadBalancer"]["ingress"].items()) {
      if (service.load_balancer_ip.empty()) service.load_balancer_ip = ingress["ip"].text();
    }
  }
  const std::vector<std::string> families = spec["ipFamilies"].texts();
  if (!families.empty()) service.primary_family = families.front();
  for (const JsonValue& port : spec["ports"].items()) {
    service.ports.push_back({port["port"].integer(), port["name"].text(), port["protocol"].text()});
  }
  return service;
}

Node read_node(const JsonValue& json) {
  const JsonValue status = json["status"];
  Node node;
  node.provider_id = json["spec"]["providerID"].text();
  node.kubelet_port = status["daemonEndpoints"]["kubeletEndpoint"]["Port"].integer();
  for (const JsonValue& address : status["addresses"].items()) {
    node.addresses.emplace_back(address["type"].text(), address["address"].text());
  }
  for (const JsonValue& condition : status["conditions"].items()) {
    node.conditions.emplace_back(lower(condition["type"].text()),
                                 lower(condition["status"].text()));
  }
  return node;
}

Ingress read_ingress(const JsonValue& json) {
  const JsonValue spec = json["spec"];
  Ingress ingress;
  ingress.class_name = optional_text(spec["ingressClassName"]);
  for (const JsonValue& tls : spec["tls"].items()) {
    for (std::string& host : tls["hosts"].texts()) ingress.tls_hosts.push_back(std::move(host));
  }
  for (const JsonValue& json_rule : spec["rules"].items()) {
    IngressRule& rule = ingress.rules.emplace_back();
    rule.host = json_rule["host"].text();
    const JsonValue http = json_rule["http"];
    if (http.is_null()) rule.paths.push_back("/");
    for (const JsonValue& path : http["paths"].items()) rule.paths.push_back(path["path"].text());
  }
  return ingress;
}

// ---- endpoints ---------------------------------------------------------------------------------

std::optional<ObjectReference> read_reference(const JsonValue& json) {
  if (json.is_null()) return std::nullopt;
  return ObjectReference{json["kind"].text(), json["namespace"].text(), json["name"].text()};
}

std::vector<EndpointAddress> read_addresses(const JsonValue& list) {
  std::vector<EndpointAddress> out;
  for (const JsonValue& json : list.items()) {
    out.push_back({json["ip"].text(), json["hostname"].text(), optional_text(json["nodeName"]),
                   read_reference(json["targetRef"])});
  }
  return out;
}

Endpoints read_endpoints(const JsonValue& json) {
  Endpoints endpoints;
  for (const JsonValue& json_subset : json["subsets"].items()) {
    EndpointSubset& subset = endpoints.subsets.emplace_back();
    subset.ready = read_addresses(json_subset["addresses"]);
    subset.not_ready = read_addresses(json_subset["notReadyAddresses"]);
    for (const JsonValue& port : json_subset["ports"].items()) {
      subset.ports.push_back(
          {port["port"].integer(), port["name"].text(), port["protocol"].text()});
    }
  }
  return endpoints;
}

EndpointSlice read_slice(const JsonValue& json) {
  EndpointSlice slice;
  slice.address_type = json["addressType"].text();
  for (const JsonValue& json_endpoint : json["endpoints"].items()) {
    SliceEndpoint& endpoint = slice.endpoints.emplace_back();
    endpoint.addresses = json_endpoint["addresses"].texts();
    const JsonValue conditions = json_endpoint["conditions"];
    endpoint.ready = optional_flag(conditions["ready"]);
    endpoint.serving = optional_flag(conditions["serving"]);
    endpoint.terminating = optional_flag(conditions["terminating"]);
    endpoint.hostname = optional_text(json_endpoint["hostname"]);
    endpoint.node_name = optional_text(json_endpoint["nodeName"]);
    endpoint.zone = optional_text(json_endpoint["zone"]);
    endpoint.target = read_reference(json_endpoint["targetRef"]);
    endpoint.topology = read_texts(json_endpoint["deprecatedTopology"]);
  }
  for (const JsonValue& json_port : json["ports"].items()) {
    SlicePort& port = slice.ports.emplace_back();
    if (const JsonValue number = json_port["port"]; !number.is_null())
      port.number = number.integer();
    port.name = optional_text(json_port["name"]);
    port.protocol = optional_text(json_port["protocol"]);
    port.app_protocol = optional_text(json_port["appProtocol"]);
  }
  return slice;
}

}  // namespace

std::string object_key(const std::string& of_namespace, const std::string& name) {
  return of_namespace.empty() ? name : of_namespace + "/" + name;
}

KubernetesObject read_kubernetes_object(const JsonValue& json, KubernetesKind kind) {
  const JsonValue metadata = json["metadata"];
  KubernetesObject object;
  object.of_namespace = metadata["namespace"].text();
  object.name = metadata["name"].text();
  if (object.name.empty()) throw Error(ErrorKind::kBadData, "an object has no name");
  object.version = metadata["resourceVersion"].text();
  object.labels = read_texts(metadata["labels"]);
  object.annotations = read_texts(metadata["annotations"]);
  for (const JsonValue& owner : metadata["ownerReferences"].items()) {
    if (!owner["controller"].flag()) continue;
    object.controller_kind = owner["kind"].text();
    object.controller_name = owner["name"].text();
    break;
  }
  switch (kind) {
    case KubernetesKind::kPod:
      object.detail = read_pod(json);
      break;
    case KubernetesKind::kService:
      object.detail = read_service(json);
      break;
    case KubernetesKind::kNode:
      object.detail = read_node(json);
      break;
    case KubernetesKind::kEndpoints:
      object.detail = read_endpoints(json);
      break;
    case KubernetesKind::kEndpointSlice:
      object.detail = read_slice(json);
      break;
    case KubernetesKind::kIngress:
      object.detail = read_ingress(json);
      break;
    case KubernetesKind::kNamespace:
    case KubernetesKind::kReplicaSet:
    case KubernetesKind::kJob:
      break;
  }
  return object;
}

}  // namespace hearth
