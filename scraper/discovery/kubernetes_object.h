// Objects of a Kubernetes cluster: of each only what labels of targets are made from.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "config/kubernetes_sd.h"

namespace hearth {

class JsonValue;

struct PodPort {
  int64_t number = 0;
  std::string name, protocol;
};
struct PodContainer {
  std::string name, image, id;
  bool init = false;
  std::vector<PodPort> ports;
};
struct Pod {
  std::string ip, host_ip, phase, ready, node_name, uid;
  std::vector<PodContainer> containers;  // init containers last
};

struct ServicePort {
  int64_t number = 0;
  std::string name, protocol;
};
struct Service {
  std::string type, cluster_ip, external_name, load_balancer_ip;
  std::string primary_family;  // "IPv4"; "" = it is not told
  std::vector<ServicePort> ports;
};

using Texts = std::vector<std::pair<std::string, std::string>>;

struct Node {
  std::string provider_id;
  int64_t kubelet_port = 0;
  Texts addresses;   // type, address
  Texts conditions;  // type, status
};

// What an address of a service stands for.
struct ObjectReference {
  std::string kind, of_namespace, name;
};

struct EndpointAddress {
  std::string ip, hostname;
  std::optional<std::string> node_name;
  std::optional<ObjectReference> target;
};
struct EndpointPort {
  int64_t number = 0;
  std::string name, protocol;
};
struct EndpointSubset {
  std::vector<EndpointAddress> ready, not_ready;
  std::vector<EndpointPort> ports;
};
struct Endpoints {
  std::vector<EndpointSubset> subsets;
};

// What may be absent is told apart from what is empty here, as in the API.
struct SlicePort {
  std::optional<int64_t> number;
  std::optional<std::string> name, protocol, app_protocol;
};
struct SliceEndpoint {
  std::vector<std::string> addresses;
  std::optional<bool> ready, serving, terminating;
  std::optional<std::string> hostname, node_name, zone;
  std::optional<ObjectReference> target;
  Texts topology;
};
struct EndpointSlice {
  std::string address_type;
  std::vector<SliceEndpoint> endpoints;
  std::vector<SlicePort> ports;
};

struct IngressRule {
  std::string host;
  std::vector<std::string> paths;  // one, "/", where the rule has none of HTTP; "" stands for it too
};
struct Ingress {
  std::optional<std::string> class_name;
  std::vector<std::string> tls_hosts;
  std::vector<IngressRule> rules;
};

struct Nothing {};  // of kinds whose metadata is all that is used

// Immutable once read.
struct KubernetesObject {
  std::string of_namespace, name;
  std::string version;  // its resourceVersion
  Texts labels, annotations;
  std::string controller_kind, controller_name;  // the owner that controls it
  std::variant<Nothing, Pod, Service, Node, Endpoints, EndpointSlice, Ingress> detail;
};
using KubernetesObjectRef = std::shared_ptr<const KubernetesObject>;

// "default/web", or the name alone where there are no namespaces.
std::string object_key(const std::string& of_namespace, const std::string& name);

// Throws Error(kBadData) for what is no such object.
KubernetesObject read_kubernetes_object(const JsonValue& json, KubernetesKind kind);

}  // namespace hearth
