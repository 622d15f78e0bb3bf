#include <doctest/doctest.h>

#include "core/error.h"
#include "scraper/discovery/makers.h"
#include "scraper/discovery/openstack_session.h"
#include "tests/scraper/fake_api.h"

namespace hearth {
namespace {

// Keystone and all services behind one address.
void serve_openstack(FakeApi& api) {
  const auto service = [&](const std::string& type, const std::string& path) {
    return R"({"type":")" + type +
           R"(","endpoints":[{"interface":"admin","region":"R","url":"http://wrong"},
        {"interface":"public","region_id":"other","url":"http://wrong"},
        {"interface":"public","region_id":"R","url":")" +
           api.url() + path + "\"}]}";
  };
  const std::string body = R"({"token":{"catalog":[)" + service("compute", "/compute/v2.1/p") +
                           "," + service("network", "/network/") + "," +
                           service("load-balancer", "/lb") + "]}}";
  api.set("POST /v3/auth/tokens", http_reply(body, "X-Subject-Token: TOK\r\n", "201 Created"));
}

OpenstackSdConfig openstack_config(const FakeApi& api, const std::string& role) {
  OpenstackSdConfig config;
  config.identity_endpoint = api.url() + "/v3/";
  config.username = "u";
  config.password.value = "p\"w";
  config.domain_name = "d";
  config.project_name = "proj";
  config.region = "R";
  config.role = role;
  return config;
}

TEST_CASE("hypervisors of OpenStack are targets, after a login") {
  FakeApi api;
  serve_openstack(api);
  api.set(
      "GET /compute/v2.1/p/os-hypervisors/detail",
      R"({"hypervisors":[{"id":1,"host_ip":"172.16.70.14","hypervisor_hostname":"nc14","status":"enabled","state":"up",
          "hypervisor_type":"QEMU"}],"hypervisors_links":[{"rel":"next","href":")" +
          api.url() + "/more\"}]}");
  api.set("GET /more", R"({"hypervisors":[{"id":"uuid","host_ip":"172.16.70.13"}]})");
  DiscoveryBench bench;
  CHECK(discovered(bench,
                   make_openstack_discovery(openstack_config(api, "hypervisor"), bench.context)) ==
        "OS_R {__address__=\"172.16.70.13:80\", "
        "__meta_openstack_hypervisor_host_ip=\"172.16.70.13\", "
        "__meta_openstack_hypervisor_id=\"uuid\"}\n"
        "OS_R {__address__=\"172.16.70.14:80\", "
        "__meta_openstack_hypervisor_host_ip=\"172.16.70.14\", "
        "__meta_openstack_hypervisor_hostname=\"nc14\", __meta_openstack_hypervisor_id=\"1\", "
        "__meta_openstack_hypervisor_state=\"up\", __meta_openstack_hypervisor_status=\"enabled\", "
        "__meta_openstack_hypervisor_type=\"QEMU\"}\n");
  CHECK(
      api.request("POST /v3/auth/tokens")
          .ends_with(
              R"({"auth":{"identity":{"methods":["password"],"password":{"user":{"name":"u","domain":{"name":"d"},)"
              R"("password":"p\"w"}}},"scope":{"project":{"name":"proj","domain":{"name":"d"}}}}})"));
  CHECK(api.request("GET /compute").find("X-Auth-Token: TOK\r\n") != std::string::npos);
}

TEST_CASE("instances of OpenStack are targets at each of their fixed addresses") {
  FakeApi api;
  serve_openstack(api);
  api.set("GET /network/v2.0/ports",
          R"({"ports":[{"id":"port1","device_id":"i1","tenant_id":"t"}]})");
  api.set(
      "GET /network/v2.0/floatingips",
      R"({"floatingips":[{"floating_ip_address":"1.2.3.4","fixed_ip_address":"10.0.0.1","port_id":"port1","tenant_id":"t"},
          {"floating_ip_address":"1.2.3.5","fixed_ip_address":null,"port_id":null,"tenant_id":"t"},
          {"floating_ip_address":"1.2.3.6","fixed_ip_address":"10.0.0.9","port_id":"gone","tenant_id":"t"}]})");
  api.set(
      "GET /compute/v2.1/p/servers/detail?all_tenants=true",
      R"({"servers":[{"id":"i1","name":"n","status":"ACTIVE","tenant_id":"t","user_id":"u","flavor":{"id":"1"},
          "image":{"id":"img"},"metadata":{"my key":"v"},
          "addresses":{"private":[{"addr":"10.0.0.1"},{"addr":"1.2.3.4"},{"addr":"10.0.0.2"}]}},
          {"id":"i2","tenant_id":"t","flavor":{"original_name":"m1.small","id":"x"},"image":"","addresses":{"p":[{"addr":"10.0.0.3"}]}},
          {"id":"i3","flavor":{"id":"1"},"addresses":{}}]})");
  OpenstackSdConfig config = openstack_config(api, "instance");
  config.all_tenants = true;
  DiscoveryBench bench;
  CHECK(discovered(bench, make_openstack_discovery(config, bench.context)) ==
        "OS_R {__address__=\"10.0.0.1:80\", __meta_openstack_address_pool=\"private\", "
        "__meta_openstack_instance_flavor=\"1\", __meta_openstack_instance_id=\"i1\", "
        "__meta_openstack_instance_image=\"img\", __meta_openstack_instance_name=\"n\", "
        "__meta_openstack_instance_status=\"ACTIVE\", __meta_openstack_private_ip=\"10.0.0.1\", "
        "__meta_openstack_project_id=\"t\", __meta_openstack_public_ip=\"1.2.3.4\", "
        "__meta_openstack_tag_my_key=\"v\", "
        "__meta_openstack_user_id=\"u\"}\n"
        "OS_R {__address__=\"10.0.0.2:80\", __meta_openstack_address_pool=\"private\", "
        "__meta_openstack_instance_flavor=\"1\", __meta_openstack_instance_id=\"i1\", "
        "__meta_openstack_instance_image=\"img\", __meta_openstack_instance_name=\"n\", "
        "__meta_openstack_instance_status=\"ACTIVE\", __meta_openstack_private_ip=\"10.0.0.2\", "
        "__meta_openstack_project_id=\"t\", __meta_openstack_tag_my_key=\"v\", "
        "__meta_openstack_user_id=\"u\"}\n"
        "OS_R {__address__=\"10.0.0.3:80\", __meta_openstack_address_pool=\"p\", "
        "__meta_openstack_instance_flavor=\"m1.small\", __meta_openstack_instance_id=\"i2\", "
        "__meta_openstack_private_ip=\"10.0.0.3\", __meta_openstack_project_id=\"t\"}\n");
}

TEST_CASE("load balancers with a listener for Prometheus are targets at it") {
  FakeApi api;
  serve_openstack(api);
  api.set(
      "GET /lb/v2.0/lbaas/loadbalancers",
      R"({"loadbalancers":[{"id":"b1","name":"n","operating_status":"ONLINE","provisioning_status":"ACTIVE",
          "availability_zone":"az","vip_address":"10.0.0.32","vip_port_id":"vp","provider":"amphora","project_id":"p",
          "tags":["a","b"]},{"id":"b2","vip_address":"10.0.0.33"}]})");
  api.set(
      "GET /lb/v2.0/lbaas/listeners",
      R"({"listeners":[{"protocol":"HTTP","protocol_port":80,"loadbalancers":[{"id":"b1"},{"id":"b2"}]},
          {"protocol":"PROMETHEUS","protocol_port":9273,"loadbalancers":[{"id":"b1"}]}]})");
  api.set("GET /network/v2.0/floatingips",
          R"({"floatingips":[{"floating_ip_address":"1.2.3.4","port_id":"vp"}]})");
  DiscoveryBench bench;
  CHECK(discovered(bench, make_openstack_discovery(openstack_config(api, "loadbalancer"),
                                                   bench.context)) ==
        "OS_R {__address__=\"10.0.0.32:9273\", "
        "__meta_openstack_loadbalancer_availability_zone=\"az\", "
        "__meta_openstack_loadbalancer_floating_ip=\"1.2.3.4\", "
        "__meta_openstack_loadbalancer_id=\"b1\", "
        "__meta_openstack_loadbalancer_name=\"n\", "
        "__meta_openstack_loadbalancer_operating_status=\"ONLINE\", "
        "__meta_openstack_loadbalancer_provider=\"amphora\", "
        "__meta_openstack_loadbalancer_provisioning_status=\"ACTIVE\", "
        "__meta_openstack_loadbalancer_tags=\"a,b\", "
        "__meta_openstack_loadbalancer_vip=\"10.0.0.32\", "
        "__meta_openstack_project_id=\"p\"}\n");
}

TEST_CASE("Keystone is told who asks in each of the ways that it knows") {
  OpenstackSdConfig c;
  CHECK_THROWS_AS(keystone_question(c), Error);
  c.username = "u";
  CHECK_THROWS_AS(keystone_question(c), Error);
  c = {};
  c.userid = "id";
  c.project_id = "pid";
  CHECK(
      keystone_question(c) ==
      R"({"auth":{"identity":{"methods":["password"],"password":{"user":{"id":"id","password":""}}},"scope":{"project":{"id":"pid"}}}})");
  c.application_credential_id = "aid";
  c.application_credential_secret.value = "s";
  CHECK(
      keystone_question(c) ==
      R"({"auth":{"identity":{"methods":["application_credential"],"application_credential":{"id":"aid","secret":"s"}}}})");
  c.application_credential_id = "";
  c.application_credential_name = "an";
  CHECK(
      keystone_question(c) ==
      R"({"auth":{"identity":{"methods":["application_credential"],"application_credential":{"name":"an","user":{"id":"id"},"secret":"s"}}}})");
  unsetenv("OS_AUTH_URL");
  CHECK_THROWS_AS(openstack_credentials(OpenstackSdConfig()), Error);
}

}  // namespace
}  // namespace hearth
