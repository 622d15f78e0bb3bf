#include "config/http_sd.h"

#include "config/to_config.h"

namespace hearth {

std::vector<HttpSdConfig> to_http_sd_configs(const Value& list) {
  std::vector<HttpSdConfig> out;
  for (const Value& item : list.items) {
    if (!item.present) continue;
    HttpSdConfig& config = out.emplace_back();
    config.url = item["url"].text;
    config.refresh_interval = item["refresh_interval"].integer;
    config.http_client = to_http_client_config(item);
  }
  return out;
}

}  // namespace hearth
