// Answers of the EC2 API, as XML. Pure.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "core/labels.h"

namespace hearth {

struct Ec2Page {
  std::vector<Labels> targets;
  std::string next_token;  // "" = this was the last
};

struct Ec2Context {
  std::string region;
  int64_t port = 80;
  std::map<std::string, std::string> zone_ids;  // by zone name
};

// Of DescribeInstances. Each throws Error(kBadData) for an answer that is no XML of that kind.
Ec2Page parse_ec2_instances(std::string_view answer, const Ec2Context& context);

// Of DescribeAvailabilityZones: ids by names.
std::map<std::string, std::string> parse_ec2_zones(std::string_view answer);

struct Ec2Failure {
  std::string code, message;
};
Ec2Failure parse_ec2_failure(std::string_view answer);  // empty where it says nothing

}  // namespace hearth
