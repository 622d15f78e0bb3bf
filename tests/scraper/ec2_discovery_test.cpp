#include <doctest/doctest.h>
#include <unistd.h>

#include "core/error.h"
#include "core/file.h"
#include "scraper/discovery/aws_credentials.h"
#include "scraper/discovery/aws_signature.h"
#include "scraper/discovery/ec2_instances.h"
#include "scraper/discovery/makers.h"
#include "tests/scraper/fake_api.h"

namespace hearth {
namespace {

TEST_CASE("the signature is the one that AWS documents for its example") {
  // "Create a string to sign" of the IAM example, as a POST of the same form.
  AwsRequest request;
  request.host = "iam.amazonaws.com";
  request.body = "Action=ListUsers&Version=2010-05-08";
  request.content_type = "application/x-www-form-urlencoded; charset=utf-8";
  request.region = "us-east-1";
  request.service = "iam";
  request.time = "20110909T233600Z";
  const auto headers =
      aws_signature(request, {"AKIDEXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY", ""});
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
        "{__address__=\"10.0.0.1:9100\", __meta_ec2_ami=\"ami-1\", "
        "__meta_ec2_architecture=\"x86_64\", "
        "__meta_ec2_availability_zone=\"eu-1a\", __meta_ec2_availability_zone_id=\"euw1-az2\", "
        "__meta_ec2_instance_id=\"i-1\", __meta_ec2_instance_lifecycle=\"spot\", "
        "__meta_ec2_instance_state=\"running\", "
        "__meta_ec2_instance_type=\"t3.micro\", __meta_ec2_ipv6_addresses=\",fd00::1,fd00::2,\", "
        "__meta_ec2_owner_id=\"123\", __meta_ec2_platform=\"windows\", "
        "__meta_ec2_primary_ipv6_addresses=\",,,fd00::2,\", __meta_ec2_primary_subnet_id=\"sn-1\", "
        "__meta_ec2_private_dns_name=\"ip.internal\", __meta_ec2_private_ip=\"10.0.0.1\", "
        "__meta_ec2_public_dns_name=\"ec2.amazonaws.com\", __meta_ec2_public_ip=\"1.2.3.4\", "
        "__meta_ec2_region=\"eu-1\", "
        "__meta_ec2_subnet_id=\",sn-1,sn-2,\", __meta_ec2_tag_my_Name=\"a & b\", "
        "__meta_ec2_vpc_id=\"vpc-1\"}");
  const Ec2Page v6 = parse_ec2_instances(kIpv6Only, {"eu-1", 80, {}});
  CHECK(v6.targets.at(0).get("__address__") == "[fd00::9]:80");
  CHECK_THROWS_AS(parse_ec2_instances("<html>busy</html>", {}), Error);
  CHECK_THROWS_AS(parse_ec2_instances("<DescribeInstancesResponse><reserv", {}), Error);
  CHECK_THROWS_AS(parse_ec2_zones("{}"), Error);
}

TEST_CASE(
    "EC2 is asked page by page, signed, with the filters, and again with other keys when it "
    "refuses") {
  LoopbackServer server([](const std::string& request) {
    if (request.find("Action=DescribeAvailabilityZones") != std::string::npos) {
      return http_reply(
          "<DescribeAvailabilityZonesResponse><availabilityZoneInfo><item><zoneName>eu-1a</"
          "zoneName>"
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
  CHECK(requests.at(1).find(
            "Action=DescribeInstances&Filter.1.Name=tag%3Aa&Filter.1.Value.1=1&Filter.1.Value.2=2&"
            "Filter.2.Name=x&Filter.2.Value.1=y&Version=2016-11-15") != std::string::npos);
  CHECK(requests.at(1).find("Authorization: AWS4-HMAC-SHA256 Credential=AK/") != std::string::npos);
  CHECK(requests.at(2).find("NextToken=more") != std::string::npos);
}

// Region, role and keys of the machine by IMDSv2; then the role of the configuration by STS.
TEST_CASE(
    "without keys in the configuration the machine's role is used, and another one assumed with "
    "it") {
  for (const char* name : {"AWS_ACCESS_KEY_ID", "AWS_REGION", "AWS_DEFAULT_REGION", "AWS_PROFILE",
                           "AWS_WEB_IDENTITY_TOKEN_FILE", "AWS_CONTAINER_CREDENTIALS_FULL_URI"}) {
    unsetenv(name);
  }
  const Environment no_file("AWS_SHARED_CREDENTIALS_FILE", "/nowhere"),
      no_config("AWS_CONFIG_FILE", "/nowhere");
  FakeApi metadata;
  metadata.set("PUT /latest/api/token", "T0K");
  metadata.set("GET /latest/meta-data/placement/region", "eu-7");
  metadata.set("GET /latest/meta-data/iam/security-credentials/ ", "my-role\n");
  metadata.set(
      "GET /latest/meta-data/iam/security-credentials/my-role",
      R"({"AccessKeyId":"MACHINE","SecretAccessKey":"S","Token":"session","Expiration":"2099-01-01T00:00:00Z"})");
  FakeApi sts;
  sts.set("POST / ",
          "<AssumeRoleResponse><AssumeRoleResult><Credentials><AccessKeyId>ASSUMED</AccessKeyId>"
          "<SecretAccessKey>S2</SecretAccessKey><SessionToken>session2</SessionToken>"
          "<Expiration>2099-01-01T00:00:00Z</Expiration></Credentials></AssumeRoleResult></"
          "AssumeRoleResponse>");
  FakeApi ec2;
  ec2.set("POST / ", kIpv6Only);
  Ec2SdConfig config;
  config.endpoint = ec2.url();
  config.role_arn = "arn:aws:iam::1:role/r";
  config.external_id = "ext";
  DiscoveryBench bench;
  const std::string text = discovered(
      bench,
      make_ec2_discovery(config, bench.context, {metadata.url(), metadata.url(), sts.url()}));
  CHECK(value_of(text, "__meta_ec2_region") == "eu-7");
  CHECK(metadata.request("GET /latest/meta-data/placement").find("X-aws-ec2-metadata-token: T0K") !=
        std::string::npos);
  CHECK(sts.request("POST").find("Credential=MACHINE/") != std::string::npos);
  CHECK(sts.request("POST").find("X-Amz-Security-Token: session\r\n") != std::string::npos);
  CHECK(sts.request("POST").find(
            "Action=AssumeRole&DurationSeconds=900&ExternalId=ext&RoleArn=arn%3Aaws%3Aiam%3A%3A1"
            "%3Arole%2Fr&RoleSessionName=prometheus&Version=2011-06-15") != std::string::npos);
  CHECK(ec2.request("POST").find("Credential=ASSUMED/") != std::string::npos);
}

TEST_CASE("a web identity of the environment is exchanged for keys") {
  char path[] = "/tmp/hearth-token-XXXXXX";
  close(mkstemp(path));
  write_file(path, "web token\n");
  const Environment file("AWS_WEB_IDENTITY_TOKEN_FILE", path), role("AWS_ROLE_ARN", "arn:r"),
      region("AWS_REGION", "eu-9");
  FakeApi sts;
  sts.set("POST / ",
          "<R><AssumeRoleWithWebIdentityResult><Credentials><AccessKeyId>WEB</AccessKeyId></"
          "Credentials>"
          "</AssumeRoleWithWebIdentityResult></R>");
  FakeApi ec2;
  ec2.set("POST / ", kIpv6Only);
  Ec2SdConfig config;
  config.endpoint = ec2.url();
  DiscoveryBench bench;
  discovered(bench,
             make_ec2_discovery(config, bench.context, {"http://127.0.0.1:1", "", sts.url()}));
  CHECK(sts.request("POST").find("WebIdentityToken=web+token") != std::string::npos);
  CHECK(sts.request("POST").find("Authorization") == std::string::npos);
  CHECK(ec2.request("POST").find("Credential=WEB/") != std::string::npos);
  unlink(path);
}

TEST_CASE("profiles are found in both kinds of AWS files") {
  const std::string text =
      "[default]\naws_access_key_id = D\n[other]\n aws_access_key_id=A\naws_secret_access_key = "
      "S=/+\n"
      "[profile long]\naws_access_key_id=L\naws_session_token = T\n";
  CHECK(profile_keys(text, "other").access_key == "A");
  CHECK(profile_keys(text, "other").secret_key == "S=/+");
  CHECK(profile_keys(text, "long").session_token == "T");
  CHECK(profile_keys(text, "none").access_key == "");
}

}  // namespace
}  // namespace hearth
