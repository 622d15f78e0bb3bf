#include "config/dns_sd.h"

#include "config/to_config.h"

namespace hearth {

std::vector<DnsSdConfig> to_dns_sd_configs(const Value& list) {
  std::vector<DnsSdConfig> out;
  for (const Value& item : list.items) {
    if (!item.present) continue;
    DnsSdConfig& config = out.emplace_back();
    config.names = item["names"].strings();
    config.type = item["type"].text;
    config.port = item["port"].integer;
    config.refresh_interval = item["refresh_interval"].integer;
  }
  return out;
}

}  // namespace hearth
