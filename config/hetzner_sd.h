// `hetzner_sd_configs`: cloud servers and dedicated servers at Hetzner.
#pragma once

#include <string>
#include <vector>

#include "config/http_client_config.h"
#include "core/clock.h"

namespace hearth {

struct Value;

struct HetznerSdConfig {
  std::string role;  // hcloud, robot
  std::string label_selector;
  DurationMs refresh_interval = 60'000;
  int64_t port = 80;
  HttpClientConfig http_client;
  bool operator==(const HetznerSdConfig&) const = default;
};

std::vector<HetznerSdConfig> to_hetzner_sd_configs(const Value& list);

}  // namespace hearth
