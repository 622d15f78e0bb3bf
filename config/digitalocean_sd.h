// `digitalocean_sd_configs`: the droplets of an account.
#pragma once

#include <string>
#include <vector>

#include "config/http_client_config.h"
#include "core/clock.h"

namespace hearth {

struct Value;

struct DigitaloceanSdConfig {
  DurationMs refresh_interval = 60'000;
  int64_t port = 80;
  HttpClientConfig http_client;
  bool operator==(const DigitaloceanSdConfig&) const = default;
};

std::vector<DigitaloceanSdConfig> to_digitalocean_sd_configs(const Value& list);

}  // namespace hearth
