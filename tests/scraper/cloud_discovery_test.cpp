#include <doctest/doctest.h>

#include <cstdlib>

#include "core/error.h"
#include "core/file.h"
#include "scraper/discovery/aws_credentials.h"
#include "scraper/discovery/aws_signature.h"
#include "scraper/discovery/ec2_instances.h"
#include "scraper/discovery/makers.h"
#include "scraper/discovery/openstack_session.h"
#include "tests/scraper/discovery_bench.h"
#include "tests/scraper/loopback_server.h"

namespace hearth {
namespace {

// "METHOD /path?query" or a beginning of it -> reply; the longest that fits counts.
class FakeApi {
 public:
  explicit FakeApi(std::map<std::string, Reply> replies = {})
      : replies_(std::move(replies)), server_([this](const std::string& request) { return answer(request); }) {}

  void set(const std::string& request, const std::string& body) { set(request, http_reply(body)); }
  void set(const std::string& request, const Reply& reply) {
    MutexLock lock(mutex_);
    replies_[request] = reply;
  }
  std::string url() const { return "http://" + server_.address(); }
  // Of the first request that begins so.
  std::string request(const std::string& beginning) const {
    for (const std::string& request : server_.requests()) {
      if (request.starts_with(beginning)) return request;
    }
    return "";
  }
  size_t count(const std::string& beginning) const {
    size_t found = 0;
    for (const std::string& request : server_.requests()) found += request.starts_with(beginning) ? 1 : 0;
    return found;
  }

 private:
  Reply answer(const std::string& request) {
    MutexLock lock(mutex_);
    const Reply* best = nullptr;
    size_t length = 0;
    for (const auto& [beginning, reply] : replies_) {
      if (!request.starts_with(beginning) || beginning.size() < length) continue;
      best = &reply;
      length = beginning.size();
    }
    return best != nullptr ? *best : http_reply("{\"message\":\"nothing here\"}", "", "404 Not Found");
  }

  Mutex mutex_;
  std::map<std::string, Reply> replies_ GUARDED_BY(mutex_);
  LoopbackServer server_;
};

// Sets a variable of the environment while it lives.
class Environment {
 public:
  Environment(const char* name, const std::string& value) : name_(name) { setenv(name, value.c_str(), 1); }
  ~Environment() { unsetenv(name_); }
  Environment(const Environment&) = delete;
  Environment& operator=(const Environment&) = delete;

 private:
  const char* const name_;
};

std::string discovered(DiscoveryBench& bench, const std::unique_ptr<Discovery>& discovery) {
  discovery->start(bench.found.update());
  return bench.found.wait_for_updates(1);
}

// The value of a label in the first line that has it.
std::string value_of(const std::string& text, const std::string& label) {
  const size_t at = text.find(label + "=\"");
  if (at == std::string::npos) return "";
  const size_t start = at + label.size() + 2;
  return text.substr(start, text.find('"', start) - start);
}

// Waits for a failed refresh and returns its count.
void wait_for_failure(const DiscoveryBench& bench, const std::string& mechanism) {
  while (bench.value("prometheus_sd_refresh_failures_total{config=\"a job\",mechanism=\"" + mechanism + "\"}") == "0") {
    std::this_thread::yield();
  }
}

// ---- digitalocean, hetzner ---------------------------------------------------------------------

TEST_CASE("droplets of all pages are targets at their public addresses") {
  FakeApi api;
  api.set("GET /v2/droplets", R"({"droplets":[{"id":1,"name":"a","region":{"slug":"nyc3"},"size_slug":"s-1","status":"active",
      "image":{"slug":"ubuntu","name":"20.04"},"vpc_uuid":"v","features":["x","y"],"tags":["t"],
      "networks":{"v4":[{"ip_address":"10.0.0.1","type":"private"},{"ip_address":"1.2.3.4","type":"public"}],
                  "v6":[{"ip_address":"2604::1","type":"public"}]}},
      {"id":2,"networks":{"v4":[]}}],"links":{"pages":{"next":"x","last":"y"}}})");
  api.set("GET /v2/droplets?page=2", R"({"droplets":[{"id":3,"networks":{"v4":[{"ip_address":"1.2.3.5","type":"public"}]}}],
      "links":{"pages":{"prev":"x"}}})");
  DigitaloceanSdConfig config;
  config.http_client.authorization.emplace();
  config.http_client.authorization->credentials.value = "token";
  DiscoveryBench bench;
  CHECK(discovered(bench, make_digitalocean_discovery(config, bench.context, api.url())) ==
        "DigitalOcean {__address__=\"1.2.3.4:80\", __meta_digitalocean_droplet_id=\"1\", "
        "__meta_digitalocean_droplet_name=\"a\", __meta_digitalocean_features=\",x,y,\", "
        "__meta_digitalocean_image=\"ubuntu\", __meta_digitalocean_image_name=\"20.04\", "
        "__meta_digitalocean_private_ipv4=\"10.0.0.1\", __meta_digitalocean_public_ipv4=\"1.2.3.4\", "
        "__meta_digitalocean_public_ipv6=\"2604::1\", __meta_digitalocean_region=\"nyc3\", "
        "__meta_digitalocean_size=\"s-1\", __meta_digitalocean_status=\"active\", __meta_digitalocean_tags=\",t,\", "
        "__meta_digitalocean_vpc=\"v\"}\n"
        "DigitalOcean {__address__=\"1.2.3.5:80\", __meta_digitalocean_droplet_id=\"3\", "
        "__meta_digitalocean_public_ipv4=\"1.2.3.5\"}\n");
  CHECK(api.request("GET /v2/droplets?page=2").find("Authorization: Bearer token\r\n") != std::string::npos);
}

TEST_CASE("servers of Hetzner's cloud are targets, with their networks by name") {
  FakeApi api;
  api.set("GET /servers?label_selector=a%3Db&page=1&per_page=50",
          R"({"servers":[{"id":42,"name":"s1","status":"running","public_net":{"ipv4":{"ip":"1.2.3.4"},"ipv6":{"ip":"2001:db8::/64"}},
      "private_net":[{"network":7,"ip":"10.0.0.2"},{"network":8,"ip":"10.1.0.2"}],
      "server_type":{"name":"cx11","cores":1,"memory":7.9,"disk":25,"cpu_type":"shared"},
      "location":{"name":"fsn1","network_zone":"eu-central"},
      "image":{"name":"ubuntu-20.04","description":"d","os_flavor":"ubuntu","os_version":"20.04"},
      "labels":{"my-key":"v"}}],"meta":{"pagination":{"next_page":2}}})");
  api.set("GET /servers?label_selector=a%3Db&page=2&per_page=50",
          R"({"servers":[{"id":43,"public_net":{},"image":null}],"meta":{"pagination":{"next_page":null}}})");
  api.set("GET /networks?page=1&per_page=50", R"({"networks":[{"id":7,"name":"my net"}],"meta":{}})");
  HetznerSdConfig config;
  config.role = "hcloud";
  config.label_selector = "a=b";
  DiscoveryBench bench;
  const std::string text = discovered(bench, make_hetzner_discovery(config, bench.context, api.url()));
  CHECK(text ==
        "hetzner {__address__=\"1.2.3.4:80\", __meta_hetzner_hcloud_cpu_cores=\"1\", "
        "__meta_hetzner_hcloud_cpu_type=\"shared\", __meta_hetzner_hcloud_datacenter_location=\"fsn1\", "
        "__meta_hetzner_hcloud_datacenter_location_network_zone=\"eu-central\", "
        "__meta_hetzner_hcloud_disk_size_gb=\"25\", __meta_hetzner_hcloud_image_description=\"d\", "
        "__meta_hetzner_hcloud_image_name=\"ubuntu-20.04\", __meta_hetzner_hcloud_image_os_flavor=\"ubuntu\", "
        "__meta_hetzner_hcloud_image_os_version=\"20.04\", __meta_hetzner_hcloud_label_my_key=\"v\", "
        "__meta_hetzner_hcloud_labelpresent_my_key=\"true\", __meta_hetzner_hcloud_location=\"fsn1\", "
        "__meta_hetzner_hcloud_location_network_zone=\"eu-central\", __meta_hetzner_hcloud_memory_size_gb=\"7\", "
        "__meta_hetzner_hcloud_private_ipv4_my_net=\"10.0.0.2\", __meta_hetzner_hcloud_server_type=\"cx11\", "
        "__meta_hetzner_public_ipv4=\"1.2.3.4\", __meta_hetzner_public_ipv6_network=\"2001:db8::/64\", "
        "__meta_hetzner_role=\"hcloud\", __meta_hetzner_server_id=\"42\", __meta_hetzner_server_name=\"s1\", "
        "__meta_hetzner_server_status=\"running\"}\n"
        "hetzner {__address__=\"<nil>:80\", __meta_hetzner_hcloud_cpu_cores=\"0\", "
        "__meta_hetzner_hcloud_disk_size_gb=\"0\", __meta_hetzner_hcloud_memory_size_gb=\"0\", "
        "__meta_hetzner_public_ipv4=\"<nil>\", __meta_hetzner_public_ipv6_network=\"<nil>\", "
        "__meta_hetzner_role=\"hcloud\", __meta_hetzner_server_id=\"43\"}\n");
}

TEST_CASE("dedicated servers of Hetzner are targets") {
  FakeApi api;
  api.set("GET /server ",
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
        "__meta_hetzner_robot_product=\"DS 3000\", __meta_hetzner_role=\"robot\", __meta_hetzner_server_id=\"321\", "
        "__meta_hetzner_server_name=\"d1\", __meta_hetzner_server_status=\"ready\"}\n");
}

// ---- ec2 ---------------------------------------------------------------------------------------

TEST_CASE("the signature is the one that AWS documents for its example") {
  // "Create a string to sign" of the IAM example, as a POST of the same form.
  AwsRequest request;
  request.host = "iam.amazonaws.com";
  request.body = "Action=ListUsers&Version=2010-05-08";
  request.content_type = "application/x-www-form-urlencoded; charset=utf-8";
  request.region = "us-east-1";
  request.service = "iam";
  request.time = "20110909T233600Z";
  const auto headers = aws_signature(request, {"AKIDEXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY", ""});
  CHECK(headers.at("Authorization") ==
        "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20110909/us-east-1/iam/aws4_request, "
        "SignedHeaders=content-type;host;x-amz-date, "
        "Signature=ced6826de92d2bdeed8f846f0bf508e8559e98e4b0199114b84c54174deb456c");
  CHECK(headers.at("X-Amz-Date") == "20110909T233600Z");
  CHECK(aws_time(1315611360) == "20110909T233600Z");
}

constexpr const char* kInstances =
    R"(<?xml version="1.0" encoding="UTF-8"?><DescribeInstancesResponse xmlns="http://ec2.amazonaws.com/doc/2016-11-15/">
  <requestId>r</requestId><reservationSet><item><ownerId>123</ownerId><instancesSet>
  <item><instanceId>i-1</instanceId><imageId>ami-1</imageId><instanceState><code>16</code><name>running</name></instanceState>
    <privateDnsName>ip.internal</privateDnsName><dnsName>ec2.amazonaws.com</dnsName><instanceType>t3.micro</instanceType>
    <placement><availabilityZone>eu-1a</availabilityZone></placement><platform>windows</platform><subnetId>sn-1</subnetId>
    <vpcId>vpc-1</vpcId><privateIpAddress>10.0.0.1</privateIpAddress><ipAddress>1.2.3.4</ipAddress>
    <architecture>x86_64</architecture><instanceLifecycle>spot</instanceLifecycle>
    <tagSet><item><key>my:Name</key><value>a &amp; b</value></item><item><key>empty</key><value/></item></tagSet>
    <networkInterfaceSet>
      <item><subnetId>sn-1</subnetId><attachment><deviceIndex>0</deviceIndex></attachment>
        <ipv6AddressesSet><item><ipv6Address>fd00::1</ipv6Address><isPrimaryIpv6>false</isPrimaryIpv6></item></ipv6AddressesSet></item>
      <item><subnetId>sn-2</subnetId><attachment><deviceIndex>2</deviceIndex></attachment>
        <ipv6AddressesSet><item><ipv6Address>fd00::2</ipv6Address><isPrimaryIpv6>true</isPrimaryIpv6></item></ipv6AddressesSet></item>
      <item><subnetId>sn-1</subnetId><attachment><deviceIndex>1</deviceIndex></attachment></item>
    </networkInterfaceSet></item>
  <item><instanceId>i-2</instanceId><instanceState><name>terminated</name></instanceState></item>
  </instancesSet></item></reservationSet><nextToken>more</nextToken></DescribeInstancesResponse>)";

constexpr const char* kIpv6Only =
    R"(<DescribeInstancesResponse><reservationSet><item><instancesSet><item><instanceId>i-3</instanceId><vpcId>v</vpcId>
  <networkInterfaceSet><item><subnetId>sn</subnetId><ipv6AddressesSet><item><ipv6Address>fd00::9</ipv6Address></item></ipv6AddressesSet></item>
  </networkInterfaceSet></item></instancesSet></item></reservationSet></DescribeInstancesResponse>)";

TEST_CASE("instances of EC2 are read with all their labels") {
  const Ec2Page page = parse_ec2_instances(kInstances, {"eu-1", 9100, {{"eu-1a", "euw1-az2"}}});
  CHECK(page.next_token == "more");
  REQUIRE(page.targets.size() == 1);
  CHECK(labels_text(page.targets[0]) ==
        "{__address__=\"10.0.0.1:9100\", __meta_ec2_ami=\"ami-1\", __meta_ec2_architecture=\"x86_64\", "
        "__meta_ec2_availability_zone=\"eu-1a\", __meta_ec2_availability_zone_id=\"euw1-az2\", "
        "__meta_ec2_instance_id=\"i-1\", __meta_ec2_instance_lifecycle=\"spot\", __meta_ec2_instance_state=\"running\", "
        "__meta_ec2_instance_type=\"t3.micro\", __meta_ec2_ipv6_addresses=\",fd00::1,fd00::2,\", "
        "__meta_ec2_owner_id=\"123\", __meta_ec2_platform=\"windows\", "
        "__meta_ec2_primary_ipv6_addresses=\",,,fd00::2,\", __meta_ec2_primary_subnet_id=\"sn-1\", "
        "__meta_ec2_private_dns_name=\"ip.internal\", __meta_ec2_private_ip=\"10.0.0.1\", "
        "__meta_ec2_public_dns_name=\"ec2.amazonaws.com\", __meta_ec2_public_ip=\"1.2.3.4\", __meta_ec2_region=\"eu-1\", "
        "__meta_ec2_subnet_id=\",sn-1,sn-2,\", __meta_ec2_tag_my_Name=\"a & b\", __meta_ec2_vpc_id=\"vpc-1\"}");
  const Ec2Page v6 = parse_ec2_instances(kIpv6Only, {"eu-1", 80, {}});
  CHECK(v6.targets.at(0).get("__address__") == "[fd00::9]:80");
  CHECK_THROWS_AS(parse_ec2_instances("<html>busy</html>", {}), Error);
  CHECK_THROWS_AS(parse_ec2_instances("<DescribeInstancesResponse><reserv", {}), Error);
  CHECK_THROWS_AS(parse_ec2_zones("{}"), Error);
}

TEST_CASE("EC2 is asked page by page, signed, with the filters, and again with other keys when it refuses") {
  LoopbackServer server([](const std::string& request) {
    if (request.find("Action=DescribeAvailabilityZones") != std::string::npos) {
      return http_reply("<DescribeAvailabilityZonesResponse><availabilityZoneInfo><item><zoneName>eu-1a</zoneName>"
                        "<zoneId>z</zoneId></item></availabilityZoneInfo></DescribeAvailabilityZonesResponse>");
    }
    return http_reply(request.find("NextToken=more") == std::string::npos ? kInstances : kIpv6Only);
  });
  Ec2SdConfig config;
  config.endpoint = "http://" + server.address();
  config.region = "eu-1";
  config.access_key = "AK";
  config.secret_key.value = "SK";
  config.filters = {{"tag:a", {"1", "2"}}, {"x", {"y"}}};
  DiscoveryBench bench;
  const std::string text = discovered(bench, make_ec2_discovery(config, bench.context));
  CHECK(value_of(text, "__meta_ec2_availability_zone_id") == "z");
  CHECK(text.find("__meta_ec2_instance_id=\"i-3\"") != std::string::npos);
  CHECK(text.starts_with("eu-1 {"));
  const auto requests = server.requests();
  CHECK(requests.at(1).find("Action=DescribeInstances&Filter.1.Name=tag%3Aa&Filter.1.Value.1=1&Filter.1.Value.2=2&"
                            "Filter.2.Name=x&Filter.2.Value.1=y&Version=2016-11-15") != std::string::npos);
  CHECK(requests.at(1).find("Authorization: AWS4-HMAC-SHA256 Credential=AK/") != std::string::npos);
  CHECK(requests.at(2).find("NextToken=more") != std::string::npos);
}

// Region, role and keys of the machine by IMDSv2; then the role of the configuration by STS.
TEST_CASE("without keys in the configuration the machine's role is used, and another one assumed with it") {
  for (const char* name : {"AWS_ACCESS_KEY_ID", "AWS_REGION", "AWS_DEFAULT_REGION", "AWS_PROFILE",
                           "AWS_WEB_IDENTITY_TOKEN_FILE", "AWS_CONTAINER_CREDENTIALS_FULL_URI"}) {
    unsetenv(name);
  }
  const Environment no_file("AWS_SHARED_CREDENTIALS_FILE", "/nowhere"), no_config("AWS_CONFIG_FILE", "/nowhere");
  FakeApi metadata;
  metadata.set("PUT /latest/api/token", "T0K");
  metadata.set("GET /latest/meta-data/placement/region", "eu-7");
  metadata.set("GET /latest/meta-data/iam/security-credentials/ ", "my-role\n");
  metadata.set("GET /latest/meta-data/iam/security-credentials/my-role",
               R"({"AccessKeyId":"MACHINE","SecretAccessKey":"S","Token":"session","Expiration":"2099-01-01T00:00:00Z"})");
  FakeApi sts;
  sts.set("POST / ", "<AssumeRoleResponse><AssumeRoleResult><Credentials><AccessKeyId>ASSUMED</AccessKeyId>"
                     "<SecretAccessKey>S2</SecretAccessKey><SessionToken>session2</SessionToken>"
                     "<Expiration>2099-01-01T00:00:00Z</Expiration></Credentials></AssumeRoleResult></AssumeRoleResponse>");
  FakeApi ec2;
  ec2.set("POST / ", kIpv6Only);
  Ec2SdConfig config;
  config.endpoint = ec2.url();
  config.role_arn = "arn:aws:iam::1:role/r";
  config.external_id = "ext";
  DiscoveryBench bench;
  const std::string text =
      discovered(bench, make_ec2_discovery(config, bench.context, {metadata.url(), metadata.url(), sts.url()}));
  CHECK(value_of(text, "__meta_ec2_region") == "eu-7");
  CHECK(metadata.request("GET /latest/meta-data/placement").find("X-aws-ec2-metadata-token: T0K") != std::string::npos);
  CHECK(sts.request("POST").find("Credential=MACHINE/") != std::string::npos);
  CHECK(sts.request("POST").find("X-Amz-Security-Token: session\r\n") != std::string::npos);
  CHECK(sts.request("POST").find("Action=AssumeRole&DurationSeconds=900&ExternalId=ext&RoleArn=arn%3Aaws%3Aiam%3A%3A1"
                                 "%3Arole%2Fr&RoleSessionName=prometheus&Version=2011-06-15") != std::string::npos);
  CHECK(ec2.request("POST").find("Credential=ASSUMED/") != std::string::npos);
}

TEST_CASE("a web identity of the environment is exchanged for keys") {
  char path[] = "/tmp/hearth-token-XXXXXX";
  close(mkstemp(path));
  write_file(path, "web token\n");
  const Environment file("AWS_WEB_IDENTITY_TOKEN_FILE", path), role("AWS_ROLE_ARN", "arn:r"), region("AWS_REGION", "eu-9");
  FakeApi sts;
  sts.set("POST / ", "<R><AssumeRoleWithWebIdentityResult><Credentials><AccessKeyId>WEB</AccessKeyId></Credentials>"
                     "</AssumeRoleWithWebIdentityResult></R>");
  FakeApi ec2;
  ec2.set("POST / ", kIpv6Only);
  Ec2SdConfig config;
  config.endpoint = ec2.url();
  DiscoveryBench bench;
  discovered(bench, make_ec2_discovery(config, bench.context, {"http://127.0.0.1:1", "", sts.url()}));
  CHECK(sts.request("POST").find("WebIdentityToken=web+token") != std::string::npos);
  CHECK(sts.request("POST").find("Authorization") == std::string::npos);
  CHECK(ec2.request("POST").find("Credential=WEB/") != std::string::npos);
  unlink(path);
}

TEST_CASE("profiles are found in both kinds of AWS files") {
  const std::string text = "[default]\naws_access_key_id = D\n[other]\n aws_access_key_id=A\naws_secret_access_key = S=/+\n"
                           "[profile long]\naws_access_key_id=L\naws_session_token = T\n";
  CHECK(profile_keys(text, "other").access_key == "A");
  CHECK(profile_keys(text, "other").secret_key == "S=/+");
  CHECK(profile_keys(text, "long").session_token == "T");
  CHECK(profile_keys(text, "none").access_key == "");
}

// ---- gce ---------------------------------------------------------------------------------------

constexpr const char* kGcePage =
    R"({"items":[{"id":"123","name":"vm1","zone":"https://z/eu-a","status":"RUNNING","machineType":"https://m/n1",
      "networkInterfaces":[{"name":"nic0","network":"https://n","subnetwork":"https://s","networkIP":"10.0.0.1",
        "accessConfigs":[{"type":"ONE_TO_ONE_NAT","natIP":"1.2.3.4"}]},{"name":"nic1","networkIP":"10.1.0.1"}],
      "tags":{"items":["web","prod"]},"metadata":{"items":[{"key":"my-key","value":"v"},{"key":"none"}]},
      "labels":{"team-x":"y"}},{"id":"124","networkInterfaces":[]}],"nextPageToken":"p 2"})";

TEST_CASE("instances of a project are targets; the token of the machine is kept until it is refused") {
  unsetenv("GOOGLE_APPLICATION_CREDENTIALS");
  const Environment home("HOME", "/nowhere");
  FakeApi api;
  api.set("GET /computeMetadata/v1/instance/service-accounts/default/token", R"({"access_token":"T1","expires_in":3600})");
  api.set("GET /compute/v1/projects/p/zones/z/instances", kGcePage);
  api.set("GET /compute/v1/projects/p/zones/z/instances?alt=json&prettyPrint=false&filter=a%3Db&pageToken=p+2",
          R"({"items":[]})");
  GceSdConfig config;
  config.project = "p";
  config.zone = "z";
  config.filter = "a=b";
  DiscoveryBench bench;
  CHECK(discovered(bench, make_gce_discovery(config, bench.context, {api.url(), api.url()})) ==
        "GCE_p_z {__address__=\"10.0.0.1:80\", __meta_gce_instance_id=\"123\", __meta_gce_instance_name=\"vm1\", "
        "__meta_gce_instance_status=\"RUNNING\", __meta_gce_interface_ipv4_nic0=\"10.0.0.1\", "
        "__meta_gce_interface_ipv4_nic1=\"10.1.0.1\", __meta_gce_label_team_x=\"y\", "
        "__meta_gce_machine_type=\"https://m/n1\", __meta_gce_metadata_my_key=\"v\", __meta_gce_network=\"https://n\", "
        "__meta_gce_private_ip=\"10.0.0.1\", __meta_gce_project=\"p\", __meta_gce_public_ip=\"1.2.3.4\", "
        "__meta_gce_subnetwork=\"https://s\", __meta_gce_tags=\",web,prod,\", __meta_gce_zone=\"https://z/eu-a\"}\n");
  CHECK(api.count("GET /computeMetadata") == 1);
  CHECK(api.request("GET /computeMetadata").find("Metadata-Flavor: Google\r\n") != std::string::npos);
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
  api.set("GET /compute/v1/projects/p/zones/z/instances?alt=json&prettyPrint=false&pageToken", "{}");
  CHECK(value_of(bench.found.wait_for_updates(1), "__meta_gce_instance_id") == "123");
  CHECK(api.count("GET /computeMetadata") >= 2);
}

// ---- azure -------------------------------------------------------------------------------------

TEST_CASE("virtual machines and those of scale sets are targets; interfaces are asked for once") {
  FakeApi api;
  const std::string sub = "/subscriptions/s", rg = sub + "/resourceGroups/RG";
  const std::string nic = rg + "/providers/Microsoft.Network/networkInterfaces/";
  api.set("POST /tenant/oauth2/v2.0/token", R"({"access_token":"T","expires_in":"3600"})");
  api.set("GET " + sub + "/providers/Microsoft.Compute/virtualMachines?",
          R"({"value":[{"id":")" + rg + R"(/providers/Microsoft.Compute/virtualMachines/vm1","name":"vm1","type":"t","location":"west",
          "tags":{"a.b":"c"},"properties":{"storageProfile":{"osDisk":{"osType":"Linux"}},"osProfile":{"computerName":"host1"},
          "hardwareProfile":{"vmSize":"D2"},"networkProfile":{"networkInterfaces":[{"id":")" + nic + R"(nic1"}]}}}],"nextLink":")" +
              api.url() + "/next\"}");
  api.set("GET /next", R"({"value":[{"id":")" + rg + R"(/x/gone","name":"gone","properties":{"networkProfile":{"networkInterfaces":
      [{"id":")" + nic + R"(gone"}]}}}]})");
  api.set("GET " + sub + "/providers/Microsoft.Compute/virtualMachineScaleSets?",
          R"({"value":[{"id":")" + rg + R"(/providers/Microsoft.Compute/virtualMachineScaleSets/set","name":"set"}]})");
  api.set("GET " + rg + "/providers/Microsoft.Compute/virtualMachineScaleSets/set/virtualMachines?",
          R"({"value":[{"id":")" + rg + R"(/x/set_0","name":"set_0","instanceId":"0","location":"west","properties":{"networkProfile":
          {"networkInterfaces":[{"id":")" + rg + R"(/providers/x/networkInterfaces/nic0"}]}}}]})");
  const auto interface = [](const std::string& ip, const std::string& more) {
    return R"({"properties":{"primary":true,"ipConfigurations":[{"properties":{"privateIPAddress":")" + ip + "\"" + more + "}}]}}";
  };
  api.set("GET " + nic + "nic1?%24expand=IPConfigurations%2FPublicIPAddress",
          interface("10.0.0.1", R"(,"publicIPAddress":{"properties":{"ipAddress":"1.2.3.4"}})"));
  api.set("GET " + rg + "/providers/microsoft.Compute/virtualMachineScaleSets/set/virtualMachines/0/networkInterfaces/nic0?",
          interface("10.0.0.2", ""));
  AzureSdConfig config;
  config.subscription_id = "s";
  config.tenant_id = "tenant";
  config.client_id = "c";
  config.client_secret.value = "secret";
  config.refresh_interval = 300;
  DiscoveryBench bench;
  const auto discovery = make_azure_discovery(config, bench.context, {api.url(), api.url(), api.url()});
  discovery->start(bench.found.update());
  CHECK(bench.found.wait_for_updates(2) ==
        " {__address__=\"10.0.0.1:80\", __meta_azure_machine_computer_name=\"host1\", __meta_azure_machine_id=\"" + rg +
            "/providers/Microsoft.Compute/virtualMachines/vm1\", __meta_azure_machine_location=\"west\", "
            "__meta_azure_machine_name=\"vm1\", __meta_azure_machine_os_type=\"Linux\", "
            "__meta_azure_machine_private_ip=\"10.0.0.1\", __meta_azure_machine_public_ip=\"1.2.3.4\", "
            "__meta_azure_machine_resource_group=\"RG\", __meta_azure_machine_size=\"D2\", "
            "__meta_azure_machine_tag_a_b=\"c\", __meta_azure_subscription_id=\"s\", __meta_azure_tenant_id=\"tenant\"}\n"
            " {__address__=\"10.0.0.2:80\", __meta_azure_machine_id=\"" + rg +
            "/x/set_0\", __meta_azure_machine_location=\"west\", __meta_azure_machine_name=\"set_0\", "
            "__meta_azure_machine_private_ip=\"10.0.0.2\", __meta_azure_machine_resource_group=\"RG\", "
            "__meta_azure_machine_scale_set=\"set\", __meta_azure_subscription_id=\"s\", "
            "__meta_azure_tenant_id=\"tenant\"}\n");
  CHECK(api.count("GET " + nic + "nic1") == 1);
  CHECK(api.count("POST /tenant") == 1);
  CHECK(api.request("POST /tenant").find("client_id=c&client_secret=secret&grant_type=client_credentials&scope=") !=
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
  CHECK(api.request("GET /subscriptions/s/resourceGroups/g/providers/Microsoft.Compute/virtualMachines?")
            .find("Authorization: Bearer M\r\n") != std::string::npos);
}

TEST_CASE("an unknown environment of Azure is refused") {
  AzureSdConfig config;
  config.environment = "Moon";
  DiscoveryBench bench;
  CHECK_THROWS_AS(make_azure_discovery(config, bench.context), Error);
}

// ---- openstack ---------------------------------------------------------------------------------

// Keystone and all services behind one address.
void serve_openstack(FakeApi& api) {
  const auto service = [&](const std::string& type, const std::string& path) {
    return R"({"type":")" + type + R"(","endpoints":[{"interface":"admin","region":"R","url":"http://wrong"},
        {"interface":"public","region_id":"other","url":"http://wrong"},
        {"interface":"public","region_id":"R","url":")" + api.url() + path + "\"}]}";
  };
  const std::string body = R"({"token":{"catalog":[)" + service("compute", "/compute/v2.1/p") + "," +
                           service("network", "/network/") + "," + service("load-balancer", "/lb") + "]}}";
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
  api.set("GET /compute/v2.1/p/os-hypervisors/detail",
          R"({"hypervisors":[{"id":1,"host_ip":"172.16.70.14","hypervisor_hostname":"nc14","status":"enabled","state":"up",
          "hypervisor_type":"QEMU"}],"hypervisors_links":[{"rel":"next","href":")" + api.url() + "/more\"}]}");
  api.set("GET /more", R"({"hypervisors":[{"id":"uuid","host_ip":"172.16.70.13"}]})");
  DiscoveryBench bench;
  CHECK(discovered(bench, make_openstack_discovery(openstack_config(api, "hypervisor"), bench.context)) ==
        "OS_R {__address__=\"172.16.70.13:80\", __meta_openstack_hypervisor_host_ip=\"172.16.70.13\", "
        "__meta_openstack_hypervisor_id=\"uuid\"}\n"
        "OS_R {__address__=\"172.16.70.14:80\", __meta_openstack_hypervisor_host_ip=\"172.16.70.14\", "
        "__meta_openstack_hypervisor_hostname=\"nc14\", __meta_openstack_hypervisor_id=\"1\", "
        "__meta_openstack_hypervisor_state=\"up\", __meta_openstack_hypervisor_status=\"enabled\", "
        "__meta_openstack_hypervisor_type=\"QEMU\"}\n");
  CHECK(api.request("POST /v3/auth/tokens")
            .ends_with(R"({"auth":{"identity":{"methods":["password"],"password":{"user":{"name":"u","domain":{"name":"d"},)"
                       R"("password":"p\"w"}}},"scope":{"project":{"name":"proj","domain":{"name":"d"}}}}})"));
  CHECK(api.request("GET /compute").find("X-Auth-Token: TOK\r\n") != std::string::npos);
}

TEST_CASE("instances of OpenStack are targets at each of their fixed addresses") {
  FakeApi api;
  serve_openstack(api);
  api.set("GET /network/v2.0/ports", R"({"ports":[{"id":"port1","device_id":"i1","tenant_id":"t"}]})");
  api.set("GET /network/v2.0/floatingips",
          R"({"floatingips":[{"floating_ip_address":"1.2.3.4","fixed_ip_address":"10.0.0.1","port_id":"port1","tenant_id":"t"},
          {"floating_ip_address":"1.2.3.5","fixed_ip_address":null,"port_id":null,"tenant_id":"t"},
          {"floating_ip_address":"1.2.3.6","fixed_ip_address":"10.0.0.9","port_id":"gone","tenant_id":"t"}]})");
  api.set("GET /compute/v2.1/p/servers/detail?all_tenants=true",
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
        "__meta_openstack_project_id=\"t\", __meta_openstack_public_ip=\"1.2.3.4\", __meta_openstack_tag_my_key=\"v\", "
        "__meta_openstack_user_id=\"u\"}\n"
        "OS_R {__address__=\"10.0.0.2:80\", __meta_openstack_address_pool=\"private\", "
        "__meta_openstack_instance_flavor=\"1\", __meta_openstack_instance_id=\"i1\", "
        "__meta_openstack_instance_image=\"img\", __meta_openstack_instance_name=\"n\", "
        "__meta_openstack_instance_status=\"ACTIVE\", __meta_openstack_private_ip=\"10.0.0.2\", "
        "__meta_openstack_project_id=\"t\", __meta_openstack_tag_my_key=\"v\", __meta_openstack_user_id=\"u\"}\n"
        "OS_R {__address__=\"10.0.0.3:80\", __meta_openstack_address_pool=\"p\", "
        "__meta_openstack_instance_flavor=\"m1.small\", __meta_openstack_instance_id=\"i2\", "
        "__meta_openstack_private_ip=\"10.0.0.3\", __meta_openstack_project_id=\"t\"}\n");
}

TEST_CASE("load balancers with a listener for Prometheus are targets at it") {
  FakeApi api;
  serve_openstack(api);
  api.set("GET /lb/v2.0/lbaas/loadbalancers",
          R"({"loadbalancers":[{"id":"b1","name":"n","operating_status":"ONLINE","provisioning_status":"ACTIVE",
          "availability_zone":"az","vip_address":"10.0.0.32","vip_port_id":"vp","provider":"amphora","project_id":"p",
          "tags":["a","b"]},{"id":"b2","vip_address":"10.0.0.33"}]})");
  api.set("GET /lb/v2.0/lbaas/listeners",
          R"({"listeners":[{"protocol":"HTTP","protocol_port":80,"loadbalancers":[{"id":"b1"},{"id":"b2"}]},
          {"protocol":"PROMETHEUS","protocol_port":9273,"loadbalancers":[{"id":"b1"}]}]})");
  api.set("GET /network/v2.0/floatingips", R"({"floatingips":[{"floating_ip_address":"1.2.3.4","port_id":"vp"}]})");
  DiscoveryBench bench;
  CHECK(discovered(bench, make_openstack_discovery(openstack_config(api, "loadbalancer"), bench.context)) ==
        "OS_R {__address__=\"10.0.0.32:9273\", __meta_openstack_loadbalancer_availability_zone=\"az\", "
        "__meta_openstack_loadbalancer_floating_ip=\"1.2.3.4\", __meta_openstack_loadbalancer_id=\"b1\", "
        "__meta_openstack_loadbalancer_name=\"n\", __meta_openstack_loadbalancer_operating_status=\"ONLINE\", "
        "__meta_openstack_loadbalancer_provider=\"amphora\", __meta_openstack_loadbalancer_provisioning_status=\"ACTIVE\", "
        "__meta_openstack_loadbalancer_tags=\"a,b\", __meta_openstack_loadbalancer_vip=\"10.0.0.32\", "
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
  CHECK(keystone_question(c) ==
        R"({"auth":{"identity":{"methods":["password"],"password":{"user":{"id":"id","password":""}}},"scope":{"project":{"id":"pid"}}}})");
  c.application_credential_id = "aid";
  c.application_credential_secret.value = "s";
  CHECK(keystone_question(c) ==
        R"({"auth":{"identity":{"methods":["application_credential"],"application_credential":{"id":"aid","secret":"s"}}}})");
  c.application_credential_id = "";
  c.application_credential_name = "an";
  CHECK(keystone_question(c) ==
        R"({"auth":{"identity":{"methods":["application_credential"],"application_credential":{"name":"an","user":{"id":"id"},"secret":"s"}}}})");
  unsetenv("OS_AUTH_URL");
  CHECK_THROWS_AS(openstack_credentials(OpenstackSdConfig()), Error);
}

// ---- all ---------------------------------------------------------------------------------------

TEST_CASE("APIs that refuse, break off or answer nonsense are failures, and nothing is found") {
  const Reply replies[] = {http_reply("no", "", "403 Forbidden"), http_reply("slow down", "", "429 Too Many Requests"),
                           http_reply("boom", "", "500 Internal Server Error"), http_reply("<<{{"),
                           http_reply("[1]"), {"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{", Reply::Then::kClose}};
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
