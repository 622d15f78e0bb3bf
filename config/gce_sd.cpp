#include "config/gce_sd.h"

#include "config/to_config.h"

namespace hearth {

std::vector<GceSdConfig> to_gce_sd_configs(const Value& list) {
  std::vector<GceSdConfig> out;
  for (const Value& item : list.items) {
    if (!item.present) continue;
    GceSdConfig& config = out.emplace_back();
    config.project = item["project"].text;
    config.zone = item["zone"].text;
    config.filter = item["filter"].text;
    config.refresh_interval = item["refresh_interval"].integer;
    config.port = item["port"].integer;
    config.tag_separator = item["tag_separator"].text;
  }
  return out;
}

}  // namespace hearth
