// `azure_sd_configs`: the virtual machines of an Azure subscription.
#pragma once

#include <string>
#include <vector>

#include "config/http_client_config.h"
#include "core/clock.h"

namespace hearth {

struct Value;

struct AzureSdConfig {
  std::string environment = "AzurePublicCloud";
  int64_t port = 80;
  std::string subscription_id, tenant_id, client_id;
  Secret client_secret;
  DurationMs refresh_interval = 300'000;
  std::string authentication_method = "OAuth";  // or ManagedIdentity, SDK, WorkloadIdentity
  std::string resource_group;                   // "" = all
  HttpClientConfig http_client;
  bool operator==(const AzureSdConfig&) const = default;
};

std::vector<AzureSdConfig> to_azure_sd_configs(const Value& list);

}  // namespace hearth
