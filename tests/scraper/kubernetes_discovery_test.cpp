// kubernetes_sd against a server in this process that speaks its protocol, and misbehaves.
#include <doctest/doctest.h>

#include "core/error.h"
#include "core/file.h"
#include "core/log.h"
#include "scraper/discovery/kubernetes_api.h"
#include "scraper/discovery/makers.h"
#include "scraper/discovery/watcher.h"
#include "tests/scraper/fake_kubernetes.h"
#include "tests/scraper/found_groups.h"

namespace hearth {
namespace {

constexpr char kPods[] = "/api/v1/pods";
constexpr char kNodes[] = "/api/v1/nodes";

KubernetesTiming quick() {
  KubernetesTiming timing;
  timing.first_backoff = 1;
  timing.longest_backoff = 20;
  timing.page = 2;
  return timing;
}

// Discoveries against a server of their own.
struct Cluster {
  FakeKubernetes server;
  TempDir dir;
  Registry registry;
  DiscoveryWatcher watcher;
  KubernetesApi api{registry, system_clock(), quick()};
  KubernetesSdConfig config;
  FoundGroups found;
  std::unique_ptr<Discovery> discovery;

  Cluster() {
    set_log_sink([](std::string_view) {});
    config.api_server = server.url() + "/";
  }
  ~Cluster() {
    discovery.reset();
    set_log_sink(nullptr);
  }
  std::unique_ptr<Discovery> make(const KubernetesSdConfig& of, FoundGroups& into) {
    DiscoveryContext context{"j", dir.path(), registry, watcher};
    context.kubernetes = &api;
    auto made = make_kubernetes_discovery(of, context);
    made->start(into.update());
    return made;
  }
  void start() { discovery = make(config, found); }
  void pod(const std::string& name, const std::string& ip, const std::string& node = "n") {
    server.put(
        kPods, name,
        fmt::format(
            R"("spec":{{"nodeName":"{}","containers":[{{"name":"c"}}]}},"status":{{"podIP":"{}"}})",
            node, ip));
  }
  bool has_metric(const std::string& line) const {
    return registry.text().find(line) != std::string::npos;
  }
};

TEST_CASE("pods are listed in pages, then watched") {
  Cluster cluster;
  for (int i = 1; i <= 5; ++i) cluster.pod("p" + std::to_string(i), "10.0.0." + std::to_string(i));
  cluster.start();
  REQUIRE(cluster.found.wait_for_addresses("10.0.0.1 10.0.0.2 10.0.0.3 10.0.0.4 10.0.0.5"));
  CHECK(cluster.server.requests("limit=2").size() == 3);
  cluster.pod("p6", "10.0.0.6");
  REQUIRE(
      cluster.found.wait_for_addresses("10.0.0.1 10.0.0.2 10.0.0.3 10.0.0.4 10.0.0.5 10.0.0.6"));
  cluster.pod("p1", "10.0.0.9");
  cluster.server.remove(kPods, "p3");
  REQUIRE(cluster.found.wait_for_addresses("10.0.0.9 10.0.0.2 10.0.0.4 10.0.0.5 10.0.0.6"));
  cluster.pod("p2", "");
  REQUIRE(cluster.found.wait_for_addresses("10.0.0.9 10.0.0.4 10.0.0.5 10.0.0.6"));
  CHECK(cluster.server.requests("limit=2").size() == 3);
  CHECK(
      cluster.has_metric("prometheus_sd_kubernetes_events_total{event=\"add\",role=\"pod\"} 6\n"));
  CHECK(cluster.has_metric(
      "prometheus_sd_kubernetes_events_total{event=\"update\",role=\"pod\"} 2\n"));
  CHECK(cluster.has_metric(
      "prometheus_sd_kubernetes_events_total{event=\"delete\",role=\"pod\"} 1\n"));
  CHECK(cluster.has_metric("prometheus_sd_kubernetes_failures_total 0\n"));
}

TEST_CASE("a watch that ends, or is cut in the middle of a line, goes on where it was") {
  Cluster cluster;
  cluster.pod("a", "10.0.0.1");
  cluster.start();
  REQUIRE(cluster.found.wait_for_addresses("10.0.0.1"));
  cluster.server.end_watches();
  cluster.pod("b", "10.0.0.2");
  REQUIRE(cluster.found.wait_for_addresses("10.0.0.1 10.0.0.2"));
  cluster.server.misbehave(
      "watch=1",
      FakeKubernetes::stream("{\"type\":\"ADDED\",\"object\":{\"metada", Reply::Then::kClose));
  cluster.pod("c", "10.0.0.3");
  REQUIRE(cluster.found.wait_for_addresses("10.0.0.1 10.0.0.2 10.0.0.3"));
  CHECK(cluster.server.requests("limit=").size() == 1);
}

TEST_CASE("a bookmark moves on the version from which is watched") {
  Cluster cluster;
  cluster.pod("a", "10.0.0.1");
  cluster.start();
  REQUIRE(cluster.found.wait_for_addresses("10.0.0.1"));
  cluster.server.bookmark(kPods);
  REQUIRE(cluster.server.wait_for_requests("watch=1&allowWatchBookmarks=true", 2));
  cluster.pod("b", "10.0.0.2");
  REQUIRE(cluster.found.wait_for_addresses("10.0.0.1 10.0.0.2"));
  CHECK(cluster.server.requests("limit=").size() == 1);
}

TEST_CASE("after 410 Gone all is listed anew, and what went meanwhile is gone") {
  Cluster cluster;
  cluster.pod("a", "10.0.0.1");
  cluster.pod("b", "10.0.0.2");
  cluster.start();
  REQUIRE(cluster.found.wait_for_addresses("10.0.0.1 10.0.0.2"));
  SUBCASE("told inside the stream") {
    cluster.server.remove(kPods, "a");
    cluster.server.forget_history();
  }
  SUBCASE("told as the status of the watch") {
    cluster.server.misbehave("watch=1", FakeKubernetes::refusal("410 Gone", "too old"));
    cluster.server.remove(kPods, "a");
  }
  REQUIRE(cluster.found.wait_for_addresses("10.0.0.2"));
  cluster.pod("c", "10.0.0.3");
  CHECK(cluster.found.wait_for_addresses("10.0.0.2 10.0.0.3"));
}

TEST_CASE("a page that has expired makes the list begin anew, all at once") {
  Cluster cluster;
  for (int i = 1; i <= 3; ++i) cluster.pod("p" + std::to_string(i), "10.0.0." + std::to_string(i));
  cluster.server.misbehave("continue=2",
                           FakeKubernetes::refusal("410 Gone", "the token has expired"));
  cluster.start();
  REQUIRE(cluster.found.wait_for_addresses("10.0.0.1 10.0.0.2 10.0.0.3"));
  CHECK(cluster.server.requests("/pods?resourceVersion=0").size() == 1);
}

TEST_CASE("a server that fails is asked again, and what is known stays meanwhile") {
  struct Failure {
    const char* what;
    const char* request;
    Reply reply;
  };
  const Failure failures[] = {
      {"500", "limit=", FakeKubernetes::refusal("500 Internal Server Error", "etcd is away")},
      {"429", "limit=",
       FakeKubernetes::refusal("429 Too Many Requests", "slow down", "Retry-After: 0\r\n")},
      {"garbage", "limit=", http_reply("<html>")},
      {"a list without an end",
       "limit=",
       {"HTTP/1.1 200 OK\r\nContent-Length: 90\r\n\r\n{\"items\":[", Reply::Then::kClose}},
      {"no answer", "limit=", {"", Reply::Then::kClose}},
      {"a watch refused", "watch=1", FakeKubernetes::refusal("403 Forbidden", "pods is forbidden")},
      {"a watch of garbage", "watch=1",
       FakeKubernetes::stream("{\"type\":\"ADDED\",\"object\":nonsense}\n")},
      {"an event of unknown type", "watch=1",
       FakeKubernetes::stream("{\"type\":\"SPOILED\",\"object\":{}}\n")},
      {"an error event", "watch=1",
       FakeKubernetes::stream("{\"type\":\"ERROR\",\"object\":{\"code\":500}}\n")},
      {"a watch that ends at once", "watch=1", FakeKubernetes::stream("")}};
  for (const Failure& failure : failures) {
    CAPTURE(std::string(failure.what));
    Cluster cluster;
    cluster.pod("a", "10.0.0.1");
    cluster.server.misbehave(failure.request, failure.reply);
    cluster.server.misbehave(failure.request, failure.reply);
    cluster.start();
    REQUIRE(cluster.found.wait_for_addresses("10.0.0.1"));
    REQUIRE(cluster.server.wait_for_requests(failure.request, 3));
    cluster.pod("b", "10.0.0.2");
    REQUIRE(cluster.found.wait_for_addresses("10.0.0.1 10.0.0.2"));
    CHECK(cluster.has_metric("prometheus_sd_kubernetes_failures_total 2\n"));
  }
}

TEST_CASE("a token is read anew when it has expired") {
  Cluster cluster;
  cluster.pod("a", "10.0.0.1");
  write_file(cluster.dir.path() + "/token", "old\n");
  cluster.config.http_client.authorization = Authorization{"Bearer", {}, "token"};
  cluster.server.demand("Bearer new");
  cluster.start();
  write_file(cluster.dir.path() + "/token", "new\n");
  REQUIRE(cluster.found.wait_for_addresses("10.0.0.1"));
  CHECK(!cluster.has_metric("prometheus_sd_kubernetes_failures_total 1000"));
}

TEST_CASE(
    "discoveries that want the same share one watch; what one no longer wants the other keeps") {
  Cluster cluster;
  cluster.pod("a", "10.0.0.1");
  cluster.server.put(kNodes, "n", "");
  cluster.start();
  REQUIRE(cluster.found.wait_for_addresses("10.0.0.1"));
  KubernetesSdConfig with_node = cluster.config;
  with_node.attach.node = true;
  FoundGroups others;
  auto other = cluster.make(with_node, others);
  REQUIRE(others.wait_for_addresses("10.0.0.1"));
  CHECK(cluster.server.requests("/api/v1/pods?limit").size() == 1);
  cluster.discovery.reset();
  cluster.pod("b", "10.0.0.2");
  REQUIRE(others.wait_for_addresses("10.0.0.1 10.0.0.2"));
  CHECK(cluster.found.addresses() == "10.0.0.1");
  CHECK(cluster.server.requests("/api/v1/pods?limit").size() == 1);
}

TEST_CASE("groups follow the other objects that their labels come from") {
  Cluster cluster;
  cluster.pod("a", "10.0.0.1", "n1");
  cluster.pod("b", "10.0.0.2", "n2");
  cluster.config.attach.node = true;
  cluster.start();
  REQUIRE(cluster.found.wait_for_addresses("10.0.0.1 10.0.0.2"));
  const std::string label = "__meta_kubernetes_node_label_zone";
  CHECK(!cluster.found.groups()["pod/ns/a"].labels.has(label));
  cluster.server.put(kNodes, "n1", "", R"("labels":{"zone":"x"})");
  CHECK(cluster.found.wait_for_label("pod/ns/a", label, "x"));
  CHECK(!cluster.found.groups()["pod/ns/b"].labels.has(label));
  cluster.server.remove(kNodes, "n1");
  CHECK(cluster.found.wait_for_label("pod/ns/a", label, ""));
}

TEST_CASE("nothing is told before all that labels come from is known") {
  Cluster cluster;
  cluster.config.role = KubernetesKind::kEndpoints;
  cluster.server.put(
      "/api/v1/endpoints", "web",
      R"("subsets":[{"addresses":[{"ip":"10.0.0.1","targetRef":{"kind":"Pod","namespace":"ns","name":"a"}}],"ports":[{"port":80}]}])");
  cluster.server.put("/api/v1/services", "web", "", R"("labels":{"team":"red"})");
  cluster.pod("a", "10.0.0.1");
  for (int i = 0; i < 3; ++i)
    cluster.server.misbehave("/services?limit", FakeKubernetes::refusal("500 X", "no"));
  cluster.start();
  const std::string first = cluster.found.wait_for_update(1);
  CHECK(first.find("__meta_kubernetes_service_label_team=\"red\"") != std::string::npos);
  CHECK(cluster.found.groups()["endpoints/ns/web"].targets[0].get("__meta_kubernetes_pod_name") ==
        "a");
  cluster.server.put("/api/v1/services", "web", "", R"("labels":{"team":"blue"})");
  CHECK(cluster.found.wait_for_update(2).find("__meta_kubernetes_service_label_team=\"blue\"") !=
        std::string::npos);
}

TEST_CASE("namespaces and selectors stand in the requests") {
  Cluster cluster;
  cluster.config.namespaces = {"ns", "other", "ns"};
  cluster.config.selectors = {{KubernetesKind::kPod, "app in (a,b)", "spec.nodeName=n"}};
  cluster.server.put("/api/v1/namespaces/ns/pods", "a",
                     R"("spec":{"containers":[{"name":"c"}]},"status":{"podIP":"10.0.0.1"})");
  cluster.start();
  REQUIRE(cluster.found.wait_for_addresses("10.0.0.1"));
  const std::string selectors = "&labelSelector=app+in+%28a%2Cb%29&fieldSelector=spec.nodeName%3Dn";
  CHECK(cluster.server.requests("/namespaces/ns/pods?limit=2" + selectors).size() == 1);
  CHECK(cluster.server.requests("/namespaces/other/pods?limit=2" + selectors).size() == 1);
}

TEST_CASE("a discovery ends at once, whatever its server does") {
  Cluster cluster;
  cluster.server.misbehave("limit",
                           {"HTTP/1.1 200 OK\r\nContent-Length: 90\r\n\r\n{", Reply::Then::kHang});
  cluster.start();
  cluster.discovery.reset();
  CHECK(cluster.found.addresses() == "");
}

}  // namespace
}  // namespace hearth
