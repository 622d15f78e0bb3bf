#include "config/digitalocean_sd.h"

#include "config/to_config.h"

namespace hearth {

std::vector<DigitaloceanSdConfig> to_digitalocean_sd_configs(const Value& list) {
  std::vector<DigitaloceanSdConfig> out;
  for (const Value& item : list.items) {
    if (!item.present) continue;
    DigitaloceanSdConfig& config = out.emplace_back();
    config.refresh_interval = item["refresh_interval"].integer;
    config.port = item["port"].integer;
    config.http_client = to_http_client_config(item);
  }
  return out;
}

}  // namespace hearth
