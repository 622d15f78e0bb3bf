// How long samples are kept: what the command line says, and the configuration file instead.
#pragma once

#include <string>

#include "cmd/flags.h"
#include "config/config.h"
#include "tsdb/options.h"

namespace hearth {

// What the file sets counts, else the flag. Where nobody says anything: 15 days.
tsdb::RetentionLimits retention_limits(const ServerFlags& flags, const StorageConfig& config);

std::string retention_text(const tsdb::RetentionLimits& limits);  // "15d or 10GiB"

}  // namespace hearth
