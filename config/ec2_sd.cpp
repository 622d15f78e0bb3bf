#include "config/ec2_sd.h"

#include "config/to_config.h"

namespace hearth {

std::vector<Ec2SdConfig> to_ec2_sd_configs(const Value& list) {
  std::vector<Ec2SdConfig> out;
  for (const Value& item : list.items) {
    if (!item.present) continue;
    Ec2SdConfig& config = out.emplace_back();
    config.endpoint = item["endpoint"].text;
    config.region = item["region"].text;
    config.access_key = item["access_key"].text;
    config.secret_key.value = item["secret_key"].text;
    config.profile = item["profile"].text;
    config.role_arn = item["role_arn"].text;
    config.external_id = item["external_id"].text;
    config.refresh_interval = item["refresh_interval"].integer;
    config.port = item["port"].integer;
    for (const Value& filter : item["filters"].items) {
      config.filters.push_back({filter["name"].text, filter["values"].strings()});
    }
    config.http_client = to_http_client_config(item);
  }
  return out;
}

}  // namespace hearth
