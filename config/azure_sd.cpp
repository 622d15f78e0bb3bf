#include "config/azure_sd.h"

#include "config/to_config.h"

namespace hearth {

std::vector<AzureSdConfig> to_azure_sd_configs(const Value& list) {
  std::vector<AzureSdConfig> out;
  for (const Value& item : list.items) {
    if (!item.present) continue;
    AzureSdConfig& config = out.emplace_back();
    config.environment = item["environment"].text;
    config.port = item["port"].integer;
    config.subscription_id = item["subscription_id"].text;
    config.tenant_id = item["tenant_id"].text;
    config.client_id = item["client_id"].text;
    config.client_secret.value = item["client_secret"].text;
    config.refresh_interval = item["refresh_interval"].integer;
    config.authentication_method = item["authentication_method"].text;
    config.resource_group = item["resource_group"].text;
    config.http_client = to_http_client_config(item);
  }
  return out;
}

}  // namespace hearth
