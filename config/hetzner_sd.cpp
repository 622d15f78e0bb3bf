#include "config/hetzner_sd.h"

#include "config/to_config.h"

namespace hearth {

std::vector<HetznerSdConfig> to_hetzner_sd_configs(const Value& list) {
  std::vector<HetznerSdConfig> out;
  for (const Value& item : list.items) {
    if (!item.present) continue;
    HetznerSdConfig& config = out.emplace_back();
    config.role = item["role"].text;
    config.label_selector = item["label_selector"].text;
    config.refresh_interval = item["refresh_interval"].integer;
    config.port = item["port"].integer;
    config.http_client = to_http_client_config(item);
  }
  return out;
}

}  // namespace hearth
