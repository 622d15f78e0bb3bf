#include <doctest/doctest.h>

#include "core/error.h"
#include "scraper/discovery/makers.h"
#include "tests/scraper/fake_api.h"

namespace hearth {
namespace {

// ---- digitalocean, hetzner ---------------------------------------------------------------------

TEST_CASE("droplets of all pages are targets at their public addresses") {
  FakeApi api;
  api.set(
      "GET /v2/droplets",
      R"({"droplets":[{"id":1,"name":"a","region":{"slug":"nyc3"},"size_slug":"s-1","status":"active",
      "image":{"slug":"ubuntu","name":"20.04"},"vpc_uuid":"v","features":["x","y"],"tags":["t"],
      "networks":{"v4":[{"ip_address":"10.0.0.1","type":"private"},{"ip_address":"1.2.3.4","type":"public"}],
                  "v6":[{"ip_address":"2604::1","type":"public"}]}},
      {"id":2,"networks":{"v4":[]}}],"links":{"pages":{"next":"x","last":"y"}}})");
  api.set("GET /v2/droplets?page=2",
          R"({"droplets":[{"id":3,"networks":{"v4":[{"ip_address":"1.2.3.5","type":"public"}]}}],
      "links":{"pages":{"prev":"x"}}})");
  DigitaloceanSdConfig config;
  config.http_client.authorization.emplace();
  config.http_client.authorization->credentials.value = "token";
  DiscoveryBench bench;
  CHECK(
      discovered(bench, make_digitalocean_discovery(config, bench.context, api.url())) ==
      "DigitalOcean {__address__=\"1.2.3.4:80\", __meta_digitalocean_droplet_id=\"1\", "
      "__meta_digitalocean_droplet_name=\"a\", __meta_digitalocean_features=\",x,y,\", "
      "__meta_digitalocean_image=\"ubuntu\", __meta_digitalocean_image_name=\"20.04\", "
      "__meta_digitalocean_private_ipv4=\"10.0.0.1\", __meta_digitalocean_public_ipv4=\"1.2.3.4\", "
      "__meta_digitalocean_public_ipv6=\"2604::1\", __meta_digitalocean_region=\"nyc3\", "
      "__meta_digitalocean_size=\"s-1\", __meta_digitalocean_status=\"active\", "
      "__meta_digitalocean_tags=\",t,\", "
      "__meta_digitalocean_vpc=\"v\"}\n"
      "DigitalOcean {__address__=\"1.2.3.5:80\", __meta_digitalocean_droplet_id=\"3\", "
      "__meta_digitalocean_public_ipv4=\"1.2.3.5\"}\n");
  CHECK(api.request("GET /v2/droplets?page=2").find("Authorization: Bearer token\r\n") !=
        std::string::npos);
}

TEST_CASE("servers of Hetzner's cloud are targets, with their networks by name") {
  FakeApi api;
  api.set(
      "GET /servers?label_selector=a%3Db&page=1&per_page=50",
      R"({"servers":[{"id":42,"name":"s1","status":"running","public_net":{"ipv4":{"ip":"1.2.3.4"},"ipv6":{"ip":"2001:db8::/64"}},
      "private_net":[{"network":7,"ip":"10.0.0.2"},{"network":8,"ip":"10.1.0.2"}],
      "server_type":{"name":"cx11","cores":1,"memory":7.9,"disk":25,"cpu_type":"shared"},
      "location":{"name":"fsn1","network_zone":"eu-central"},
      "image":{"name":"ubuntu-20.04","description":"d","os_flavor":"ubuntu","os_version":"20.04"},
      "labels":{"my-key":"v"}}],"meta":{"pagination":{"next_page":2}}})");
  api.set(
      "GET /servers?label_selector=a%3Db&page=2&per_page=50",
      R"({"servers":[{"id":43,"public_net":{},"image":null}],"meta":{"pagination":{"next_page":null}}})");
  api.set("GET /networks?page=1&per_page=50",
          R"({"networks":[{"id":7,"name":"my net"}],"meta":{}})");
  HetznerSdConfig config;
  config.role = "hcloud";
  config.label_selector = "a=b";
  DiscoveryBench bench;
  const std::string text =
      discovered(bench, make_hetzner_discovery(config, bench.context, api.url()));
  CHECK(
      text ==
      "hetzner {__address__=\"1.2.3.4:80\", __meta_hetzner_hcloud_cpu_cores=\"1\", "
      "__meta_hetzner_hcloud_cpu_type=\"shared\", "
      "__meta_hetzner_hcloud_datacenter_location=\"fsn1\", "
      "__meta_hetzner_hcloud_datacenter_location_network_zone=\"eu-central\", "
      "__meta_hetzner_hcloud_disk_size_gb=\"25\", __meta_hetzner_hcloud_image_description=\"d\", "
      "__meta_hetzner_hcloud_image_name=\"ubuntu-20.04\", "
      "__meta_hetzner_hcloud_image_os_flavor=\"ubuntu\", "
      "__meta_hetzner_hcloud_image_os_version=\"20.04\", __meta_hetzner_hcloud_label_my_key=\"v\", "
      "__meta_hetzner_hcloud_labelpresent_my_key=\"true\", "
      "__meta_hetzner_hcloud_location=\"fsn1\", "
      "__meta_hetzner_hcloud_location_network_zone=\"eu-central\", "
      "__meta_hetzner_hcloud_memory_size_gb=\"7\", "
      "__meta_hetzner_hcloud_private_ipv4_my_net=\"10.0.0.2\", "
      "__meta_hetzner_hcloud_server_type=\"cx11\", "
      "__meta_hetzner_public_ipv4=\"1.2.3.4\", "
      "__meta_hetzner_public_ipv6_network=\"2001:db8::/64\", "
      "__meta_hetzner_role=\"hcloud\", __meta_hetzner_server_id=\"42\", "
      "__meta_hetzner_server_name=\"s1\", "
      "__meta_hetzner_server_status=\"running\"}\n"
      "hetzner {__address__=\"<nil>:80\", __meta_hetzner_hcloud_cpu_cores=\"0\", "
      "__meta_hetzner_hcloud_disk_size_gb=\"0\", __meta_hetzner_hcloud_memory_size_gb=\"0\", "
      "__meta_hetzner_public_ipv4=\"<nil>\", __meta_hetzner_public_ipv6_network=\"<nil>\", "
      "__meta_hetzner_role=\"hcloud\", __meta_hetzner_server_id=\"43\"}\n");
}

TEST_CASE("dedicated servers of Hetzner are targets") {
  FakeApi api;
  api.set(
      "GET /server ",
      R"([{"server":{"server_ip":"1.2.3.4","server_number":321,"server_name":"d1","product":"DS 3000","dc":"NBG1-DC1",
      "status":"ready","cancelled":true,"subnet":[{"ip":"1.2.3.0","mask":"24"},{"ip":"2a01::","mask":"64"}]}}])");
  HetznerSdConfig config;
  config.role = "robot";
  config.http_client.basic_auth.emplace();
  config.http_client.basic_auth->username = "u";
  DiscoveryBench bench;
  CHECK(discovered(bench, make_hetzner_discovery(config, bench.context, api.url())) ==
        "hetzner {__address__=\"1.2.3.4:80\", __meta_hetzner_datacenter=\"nbg1-dc1\", "
        "__meta_hetzner_public_ipv4=\"1.2.3.4\", __meta_hetzner_public_ipv6_network=\"2a01::/64\", "
        "__meta_hetzner_robot_cancelled=\"true\", __meta_hetzner_robot_datacenter=\"nbg1-dc1\", "
        "__meta_hetzner_robot_product=\"DS 3000\", __meta_hetzner_role=\"robot\", "
        "__meta_hetzner_server_id=\"321\", "
        "__meta_hetzner_server_name=\"d1\", __meta_hetzner_server_status=\"ready\"}\n");
}

// ---- gce ---------------------------------------------------------------------------------------

constexpr const char* kGcePage =
    R"({"items":[{"id":"123","name":"vm1","zone":"https://z/eu-a","status":"RUNNING","machineType":"https://m/n1",
      "networkInterfaces":[{"name":"nic0","network":"https://n","subnetwork":"https://s","networkIP":"10.0.0.1",
        "accessConfigs":[{"type":"ONE_TO_ONE_NAT","natIP":"1.2.3.4"}]},{"name":"nic1","networkIP":"10.1.0.1"}],
      "tags":{"items":["web","prod"]},"metadata":{"items":[{"key":"my-key","value":"v"},{"key":"none"}]},
      "labels":{"team-x":"y"}},{"id":"124","networkInterfaces":[]}],"nextPageToken":"p 2"})";

TEST_CASE(
    "instances of a project are targets; the token of the machine is kept until it is refused") {
  unsetenv("GOOGLE_APPLICATION_CREDENTIALS");
  const Environment home("HOME", "/nowhere");
  FakeApi api;
  api.set("GET /computeMetadata/v1/instance/service-accounts/default/token",
          R"({"access_token":"T1","expires_in":3600})");
  api.set("GET /compute/v1/projects/p/zones/z/instances", kGcePage);
  api.set(
      "GET "
      "/compute/v1/projects/p/zones/z/"
      "instances?alt=json&prettyPrint=false&filter=a%3Db&pageToken=p+2",
      R"({"items":[]})");
  GceSdConfig config;
  config.project = "p";
  config.zone = "z";
  config.filter = "a=b";
  DiscoveryBench bench;
  CHECK(discovered(bench, make_gce_discovery(config, bench.context, {api.url(), api.url()})) ==
        "GCE_p_z {__address__=\"10.0.0.1:80\", __meta_gce_instance_id=\"123\", "
        "__meta_gce_instance_name=\"vm1\", "
        "__meta_gce_instance_status=\"RUNNING\", __meta_gce_interface_ipv4_nic0=\"10.0.0.1\", "
        "__meta_gce_interface_ipv4_nic1=\"10.1.0.1\", __meta_gce_label_team_x=\"y\", "
        "__meta_gce_machine_type=\"https://m/n1\", __meta_gce_metadata_my_key=\"v\", "
        "__meta_gce_network=\"https://n\", "
        "__meta_gce_private_ip=\"10.0.0.1\", __meta_gce_project=\"p\", "
        "__meta_gce_public_ip=\"1.2.3.4\", "
        "__meta_gce_subnetwork=\"https://s\", __meta_gce_tags=\",web,prod,\", "
        "__meta_gce_zone=\"https://z/eu-a\"}\n");
  CHECK(api.count("GET /computeMetadata") == 1);
  CHECK(api.request("GET /computeMetadata").find("Metadata-Flavor: Google\r\n") !=
        std::string::npos);
  CHECK(api.request("GET /compute/").find("Authorization: Bearer T1\r\n") != std::string::npos);
}

TEST_CASE("an expired token of Google is fetched anew at the next refresh") {
  unsetenv("GOOGLE_APPLICATION_CREDENTIALS");
  const Environment home("HOME", "/nowhere");
  FakeApi api;
  api.set("GET /computeMetadata", R"({"access_token":"T1","expires_in":3600})");
  api.set("GET /compute/v1", http_reply("expired", "", "401 Unauthorized"));
  GceSdConfig config;
  config.project = "p";
  config.zone = "z";
  config.refresh_interval = 200;
  DiscoveryBench bench;
  const auto discovery = make_gce_discovery(config, bench.context, {api.url(), api.url()});
  discovery->start(bench.found.update());
  wait_for_failure(bench, "gce");
  api.set("GET /compute/v1", kGcePage);
  api.set("GET /compute/v1/projects/p/zones/z/instances?alt=json&prettyPrint=false&pageToken",
          "{}");
  CHECK(value_of(bench.found.wait_for_updates(1), "__meta_gce_instance_id") == "123");
  CHECK(api.count("GET /computeMetadata") >= 2);
}

// ---- azure -------------------------------------------------------------------------------------

TEST_CASE("virtual machines and those of scale sets are targets; interfaces are asked for once") {
  FakeApi api;
  const std::string sub = "/subscriptions/s", rg = sub + "/resourceGroups/RG";
  const std::string nic = rg + "/providers/Microsoft.Network/networkInterfaces/";
  api.set("POST /tenant/oauth2/v2.0/token", R"({"access_token":"T","expires_in":"3600"})");
  api.set(
      "GET " + sub + "/providers/Microsoft.Compute/virtualMachines?",
      R"({"value":[{"id":")" + rg +
          R"(/providers/Microsoft.Compute/virtualMachines/vm1","name":"vm1","type":"t","location":"west",
          "tags":{"a.b":"c"},"properties":{"storageProfile":{"osDisk":{"osType":"Linux"}},"osProfile":{"computerName":"host1"},
          "hardwareProfile":{"vmSize":"D2"},"networkProfile":{"networkInterfaces":[{"id":")" +
          nic + R"(nic1"}]}}}],"nextLink":")" + api.url() + "/next\"}");
  api.set("GET /next",
          R"({"value":[{"id":")" + rg +
              R"(/x/gone","name":"gone","properties":{"networkProfile":{"networkInterfaces":
      [{"id":")" +
              nic + R"(gone"}]}}}]})");
  api.set("GET " + sub + "/providers/Microsoft.Compute/virtualMachineScaleSets?",
          R"({"value":[{"id":")" + rg +
              R"(/providers/Microsoft.Compute/virtualMachineScaleSets/set","name":"set"}]})");
  api.set(
      "GET " + rg + "/providers/Microsoft.Compute/virtualMachineScaleSets/set/virtualMachines?",
      R"({"value":[{"id":")" + rg +
          R"(/x/set_0","name":"set_0","instanceId":"0","location":"west","properties":{"networkProfile":
          {"networkInterfaces":[{"id":")" +
          rg + R"(/providers/x/networkInterfaces/nic0"}]}}}]})");
  const auto interface = [](const std::string& ip, const std::string& more) {
    return R"({"properties":{"primary":true,"ipConfigurations":[{"properties":{"privateIPAddress":")" +
           ip + "\"" + more + "}}]}}";
  };
  api.set("GET " + nic + "nic1?%24expand=IPConfigurations%2FPublicIPAddress",
          interface("10.0.0.1", R"(,"publicIPAddress":{"properties":{"ipAddress":"1.2.3.4"}})"));
  api.set("GET " + rg +
              "/providers/microsoft.Compute/virtualMachineScaleSets/set/virtualMachines/0/"
              "networkInterfaces/nic0?",
          interface("10.0.0.2", ""));
  AzureSdConfig config;
  config.subscription_id = "s";
  config.tenant_id = "tenant";
  config.client_id = "c";
  config.client_secret.value = "secret";
  config.refresh_interval = 300;
  DiscoveryBench bench;
  const auto discovery =
      make_azure_discovery(config, bench.context, {api.url(), api.url(), api.url()});
  discovery->start(bench.found.update());
  CHECK(bench.found.wait_for_updates(2) ==
        " {__address__=\"10.0.0.1:80\", __meta_azure_machine_computer_name=\"host1\", "
        "__meta_azure_machine_id=\"" +
            rg +
            "/providers/Microsoft.Compute/virtualMachines/vm1\", "
            "__meta_azure_machine_location=\"west\", "
            "__meta_azure_machine_name=\"vm1\", __meta_azure_machine_os_type=\"Linux\", "
            "__meta_azure_machine_private_ip=\"10.0.0.1\", "
            "__meta_azure_machine_public_ip=\"1.2.3.4\", "
            "__meta_azure_machine_resource_group=\"RG\", __meta_azure_machine_size=\"D2\", "
            "__meta_azure_machine_tag_a_b=\"c\", __meta_azure_subscription_id=\"s\", "
            "__meta_azure_tenant_id=\"tenant\"}\n"
            " {__address__=\"10.0.0.2:80\", __meta_azure_machine_id=\"" +
            rg +
            "/x/set_0\", __meta_azure_machine_location=\"west\", "
            "__meta_azure_machine_name=\"set_0\", "
            "__meta_azure_machine_private_ip=\"10.0.0.2\", "
            "__meta_azure_machine_resource_group=\"RG\", "
            "__meta_azure_machine_scale_set=\"set\", __meta_azure_subscription_id=\"s\", "
            "__meta_azure_tenant_id=\"tenant\"}\n");
  CHECK(api.count("GET " + nic + "nic1") == 1);
  CHECK(api.count("POST /tenant") == 1);
  CHECK(api.request("POST /tenant")
            .find("client_id=c&client_secret=secret&grant_type=client_credentials&scope=") !=
        std::string::npos);
  CHECK(api.request("GET /subscriptions").find("Authorization: Bearer T\r\n") != std::string::npos);
}

TEST_CASE("a managed identity of Azure is asked of the machine") {
  FakeApi api;
  api.set("GET /metadata/identity/oauth2/token?api-version=2018-02-01&client_id=c&resource=",
          R"({"access_token":"M","expires_in":"86400"})");
  api.set("GET /subscriptions", R"({"value":[]})");
  AzureSdConfig config;
  config.subscription_id = "s";
  config.client_id = "c";
  config.authentication_method = "ManagedIdentity";
  config.resource_group = "g";
  DiscoveryBench bench;
  discovered(bench, make_azure_discovery(config, bench.context, {api.url(), "", api.url()}));
  CHECK(api.request("GET /metadata").find("Metadata: true\r\n") != std::string::npos);
  CHECK(api.request(
               "GET /subscriptions/s/resourceGroups/g/providers/Microsoft.Compute/virtualMachines?")
            .find("Authorization: Bearer M\r\n") != std::string::npos);
}

TEST_CASE("an unknown environment of Azure is refused") {
  AzureSdConfig config;
  config.environment = "Moon";
  DiscoveryBench bench;
  CHECK_THROWS_AS(make_azure_discovery(config, bench.context), Error);
}

// ---- all ---------------------------------------------------------------------------------------

TEST_CASE("APIs that refuse, break off or answer nonsense are failures, and nothing is found") {
  const Reply replies[] = {
      http_reply("no", "", "403 Forbidden"),
      http_reply("slow down", "", "429 Too Many Requests"),
      http_reply("boom", "", "500 Internal Server Error"),
      http_reply("<<{{"),
      http_reply("[1]"),
      {"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{", Reply::Then::kClose}};
  const Environment home("HOME", "/nowhere");
  for (const Reply& reply : replies) {
    CAPTURE(reply.bytes);
    LoopbackServer server([&](const std::string&) { return reply; });
    const std::string url = "http://" + server.address();
    OpenstackSdConfig openstack;
    openstack.identity_endpoint = url;
    openstack.userid = "u";
    Ec2SdConfig ec2;
    ec2.endpoint = url;
    ec2.region = "r";
    ec2.access_key = "a";
    HetznerSdConfig cloud, robot;
    cloud.role = "hcloud";
    robot.role = "robot";
    DiscoveryBench bench;
    for (const auto& [name, discovery] : std::map<std::string, std::shared_ptr<Discovery>>{
             {"digitalocean", make_digitalocean_discovery({}, bench.context, url)},
             {"ec2", make_ec2_discovery(ec2, bench.context, {url, url, url})},
             {"gce", make_gce_discovery({}, bench.context, {url, url})},
             {"azure", make_azure_discovery({}, bench.context, {url, url, url})},
             {"openstack", make_openstack_discovery(openstack, bench.context)}}) {
      discovery->start(bench.found.update());
      wait_for_failure(bench, name);
    }
    const auto discovery = make_hetzner_discovery(cloud, bench.context, url);
    discovery->start(bench.found.update());
    wait_for_failure(bench, "hetzner");
    CHECK(bench.found.text() == "");
  }
}

}  // namespace
}  // namespace hearth
