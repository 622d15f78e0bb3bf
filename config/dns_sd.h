// `dns_sd_configs`: targets are the records of names.
#pragma once

#include <string>
#include <vector>

#include "core/clock.h"

namespace hearth {

struct Value;

struct DnsSdConfig {
  std::vector<std::string> names;
  std::string type = "SRV";  // or A, AAAA, MX, NS
  int64_t port = 0;          // of all but SRV
  DurationMs refresh_interval = 30'000;
  bool operator==(const DnsSdConfig&) const = default;
};

std::vector<DnsSdConfig> to_dns_sd_configs(const Value& list);

}  // namespace hearth
