// `http_sd_configs`: a web server that lists target groups as JSON.
#pragma once

#include <string>
#include <vector>

#include "config/http_client_config.h"
#include "core/clock.h"

namespace hearth {

struct Value;

struct HttpSdConfig {
  std::string url;
  DurationMs refresh_interval = 60'000;
  HttpClientConfig http_client;
  bool operator==(const HttpSdConfig&) const = default;
};

std::vector<HttpSdConfig> to_http_sd_configs(const Value& list);

}  // namespace hearth
