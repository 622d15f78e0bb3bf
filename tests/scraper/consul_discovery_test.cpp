#include <doctest/doctest.h>

#include "core/error.h"
#include "scraper/discovery/consul_group.h"
#include "scraper/discovery/makers.h"
#include "tests/scraper/discovery_bench.h"
#include "tests/scraper/loopback_server.h"

namespace hearth {
namespace {

// A Consul that answers blocking queries: they wait until the index moves on. Thread-safe.
class FakeConsul {
 public:
  FakeConsul() : server_([this](const std::string& request) { return answer(request); }) {}
  ~FakeConsul() {
    MutexLock lock(mutex_);
    ended_ = true;
    changed_.notify_all();
  }

  // A part of a path -> a body.
  void set(const std::string& path, const std::string& body) {
    MutexLock lock(mutex_);
    bodies_[path] = body;
    ++index_;
    changed_.notify_all();
  }
  void fail_next(const std::string& path, const std::string& reply) {
    MutexLock lock(mutex_);
    failures_[path] = reply;
    ++index_;
    changed_.notify_all();
  }
  std::string address() const { return server_.address(); }
  std::vector<std::string> requests() const { return server_.requests(); }

 private:
  Reply answer(const std::string& request) {
    const std::string target = request.substr(4, request.find(' ', 4) - 4);
    const std::string path = target.substr(0, target.find('?'));
    const size_t at = target.find("index=");
    const uint64_t known = at == std::string::npos ? 0 : std::stoull(target.substr(at + 6));
    MutexLock lock(mutex_);
    while (known == index_ && !ended_) changed_.wait(mutex_);
    if (const auto found = failures_.find(path); found != failures_.end()) {
      Reply reply{found->second, Reply::Then::kClose};
      failures_.erase(found);
      return reply;
    }
    const auto body = bodies_.find(path);
    if (body == bodies_.end()) return http_reply("no such path", "", "404 Not Found");
    return http_reply(body->second, "X-Consul-Index: " + std::to_string(index_) + "\r\n");
  }

  Mutex mutex_;
  CondVar changed_;
  bool ended_ GUARDED_BY(mutex_) = false;
  uint64_t index_ GUARDED_BY(mutex_) = 1;
  std::map<std::string, std::string> bodies_ GUARDED_BY(mutex_);
  std::map<std::string, std::string> failures_ GUARDED_BY(mutex_);
  LoopbackServer server_;  // last: its threads end before the rest goes
};

std::string instance(const std::string& address, int port) {
  return R"([{"Node":{"Node":"n1","Address":")" + address + R"("},"Service":{"ID":"i","Port":)" +
         std::to_string(port) + R"(},"Checks":[{"CheckID":"c","Status":"passing"}]}])";
}

std::string target(const std::string& service, const std::string& address, int port) {
  const std::string port_text = std::to_string(port);
  return service + " {__address__=\"" + address + ":" + port_text + "\", __meta_consul_address=\"" +
         address +
         "\", __meta_consul_dc=\"dc1\", __meta_consul_health=\"passing\", "
         "__meta_consul_node=\"n1\", "
         "__meta_consul_service=\"" +
         service +
         "\", __meta_consul_service_id=\"i\", "
         "__meta_consul_service_port=\"" +
         port_text + "\", __meta_consul_tags=\",,\"}\n";
}

ConsulSdConfig config_of(const FakeConsul& consul) {
  ConsulSdConfig config;
  config.server = consul.address();
  config.refresh_interval = 1;
  return config;
}

constexpr const char* kSelf = R"({"Config":{"Datacenter":"dc1"}})";

TEST_CASE("services come, change and go as the catalog and their health tell") {
  FakeConsul consul;
  consul.set("/v1/agent/self", kSelf);
  consul.set("/v1/catalog/services", R"({"web":["a"],"db":[]})");
  consul.set("/v1/health/service/web", instance("10.0.0.1", 80));
  consul.set("/v1/health/service/db", instance("10.0.0.2", 5432));
  DiscoveryBench bench;
  const auto discovery = make_consul_discovery(config_of(consul), bench.context);
  discovery->start(bench.found.update());
  const std::string web = target("web", "10.0.0.1", 80), db = target("db", "10.0.0.2", 5432);
  CHECK(bench.found.wait_for(db + web) == db + web);

  consul.set("/v1/health/service/web", instance("10.0.0.9", 81));
  const std::string moved = target("web", "10.0.0.9", 81);
  CHECK(bench.found.wait_for(db + moved) == db + moved);

  consul.set("/v1/catalog/services", R"({"web":["a"]})");
  CHECK(bench.found.wait_for(moved) == moved);
  consul.set("/v1/health/service/web", "[]");
  CHECK(bench.found.wait_for("") == "");
  CHECK(bench.value("prometheus_sd_consul_rpc_failures_total") == "0");
}

TEST_CASE("queries carry what the configuration says") {
  FakeConsul consul;
  consul.set("/prefix/v1/catalog/services", R"({"web/x":["a","b"],"other":["a"],"db":["a","b"]})");
  consul.set("/prefix/v1/health/service/web/x", instance("10.0.0.1", 80));
  ConsulSdConfig config = config_of(consul);
  config.server = "http://" + consul.address() + "/prefix";
  config.datacenter = "dc1";
  config.namespace_name = "ns one";
  config.partition = "p";
  config.token.value = "secret";
  config.services = {"web/x", "unknown"};
  config.tags = {"a", "b"};
  config.node_meta = {{"rack", "1"}};
  config.filter = "ServiceName == x";
  config.health_filter = "Service.Port == 80";
  DiscoveryBench bench;
  const auto discovery = make_consul_discovery(config, bench.context);
  discovery->start(bench.found.update());
  const std::string expected = target("web/x", "10.0.0.1", 80);
  CHECK(bench.found.wait_for(expected) == expected);
  const auto requests = consul.requests();
  CHECK(requests.at(0).find(
            "GET /prefix/v1/catalog/services?dc=dc1&filter=ServiceName+%3D%3D+x&node-meta=rack%3A1"
            "&ns=ns+one&partition=p&stale=&wait=120000ms HTTP/1.1") == 0);
  CHECK(requests.at(0).find("X-Consul-Token: secret\r\n") != std::string::npos);
  std::string health;
  for (const std::string& request : requests) {
    if (request.find("/health/") != std::string::npos && health.empty()) health = request;
  }
  CHECK(
      health.find(
          "GET "
          "/prefix/v1/health/service/web/x?dc=dc1&filter=Service.Port+%3D%3D+80&node-meta=rack%3A1"
          "&ns=ns+one&partition=p&stale=&tag=a&tag=b&wait=120000ms HTTP/1.1") == 0);
}

TEST_CASE("services that are named and no tags need no catalog") {
  FakeConsul consul;
  consul.set("/v1/agent/self", kSelf);
  consul.set("/v1/health/service/web", instance("10.0.0.1", 80));
  ConsulSdConfig config = config_of(consul);
  config.services = {"web", "web"};
  config.allow_stale = false;
  DiscoveryBench bench;
  const auto discovery = make_consul_discovery(config, bench.context);
  discovery->start(bench.found.update());
  const std::string expected = target("web", "10.0.0.1", 80);
  CHECK(bench.found.wait_for(expected) == expected);
  for (const std::string& request : consul.requests()) {
    CHECK(request.find("/catalog/") == std::string::npos);
    CHECK(request.find("stale") == std::string::npos);
  }
}

TEST_CASE("failures of all kinds are counted and change nothing") {
  for (const char* failure :
       {"HTTP/1.1 500 Internal Server Error\r\nContent-Length: 4\r\n\r\nboom",
        "HTTP/1.1 429 Too Many Requests\r\nContent-Length: 0\r\n\r\n", "garbage\r\n\r\n",
        "HTTP/1.1 200 OK\r\nX-Consul-Index: 77\r\nContent-Length: 2\r\n\r\n[{",
        "HTTP/1.1 200 OK\r\nX-Consul-Index: 77\r\nContent-Length: 2\r\n\r\n{}",
        "HTTP/1.1 200 OK\r\nX-Consul-Index: x\r\nContent-Length: 2\r\n\r\n[]",
        "HTTP/1.1 200 OK\r\nX-Consul-Index: 77\r\nContent-Length: 9\r\n\r\n[]",
        "HTTP/1.1 403 Forbidden\r\nContent-Length: 13\r\n\r\ntoken expired"}) {
    CAPTURE(failure);
    FakeConsul consul;
    consul.set("/v1/health/service/web", instance("10.0.0.1", 80));
    ConsulSdConfig config = config_of(consul);
    config.datacenter = "dc1";
    config.services = {"web"};
    DiscoveryBench bench;
    const auto discovery = make_consul_discovery(config, bench.context);
    discovery->start(bench.found.update());
    const std::string expected = target("web", "10.0.0.1", 80);
    CHECK(bench.found.wait_for(expected) == expected);
    consul.fail_next("/v1/health/service/web", failure);
    while (bench.value("prometheus_sd_consul_rpc_failures_total") != "1") std::this_thread::yield();
    CHECK(bench.found.text() == expected);
  }
}

TEST_CASE("an address of an unknown scheme is refused") {
  DiscoveryBench bench;
  ConsulSdConfig config;
  config.server = "ftp://x";
  CHECK_THROWS_WITH_AS(make_consul_discovery(config, bench.context), "Unknown protocol scheme: ftp",
                       Error);
}

TEST_CASE("an instance has the labels of its node, its service and its checks") {
  const TargetGroup group = consul_group(
      R"([{"Node":{"Node":"n1","Address":"10.0.0.1","Datacenter":"x","TaggedAddresses":{"lan":"1.1.1.1","wan-v4":"2.2.2.2"},
           "Meta":{"rack.no":"7"}},
           "Service":{"ID":"web-1","Service":"web","Tags":["a","b c"],"Address":"fd00::1","Port":8080,
           "Meta":{"Ver-sion":"é","schönes":"x"},"Namespace":"ns","Partition":"p"},
           "Checks":[{"CheckID":"a","Status":"passing"},{"CheckID":"b","Status":"warning"}]},
          {"Node":{"Node":"n2","Address":"10.0.0.2"},"Service":{"Tags":null,"Port":0},"Checks":[]}])",
      "web", "dc1", "|");
  CHECK(group.source == "web");
  CHECK(labels_text(group.labels) == "{__meta_consul_dc=\"dc1\", __meta_consul_service=\"web\"}");
  CHECK(labels_text(group.targets.at(0)) ==
        "{__address__=\"[fd00::1]:8080\", __meta_consul_address=\"10.0.0.1\", "
        "__meta_consul_health=\"warning\", "
        "__meta_consul_metadata_rack_no=\"7\", __meta_consul_namespace=\"ns\", "
        "__meta_consul_node=\"n1\", "
        "__meta_consul_partition=\"p\", __meta_consul_service_address=\"fd00::1\", "
        "__meta_consul_service_id=\"web-1\", __meta_consul_service_metadata_Ver_sion=\"é\", "
        "__meta_consul_service_metadata_sch_nes=\"x\", __meta_consul_service_port=\"8080\", "
        "__meta_consul_tagged_address_lan=\"1.1.1.1\", "
        "__meta_consul_tagged_address_wan_v4=\"2.2.2.2\", "
        "__meta_consul_tags=\"|a|b c|\"}");
  CHECK(labels_text(group.targets.at(1)) ==
        "{__address__=\"10.0.0.2:0\", __meta_consul_address=\"10.0.0.2\", "
        "__meta_consul_health=\"passing\", "
        "__meta_consul_node=\"n2\", __meta_consul_service_port=\"0\", __meta_consul_tags=\"||\"}");
}

TEST_CASE("the health of an instance is the worst of its checks") {
  const auto health = [](const std::string& checks) {
    const TargetGroup group =
        consul_group(R"([{"Node":{},"Service":{},"Checks":)" + checks + "}]", "web", "dc1", ",");
    return std::string(group.targets.at(0).get("__meta_consul_health"));
  };
  CHECK(health(R"([{"Status":"passing"},{"Status":"critical"},{"Status":"warning"}])") ==
        "critical");
  CHECK(health(R"([{"CheckID":"_node_maintenance","Status":"critical"}])") == "maintenance");
  CHECK(health(
            R"([{"CheckID":"_service_maintenance:x","Status":"critical"},{"Status":"passing"}])") ==
        "maintenance");
  CHECK(health(R"([{"Status":"odd"}])") == "");
  CHECK(health("null") == "passing");
}

}  // namespace
}  // namespace hearth
