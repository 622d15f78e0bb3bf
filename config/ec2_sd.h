// `ec2_sd_configs`: the instances of an AWS account in one region.
#pragma once

#include <string>
#include <vector>

#include "config/http_client_config.h"
#include "core/clock.h"

namespace hearth {

struct Value;

struct Ec2Filter {
  std::string name;
  std::vector<std::string> values;
  bool operator==(const Ec2Filter&) const = default;
};

struct Ec2SdConfig {
  std::string endpoint, region;  // region "": that of the machine that Hearth runs on
  std::string access_key;
  Secret secret_key;
  std::string profile, role_arn, external_id;
  DurationMs refresh_interval = 60'000;
  int64_t port = 80;
  std::vector<Ec2Filter> filters;
  HttpClientConfig http_client;
  bool operator==(const Ec2SdConfig&) const = default;
};

std::vector<Ec2SdConfig> to_ec2_sd_configs(const Value& list);

}  // namespace hearth
