// `openstack_sd_configs`: hypervisors, instances and load balancers of an OpenStack region.
#pragma once

#include <string>
#include <vector>

#include "config/http_client_config.h"
#include "core/clock.h"

namespace hearth {

struct Value;

struct OpenstackSdConfig {
  std::string
      identity_endpoint;  // "" and no name: all of it is in the environment, OS_AUTH_URL and so on
  std::string username, userid;
  Secret password;
  std::string project_name, project_id, domain_name, domain_id;
  std::string application_credential_name, application_credential_id;
  Secret application_credential_secret;
  std::string role, region;
  DurationMs refresh_interval = 60'000;
  int64_t port = 80;
  bool all_tenants = false;
  TlsConfig tls_config;
  std::string availability = "public";
  bool operator==(const OpenstackSdConfig&) const = default;
};

std::vector<OpenstackSdConfig> to_openstack_sd_configs(const Value& list);

}  // namespace hearth
