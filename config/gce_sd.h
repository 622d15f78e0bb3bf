// `gce_sd_configs`: the instances of a zone of a Google Cloud project.
#pragma once

#include <string>
#include <vector>

#include "core/clock.h"

namespace hearth {

struct Value;

struct GceSdConfig {
  std::string project, zone, filter;
  DurationMs refresh_interval = 60'000;
  int64_t port = 80;
  std::string tag_separator = ",";
  bool operator==(const GceSdConfig&) const = default;
};

std::vector<GceSdConfig> to_gce_sd_configs(const Value& list);

}  // namespace hearth
