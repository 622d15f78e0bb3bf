#include <doctest/doctest.h>
#include <unistd.h>

#include "core/error.h"
#include "core/log.h"
#include "scraper/discovery/makers.h"
#include "tests/scraper/discovery_bench.h"
#include "tests/scraper/loopback_server.h"

namespace hearth {
namespace {

// Path (without the version) -> body, of a daemon of version 1.41.
using Answers = std::map<std::string, std::string>;

LoopbackServer::Handler daemon_of(const Answers& answers) {
  return [answers](const std::string& request) {
    const std::string target = request.substr(4, request.find(' ', 4) - 4);
    if (target == "/_ping") return http_reply("OK", "Api-Version: 1.41\r\n");
    const std::string path = target.substr(0, target.find('?'));
    const auto found = answers.find(path);
    if (found == answers.end())
      return http_reply(R"({"message":"page not found"})", "", "404 Not Found");
    return http_reply(found->second);
  };
}

constexpr const char* kNetworks =
    R"([{"Name":"bridge","Id":"n1","Scope":"local","Internal":false,"Ingress":false,
    "Labels":{"com.example/x":"y"}},{"Name":"back","Id":"n2","Scope":"swarm","Internal":true,"Ingress":true,"Labels":null}])";

template <class Config, class Make>
std::string discovered(const Answers& answers, Config config, Make make) {
  const LoopbackServer server(daemon_of(answers));
  config.host = "tcp://" + server.address();
  config.refresh_interval = 60'000;
  DiscoveryBench bench;
  const auto discovery = make(config, bench.context);
  discovery->start(bench.found.update());
  return bench.found.wait_for_updates(1);
}

std::string containers(const std::string& json, DockerSdConfig config = {}) {
  return discovered({{"/v1.41/containers/json", json}, {"/v1.41/networks", kNetworks}}, config,
                    make_docker_discovery);
}

TEST_CASE("each TCP port of a container is a target, in its first network") {
  const char* json =
      R"([{"Id":"c1","Names":["/web","/alias"],"Labels":{"a.b":"1"},"HostConfig":{"NetworkMode":"bridge"},
          "Ports":[{"IP":"0.0.0.0","PrivatePort":80,"PublicPort":8080,"Type":"tcp"},{"PrivatePort":9000,"Type":"tcp"},
                   {"PrivatePort":53,"Type":"udp"}],
          "NetworkSettings":{"Networks":{"b_back":{"NetworkID":"n2","IPAddress":"10.1.0.2"},"a_null":null,
                                         "b_a":{"NetworkID":"n1","IPAddress":"10.0.0.2"}}}}])";
  const auto line = [](const std::string& address, const std::string& ip,
                       const std::string& network, const std::string& ports) {
    return "Docker {__address__=\"" + address +
           "\", __meta_docker_container_id=\"c1\", __meta_docker_container_label_a_b=\"1\", "
           "__meta_docker_container_name=\"/web\", "
           "__meta_docker_container_network_mode=\"bridge\", " +
           network.substr(0, network.find('|')) + "__meta_docker_network_ip=\"" + ip + "\", " +
           network.substr(network.find('|') + 1) + ports + "}\n";
  };
  const std::string n1 =
      "__meta_docker_network_id=\"n1\", __meta_docker_network_ingress=\"false\", "
      "__meta_docker_network_internal=\"false\", |__meta_docker_network_label_com_example_x=\"y\", "
      "__meta_docker_network_name=\"bridge\", __meta_docker_network_scope=\"local\", ";
  const std::string n2 =
      "__meta_docker_network_id=\"n2\", __meta_docker_network_ingress=\"true\", "
      "__meta_docker_network_internal=\"true\", |__meta_docker_network_name=\"back\", "
      "__meta_docker_network_scope=\"swarm\", ";
  const std::string p80 =
      "__meta_docker_port_private=\"80\", __meta_docker_port_public=\"8080\", "
      "__meta_docker_port_public_ip=\"0.0.0.0\"";
  const std::string p9000 = "__meta_docker_port_private=\"9000\"";
  const std::string first =
      line("10.0.0.2:80", "10.0.0.2", n1, p80) + line("10.0.0.2:9000", "10.0.0.2", n1, p9000);
  CHECK(containers(json) == first);
  DockerSdConfig all;
  all.match_first_network = false;
  CHECK(containers(json, all) == first + line("10.1.0.2:80", "10.1.0.2", n2, p80) +
                                     line("10.1.0.2:9000", "10.1.0.2", n2, p9000));
}

std::string addresses(const std::string& text) {
  std::string out;
  for (size_t at = 0; (at = text.find("__address__=\"", at)) != std::string::npos;) {
    at += 13;
    out += text.substr(at, text.find('"', at) - at) + " ";
  }
  return out;
}

TEST_CASE(
    "containers without ports, without networks, or with those of others have an address too") {
  DockerSdConfig config;
  config.port = 1234;
  config.host_networking_host = "host.test";
  CHECK(
      addresses(containers(
          R"([{"Id":"c0","Names":[],"NetworkSettings":{"Networks":{"x":{"IPAddress":"10.0.0.1"}}}},
                {"Id":"c1","Names":["/udp"],"Ports":[{"PrivatePort":1,"Type":"udp"}],
                 "NetworkSettings":{"Networks":{"x":{"IPAddress":"10.0.0.2"}}}},
                {"Id":"c2","Names":["/host"],"HostConfig":{"NetworkMode":"host"},
                 "NetworkSettings":{"Networks":{"host":{"IPAddress":""}}}},
                {"Id":"c3","Names":["/sidecar"],"HostConfig":{"NetworkMode":"container:c4"},
                 "NetworkSettings":{"Networks":{}}},
                {"Id":"c4","Names":["/main"],"HostConfig":{"NetworkMode":"container:c1"}},
                {"Id":"c5","Names":["/ring"],"HostConfig":{"NetworkMode":"container:c6"}},
                {"Id":"c6","Names":["/ring2"],"HostConfig":{"NetworkMode":"container:c5"}},
                {"Id":"c7","Names":["/orphan"],"HostConfig":{"NetworkMode":"container:nobody"}}])",
          config)) == "10.0.0.2:1234 10.0.0.2:1234 10.0.0.2:1234 host.test ");
}

TEST_CASE("the daemon is reached over a unix socket, in its version, with the filters") {
  char path[] = "/tmp/hearth-docker-XXXXXX";
  close(mkstemp(path));
  const LoopbackServer server(
      path, daemon_of({{"/v1.41/containers/json", "[]"}, {"/v1.41/networks", "[]"}}));
  DockerSdConfig config;
  config.host = std::string("unix://") + path;
  config.filters = {{"name", {"b", "a"}}, {"label", {"x=\"y\""}}};
  DiscoveryBench bench;
  const auto discovery = make_docker_discovery(config, bench.context);
  discovery->start(bench.found.update());
  bench.found.wait_for_updates(1);
  const auto requests = server.requests();
  CHECK(requests.at(0).find("GET /_ping HTTP/1.1") == 0);
  CHECK(
      requests.at(1).find(
          "GET "
          "/v1.41/containers/json?filters=%7B%22label%22%3A%7B%22x%3D%5C%22y%5C%22%22%3Atrue%7D%2C"
          "%22name%22%3A%7B%22a%22%3Atrue%2C%22b%22%3Atrue%7D%7D HTTP/1.1") == 0);
  CHECK(requests.at(2).find("GET /v1.41/networks HTTP/1.1") == 0);
  unlink(path);
}

TEST_CASE("a daemon that is not there or refuses is a failure that says so") {
  static std::string last;
  set_log_sink([](std::string_view line) {
    if (line.find("Unable to refresh") != std::string_view::npos) last = line;
  });
  const auto failure = [&](const std::string& host) {
    last.clear();
    DiscoveryBench bench;
    DockerSdConfig config;
    config.host = host;
    auto discovery = make_docker_discovery(config, bench.context);
    discovery->start(bench.found.update());
    while (bench.value(
               "prometheus_sd_refresh_failures_total{config=\"a job\",mechanism=\"docker\"}") !=
           "1") {
      std::this_thread::yield();
    }
    discovery.reset();  // the line is written by then
    return last.substr(std::min(last.size(), last.find("err=")));
  };
  CHECK(failure("unix:///nowhere.sock") ==
        "err=\"error while listing containers: Cannot connect to the Docker daemon at "
        "unix:///nowhere.sock. "
        "Is the docker daemon running?\"");
  const LoopbackServer refuses([](const std::string&) {
    return http_reply(R"({"message":"client is too old"})", "", "400 Bad Request");
  });
  CHECK(failure("tcp://" + refuses.address()) ==
        "err=\"error while listing containers: Error response from daemon: client is too old\"");
  const LoopbackServer garbage([](const std::string& request) {
    return http_reply(request.find("/_ping") != std::string::npos ? "OK" : "[{\"Names\": 7}]");
  });
  CHECK(failure("tcp://" + garbage.address()).find("json: cannot unmarshal number") !=
        std::string::npos);
  set_log_sink(nullptr);
  DiscoveryBench bench;
  DockerSdConfig config;
  config.host = "npipe://x";
  CHECK_THROWS_AS(make_docker_discovery(config, bench.context), Error);
}

// ---- swarm -------------------------------------------------------------------------------------

constexpr const char* kServices =
    R"([{"ID":"s1","Spec":{"Name":"web","Labels":{"l":"1"},"Mode":{"Replicated":{"Replicas":2}},
         "TaskTemplate":{"ContainerSpec":{"Image":"web:1","Hostname":"h"}}},"UpdateStatus":{"State":"completed"},
         "Endpoint":{"Ports":[{"Name":"http","Protocol":"tcp","TargetPort":80,"PublishedPort":8080,"PublishMode":"ingress"},
                              {"Protocol":"udp","PublishedPort":53}],
                     "VirtualIPs":[{"NetworkID":"n2","Addr":"10.1.0.5/24"}]}},
        {"ID":"s2","Spec":{"Name":"job","Mode":{"Global":{}},"TaskTemplate":{}},
         "Endpoint":{"VirtualIPs":[{"NetworkID":"n1","Addr":"fd00::5/64"}]}}])";
constexpr const char* kNodes =
    R"([{"ID":"node1","Spec":{"Labels":{"zone":"a"},"Role":"manager","Availability":"active"},
         "Description":{"Hostname":"m1","Platform":{"Architecture":"x86_64","OS":"linux"},"Engine":{"EngineVersion":"27.0"}},
         "Status":{"State":"ready","Addr":"10.9.0.1"},
         "ManagerStatus":{"Leader":true,"Reachability":"reachable","Addr":"10.9.0.1:2377"}},
        {"ID":"node2","Spec":{"Role":"worker"},"Status":{"Addr":"10.9.0.2"}}])";
constexpr const char* kTasks =
    R"([{"ID":"t1","ServiceID":"s1","NodeID":"node1","Slot":2,"DesiredState":"running",
         "Spec":{"ContainerSpec":{"Labels":{"c":"1"}}},
         "Status":{"State":"running","ContainerStatus":{"ContainerID":"c1"},
                   "PortStatus":{"Ports":[{"Protocol":"tcp","PublishedPort":8081,"PublishMode":"host"}]}},
         "NetworksAttachments":[{"Network":{"ID":"n2"},"Addresses":["10.1.0.7/24"]}]},
        {"ID":"t2","ServiceID":"s2","NodeID":"node2","Status":{},
         "NetworksAttachments":[{"Network":{"ID":"nx"},"Addresses":["10.1.0.8/24"]}]}])";

std::string swarm(const std::string& role, const std::string& tasks = kTasks) {
  DockerSwarmSdConfig config;
  config.role = role;
  return discovered({{"/v1.41/services", kServices},
                     {"/v1.41/nodes", kNodes},
                     {"/v1.41/tasks", tasks},
                     {"/v1.41/networks", kNetworks}},
                    config, make_dockerswarm_discovery);
}

TEST_CASE("services of a swarm are targets at their virtual addresses") {
  CHECK(
      swarm("services") ==
      "DockerSwarm {__address__=\"10.1.0.5:8080\", __meta_dockerswarm_network_id=\"n2\", "
      "__meta_dockerswarm_network_ingress=\"true\", __meta_dockerswarm_network_internal=\"true\", "
      "__meta_dockerswarm_network_name=\"back\", __meta_dockerswarm_network_scope=\"swarm\", "
      "__meta_dockerswarm_service_endpoint_port_name=\"http\", "
      "__meta_dockerswarm_service_endpoint_port_publish_mode=\"ingress\", "
      "__meta_dockerswarm_service_id=\"s1\", "
      "__meta_dockerswarm_service_label_l=\"1\", __meta_dockerswarm_service_mode=\"replicated\", "
      "__meta_dockerswarm_service_name=\"web\", "
      "__meta_dockerswarm_service_task_container_hostname=\"h\", "
      "__meta_dockerswarm_service_task_container_image=\"web:1\", "
      "__meta_dockerswarm_service_updating_status=\"completed\"}\n"
      "DockerSwarm {__address__=\"[fd00::5]:80\", __meta_dockerswarm_network_id=\"n1\", "
      "__meta_dockerswarm_network_ingress=\"false\", "
      "__meta_dockerswarm_network_internal=\"false\", "
      "__meta_dockerswarm_network_label_com_example_x=\"y\", "
      "__meta_dockerswarm_network_name=\"bridge\", "
      "__meta_dockerswarm_network_scope=\"local\", __meta_dockerswarm_service_id=\"s2\", "
      "__meta_dockerswarm_service_mode=\"global\", __meta_dockerswarm_service_name=\"job\"}\n");
}

TEST_CASE("nodes of a swarm are targets at their addresses") {
  CHECK(swarm("nodes") ==
        "DockerSwarm {__address__=\"10.9.0.1:80\", __meta_dockerswarm_node_address=\"10.9.0.1\", "
        "__meta_dockerswarm_node_availability=\"active\", "
        "__meta_dockerswarm_node_engine_version=\"27.0\", "
        "__meta_dockerswarm_node_hostname=\"m1\", __meta_dockerswarm_node_id=\"node1\", "
        "__meta_dockerswarm_node_label_zone=\"a\", "
        "__meta_dockerswarm_node_manager_address=\"10.9.0.1:2377\", "
        "__meta_dockerswarm_node_manager_leader=\"true\", "
        "__meta_dockerswarm_node_manager_reachability=\"reachable\", "
        "__meta_dockerswarm_node_platform_architecture=\"x86_64\", "
        "__meta_dockerswarm_node_platform_os=\"linux\", "
        "__meta_dockerswarm_node_role=\"manager\", __meta_dockerswarm_node_status=\"ready\"}\n"
        "DockerSwarm {__address__=\"10.9.0.2:80\", __meta_dockerswarm_node_address=\"10.9.0.2\", "
        "__meta_dockerswarm_node_id=\"node2\", __meta_dockerswarm_node_role=\"worker\"}\n");
}

TEST_CASE("tasks of a swarm are targets at their node's ports and in their networks") {
  const std::string text = swarm("tasks");
  CHECK(addresses(text) == "10.1.0.7:8080 10.1.0.8:80 10.9.0.1:8081 ");
  const std::string line = text.substr(text.rfind("\n", text.size() - 2) + 1);
  CHECK(line ==
        "DockerSwarm {__address__=\"10.9.0.1:8081\", __meta_dockerswarm_container_label_c=\"1\", "
        "__meta_dockerswarm_node_address=\"10.9.0.1\", "
        "__meta_dockerswarm_node_availability=\"active\", "
        "__meta_dockerswarm_node_hostname=\"m1\", __meta_dockerswarm_node_id=\"node1\", "
        "__meta_dockerswarm_node_label_zone=\"a\", "
        "__meta_dockerswarm_node_platform_architecture=\"x86_64\", "
        "__meta_dockerswarm_node_platform_os=\"linux\", __meta_dockerswarm_node_role=\"manager\", "
        "__meta_dockerswarm_node_status=\"ready\", __meta_dockerswarm_service_id=\"s1\", "
        "__meta_dockerswarm_service_label_l=\"1\", __meta_dockerswarm_service_mode=\"replicated\", "
        "__meta_dockerswarm_service_name=\"web\", __meta_dockerswarm_task_container_id=\"c1\", "
        "__meta_dockerswarm_task_desired_state=\"running\", __meta_dockerswarm_task_id=\"t1\", "
        "__meta_dockerswarm_task_port_publish_mode=\"host\", __meta_dockerswarm_task_slot=\"2\", "
        "__meta_dockerswarm_task_state=\"running\"}\n");
}

}  // namespace
}  // namespace hearth
