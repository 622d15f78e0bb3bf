// Groups of each role, from objects as the API has them.
#include "scraper/discovery/kubernetes_labels.h"

#include <doctest/doctest.h>

#include <map>

#include "core/error.h"
#include "scraper/discovery/json_value.h"

namespace hearth {
namespace {

// The labels of a group and its targets without their common prefix, one a line.
std::string text_of(const TargetGroup& group) {
  const auto line = [](const Labels& labels) {
    std::string text;
    for (const Label& label : labels) {
      std::string_view name = label.name;
      if (name.starts_with("__meta_kubernetes_")) name.remove_prefix(18);
      text += (text.empty() ? "" : " ") + std::string(name) + "=" + std::string(label.value);
    }
    return text + "\n";
  };
  std::string text = group.source + ": " + line(group.labels);
  for (const Labels& target : group.targets) text += line(target);
  return text;
}

struct Objects final : KubernetesLookup {
  std::map<std::pair<KubernetesKind, std::string>, KubernetesObject> objects;
  const KubernetesObject* find(KubernetesKind kind, const std::string& key) override {
    const auto found = objects.find({kind, key});
    return found == objects.end() ? nullptr : &found->second;
  }
  void add(KubernetesKind kind, const std::string& json) {
    KubernetesObject object = read_kubernetes_object(JsonValue::parse(json), kind);
    const std::string key = object_key(object.of_namespace, object.name);
    objects[{kind, key}] = std::move(object);
  }
};

KubernetesObject read(KubernetesKind kind, const std::string& json) {
  return read_kubernetes_object(JsonValue::parse(json), kind);
}

constexpr char kPod[] = R"({"metadata":{"namespace":"ns","name":"web-1","uid":"u",
    "labels":{"app.kubernetes.io/name":"web","empty":""},"annotations":{"a b":"x"},
    "ownerReferences":[{"kind":"Other","name":"o"},{"kind":"ReplicaSet","name":"web","controller":true}]},
  "spec":{"nodeName":"n1","initContainers":[{"name":"setup","image":"s:1"}],
    "containers":[{"name":"main","image":"w:1","ports":[{"containerPort":80,"name":"http","protocol":"TCP"},{"containerPort":81}]}]},
  "status":{"podIP":"10.0.0.1","hostIP":"10.1.0.1","phase":"Running",
    "conditions":[{"type":"Initialized","status":"True"},{"type":"Ready","status":"False"}],
    "containerStatuses":[{"name":"main","containerID":"c://1"}]}})";
constexpr char kPodLabels[] =
    "namespace=ns pod_annotation_a_b=x pod_annotationpresent_a_b=true "
    "pod_controller_kind=ReplicaSet "
    "pod_controller_name=web pod_host_ip=10.1.0.1 pod_ip=10.0.0.1 "
    "pod_label_app_kubernetes_io_name=web "
    "pod_labelpresent_app_kubernetes_io_name=true pod_labelpresent_empty=true pod_name=web-1 "
    "pod_node_name=n1 "
    "pod_phase=Running pod_ready=false pod_uid=u";

TEST_CASE("a pod has a target for each port, and one for a container without ports") {
  Objects none;
  const KubernetesSdConfig::Attach nothing;
  CHECK(text_of(pod_group(read(KubernetesKind::kPod, kPod), {nothing, none})) ==
        "pod/ns/web-1: " + std::string(kPodLabels) +
            "\n__address__=10.0.0.1:80 pod_container_id=c://1 pod_container_image=w:1 "
            "pod_container_init=false "
            "pod_container_name=main pod_container_port_name=http pod_container_port_number=80 "
            "pod_container_port_protocol=TCP\n"
            "__address__=10.0.0.1:81 pod_container_id=c://1 pod_container_image=w:1 "
            "pod_container_init=false "
            "pod_container_name=main pod_container_port_number=81\n"
            "__address__=10.0.0.1 pod_container_image=s:1 pod_container_init=true "
            "pod_container_name=setup\n");
}

TEST_CASE("objects of which nearly everything is missing have groups all the same") {
  Objects none;
  const KubernetesSdConfig::Attach nothing;
  const KubernetesLabelling with{nothing, none};
  const std::string bare = R"({"metadata":{"namespace":"ns","name":"x"}})";
  CHECK(text_of(pod_group(read(KubernetesKind::kPod, bare), with)) == "pod/ns/x: namespace=ns\n");
  CHECK(text_of(service_group(read(KubernetesKind::kService, bare), with)) ==
        "svc/ns/x: namespace=ns service_name=x\n");
  CHECK(text_of(endpoints_group(read(KubernetesKind::kEndpoints, bare), with)) ==
        "endpoints/ns/x: endpoints_name=x namespace=ns\n");
  CHECK(text_of(endpointslice_group(read(KubernetesKind::kEndpointSlice, bare), with)) ==
        "endpointslice/ns/x: endpointslice_name=x namespace=ns\n");
  CHECK(text_of(ingress_group(read(KubernetesKind::kIngress, bare), with)) ==
        "ingress/ns/x: ingress_name=x namespace=ns\n");
  CHECK(text_of(
            node_group(read(KubernetesKind::kNode, R"({"metadata":{"name":"n"},"spec":null})"))) ==
        "node/n: node_name=n\n");
}

TEST_CASE("what is no object of its kind is refused with a reason") {
  const std::pair<const char*, const char*> cases[] = {
      {"{}", "an object has no name"},
      {"[]", "json: cannot unmarshal array into a value of type object"},
      {R"({"metadata":{"name":1}})", "json: cannot unmarshal number into a value of type string"},
      {R"({"metadata":{"name":"a"},"spec":{"containers":{}}})",
       "json: cannot unmarshal object into a value of type array"}};
  for (const auto& [json, text] : cases) {
    std::string said;
    try {
      read(KubernetesKind::kPod, json);
    } catch (const Error& error) {
      said = error.what();
    }
    CHECK(said == text);
  }
}

TEST_CASE(
    "a pod has the names of what it belongs to, and the labels of its node and namespace, where "
    "asked for") {
  Objects objects;
  objects.add(KubernetesKind::kReplicaSet, R"({"metadata":{"namespace":"ns","name":"web",
    "ownerReferences":[{"kind":"Deployment","name":"web-deployment","controller":true}]}})");
  objects.add(KubernetesKind::kJob, R"({"metadata":{"namespace":"ns","name":"nightly-1",
    "ownerReferences":[{"kind":"CronJob","name":"nightly","controller":true}]}})");
  objects.add(KubernetesKind::kNode, R"({"metadata":{"name":"n1","labels":{"zone":"z"}}})");
  objects.add(KubernetesKind::kNamespace,
              R"({"metadata":{"name":"ns","labels":{"team":"t"},"annotations":{"a":"b"}}})");
  const KubernetesSdConfig::Attach all{true, true, true, true, true};
  const Labels web = pod_group(read(KubernetesKind::kPod, kPod), {all, objects}).labels;
  CHECK(web.get("__meta_kubernetes_pod_deployment_name") == "web-deployment");
  CHECK(web.get("__meta_kubernetes_node_name") == "n1");
  CHECK(web.get("__meta_kubernetes_node_label_zone") == "z");
  CHECK(web.get("__meta_kubernetes_namespace_label_team") == "t");
  CHECK(web.get("__meta_kubernetes_namespace_labelpresent_team") == "true");
  CHECK(web.get("__meta_kubernetes_namespace_annotation_a") == "b");
  CHECK(!web.has("__meta_kubernetes_pod_job_name"));
  const KubernetesObject of_job =
      read(KubernetesKind::kPod, R"({"metadata":{"namespace":"ns","name":"p",
    "ownerReferences":[{"kind":"Job","name":"nightly-1","controller":true}]},"status":{"podIP":"10.0.0.2"}})");
  const Labels job = pod_group(of_job, {all, objects}).labels;
  CHECK(job.get("__meta_kubernetes_pod_job_name") == "nightly-1");
  CHECK(job.get("__meta_kubernetes_pod_cronjob_name") == "nightly");
  const KubernetesSdConfig::Attach nothing;
  CHECK(!pod_group(of_job, {nothing, objects}).labels.has("__meta_kubernetes_pod_job_name"));
}

TEST_CASE("a node is asked at its best address") {
  CHECK(text_of(node_group(read(KubernetesKind::kNode,
                                R"({"metadata":{"name":"n1"},"spec":{"providerID":"cloud://1"},
    "status":{"daemonEndpoints":{"kubeletEndpoint":{"Port":10250}},"conditions":[{"type":"DiskPressure","status":"False"}],
      "addresses":[{"type":"Hostname","address":"h"},{"type":"ExternalIP","address":"192.0.2.1"},
        {"type":"InternalIP","address":"fd00::1"},{"type":"InternalIP","address":"10.0.0.1"}]}})"))) ==
        "node/n1: node_condition_diskpressure=false node_name=n1 node_provider_id=cloud://1\n"
        "__address__=[fd00::1]:10250 node_address_ExternalIP=192.0.2.1 node_address_Hostname=h "
        "node_address_InternalIP=fd00::1 instance=n1\n");
}

TEST_CASE(
    "an address of a service has the labels of the pod behind it, whose other ports are targets "
    "too") {
  Objects objects;
  objects.add(KubernetesKind::kPod, kPod);
  objects.add(KubernetesKind::kService,
              R"({"metadata":{"namespace":"ns","name":"web","labels":{"team":"t"}}})");
  const KubernetesSdConfig::Attach nothing;
  const TargetGroup slice = endpointslice_group(
      read(KubernetesKind::kEndpointSlice, R"({"metadata":{"namespace":"ns","name":"web-a",
        "labels":{"kubernetes.io/service-name":"web"}},"addressType":"IPv4",
        "endpoints":[{"addresses":["10.0.0.1"],"conditions":{"ready":true},"zone":"z",
          "targetRef":{"kind":"Pod","namespace":"ns","name":"web-1"}}],
        "ports":[{"name":"http","port":80,"protocol":"TCP"}]})"),
      {nothing, objects});
  CHECK(slice.labels.get("__meta_kubernetes_service_label_team") == "t");
  REQUIRE(slice.targets.size() == 2);
  CHECK(slice.targets[0].get("__address__") == "10.0.0.1:80");
  CHECK(slice.targets[0].get("__meta_kubernetes_endpointslice_endpoint_conditions_ready") ==
        "true");
  CHECK(slice.targets[0].get("__meta_kubernetes_pod_container_port_name") == "http");
  CHECK(slice.targets[1].get("__address__") == "10.0.0.1:81");
  CHECK(slice.targets[1].get("__meta_kubernetes_pod_container_port_number") == "81");
  CHECK(slice.targets[1].get("__meta_kubernetes_pod_name") == "web-1");

  CHECK(slice.targets[0].get("__meta_kubernetes_pod_container_port_protocol") == "TCP");
}

TEST_CASE("of a service with two families the slices of the primary one have targets") {
  Objects objects;
  objects.add(
      KubernetesKind::kService,
      R"({"metadata":{"namespace":"ns","name":"web"},"spec":{"ipFamilies":["IPv6","IPv4"]}})");
  const KubernetesSdConfig::Attach nothing;
  for (const char* type : {"IPv4", "IPv6"}) {
    const KubernetesObject slice =
        read(KubernetesKind::kEndpointSlice, R"({"metadata":{"namespace":"ns","name":"web-a",
        "labels":{"kubernetes.io/service-name":"web"}},"addressType":")" +
                                                 std::string(type) + R"(",
        "endpoints":[{"addresses":["a"]}],"ports":[{"port":80}]})");
    CHECK(endpointslice_group(slice, {nothing, objects}).targets.size() ==
          (std::string(type) == "IPv6" ? 1 : 0));
  }
}

TEST_CASE("an ingress has a target for each path, by https where its host is one of TLS") {
  Objects none;
  const KubernetesSdConfig::Attach nothing;
  CHECK(
      text_of(
          ingress_group(read(KubernetesKind::kIngress, R"({"metadata":{"namespace":"ns","name":"i"},
    "spec":{"ingressClassName":"nginx","tls":[{"hosts":["*.example.com"]}],"rules":[
      {"host":"a.example.com","http":{"paths":[{"path":"/x"},{}]}},{"host":"b.a.example.com"}]}})"),
                        {nothing, none})) ==
      "ingress/ns/i: ingress_class_name=nginx ingress_name=i namespace=ns\n"
      "__address__=a.example.com ingress_host=a.example.com ingress_path=/x ingress_scheme=https\n"
      "__address__=a.example.com ingress_host=a.example.com ingress_path=/ ingress_scheme=https\n"
      "__address__=b.a.example.com ingress_host=b.a.example.com ingress_path=/ "
      "ingress_scheme=http\n");
}

}  // namespace
}  // namespace hearth
