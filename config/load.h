// Reads prometheus.yml: text -> tree (yaml_tree.h) -> checked value (decode.h) -> Config.
#pragma once

#include <string>
#include <string_view>

#include "config/config.h"

namespace hearth {

// Relative paths in the text are relative to `base_dir` ("" leaves them as they are). Reads the
// files that scrape_config_files names. Throws Error(kBadData) in Prometheus' words, with the line.
Config load_config(std::string_view text, const std::string& base_dir = "");

// The same of a file; errors begin "parsing YAML file <path>: ". Throws Error(kIo) when it cannot
// be read.
Config load_config_file(const std::string& path);

}  // namespace hearth
