#include "scraper/discovery/ec2_instances.h"

#include <algorithm>
#include <cstring>
#include <pugixml.hpp>
#include <set>

#include "core/error.h"
#include "scraper/discovery/meta_labels.h"

namespace hearth {
namespace {

constexpr int kMaxDevices = 256;  // far more than a machine has

pugi::xml_node root_of(pugi::xml_document& document, std::string_view answer, const char* name) {
  const pugi::xml_parse_result result = document.load_buffer(answer.data(), answer.size());
  const pugi::xml_node root = document.document_element();
  if (!result || std::strcmp(root.name(), name) != 0) {
    throw Error(ErrorKind::kBadData,
                std::string("the answer is no ") + name + ": " + result.description());
  }
  return root;
}

// The IPv6 addresses of all interfaces, the main ones at the number of their device.
struct Addresses {
  std::vector<std::string> all, main;
  std::vector<std::string> subnets;  // each once, in their order

  // What stands for the instance where it has no IPv4 address.
  std::string first() const {
    for (const std::string& address : main) {
      if (!address.empty()) return address;
    }
    return all.empty() ? "" : all.front();
  }
};

Addresses addresses_of(const pugi::xml_node& instance) {
  Addresses found;
  for (const pugi::xml_node interface : instance.child("networkInterfaceSet").children("item")) {
    const std::string subnet = interface.child_value("subnetId");
    if (subnet.empty()) continue;
    if (std::find(found.subnets.begin(), found.subnets.end(), subnet) == found.subnets.end()) {
      found.subnets.push_back(subnet);
    }
    const int device = interface.child("attachment").child("deviceIndex").text().as_int();
    for (const pugi::xml_node address : interface.child("ipv6AddressesSet").children("item")) {
      found.all.emplace_back(address.child_value("ipv6Address"));
      if (!address.child("isPrimaryIpv6").text().as_bool() || device < 0 || device > kMaxDevices)
        continue;
      const auto index = static_cast<size_t>(device);
      if (found.main.size() <= index) found.main.resize(index + 1);
      found.main[index] = found.all.back();
    }
  }
  return found;
}

void add_target(const pugi::xml_node& instance, const std::string& owner, const Ec2Context& context,
                std::vector<Labels>& targets) {
  const Addresses addresses = addresses_of(instance);
  const std::string private_ip = instance.child_value("privateIpAddress");
  const std::string address = private_ip.empty() ? addresses.first() : private_ip;
  if (address.empty()) return;
  const std::string zone = instance.child("placement").child_value("availabilityZone");
  const auto zone_id = context.zone_ids.find(zone);
  LabelPairs labels = {
      {"__address__", join_host_port(address, context.port)},
      {"__meta_ec2_ami", instance.child_value("imageId")},
      {"__meta_ec2_architecture", instance.child_value("architecture")},
      {"__meta_ec2_availability_zone", zone},
      {"__meta_ec2_availability_zone_id", zone_id == context.zone_ids.end() ? "" : zone_id->second},
      {"__meta_ec2_instance_id", instance.child_value("instanceId")},
      {"__meta_ec2_instance_lifecycle", instance.child_value("instanceLifecycle")},
      {"__meta_ec2_instance_state", instance.child("instanceState").child_value("name")},
      {"__meta_ec2_instance_type", instance.child_value("instanceType")},
      {"__meta_ec2_owner_id", owner},
      {"__meta_ec2_platform", instance.child_value("platform")},
      {"__meta_ec2_private_dns_name", instance.child_value("privateDnsName")},
      {"__meta_ec2_private_ip", private_ip},
      {"__meta_ec2_region", context.region}};
  if (const std::string public_ip = instance.child_value("ipAddress"); !public_ip.empty()) {
    labels.emplace_back("__meta_ec2_public_ip", public_ip);
    labels.emplace_back("__meta_ec2_public_dns_name", instance.child_value("dnsName"));
  }
  if (const std::string vpc = instance.child_value("vpcId"); !vpc.empty()) {
    labels.emplace_back("__meta_ec2_vpc_id", vpc);
    labels.emplace_back("__meta_ec2_primary_subnet_id", instance.child_value("subnetId"));
    labels.emplace_back("__meta_ec2_subnet_id", surrounded_list(addresses.subnets, ","));
    if (!addresses.all.empty()) {
      labels.emplace_back("__meta_ec2_ipv6_addresses", surrounded_list(addresses.all, ","));
    }
    if (!addresses.main.empty()) {
      labels.emplace_back("__meta_ec2_primary_ipv6_addresses",
                          surrounded_list(addresses.main, ","));
    }
  }
  for (const pugi::xml_node tag : instance.child("tagSet").children("item")) {
    labels.emplace_back("__meta_ec2_tag_" + sanitize_label_name(tag.child_value("key")),
                        tag.child_value("value"));
  }
  targets.push_back(Labels::from_pairs(std::move(labels)));
}

}  // namespace

Ec2Page parse_ec2_instances(std::string_view answer, const Ec2Context& context) {
  pugi::xml_document document;
  const pugi::xml_node root = root_of(document, answer, "DescribeInstancesResponse");
  Ec2Page page;
  for (const pugi::xml_node reservation : root.child("reservationSet").children("item")) {
    for (const pugi::xml_node instance : reservation.child("instancesSet").children("item")) {
      add_target(instance, reservation.child_value("ownerId"), context, page.targets);
    }
  }
  page.next_token = root.child_value("nextToken");
  return page;
}

std::map<std::string, std::string> parse_ec2_zones(std::string_view answer) {
  pugi::xml_document document;
  const pugi::xml_node root = root_of(document, answer, "DescribeAvailabilityZonesResponse");
  std::map<std::string, std::string> ids;
  for (const pugi::xml_node zone : root.child("availabilityZoneInfo").children("item")) {
    ids[zone.child_value("zoneName")] = zone.child_value("zoneId");
  }
  return ids;
}

Ec2Failure parse_ec2_failure(std::string_view answer) {
  pugi::xml_document document;
  document.load_buffer(answer.data(), answer.size());
  const pugi::xml_node error = document.document_element().child("Errors").child("Error");
  return {error.child_value("Code"), error.child_value("Message")};
}

}  // namespace hearth
