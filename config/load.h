// Reads prometheus.yml: text -> tree (yaml_tree.h) -> checked value (decode.h) -> Config.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "config/config.h"

namespace hearth {

// Relative paths in the text are relative to `base_dir` ("" leaves them as they are). Reads the
// files that scrape_config_files names. Throws Error(kBadData) in Prometheus' words, with the line.
Config load_config(std::string_view text, const std::string& base_dir = "");

// The same of a file; errors begin "parsing YAML file <path>: ", or "error loading scrape configs: "
// where a file of scrape_config_files is wrong. Throws Error(kIo) when it cannot be read.
enum class ScrapeConfigFiles { kRead, kLeave };
Config load_config_file(const std::string& path,
                        ScrapeConfigFiles files = ScrapeConfigFiles::kRead);

// Files that a pattern of the shell names, sorted, as in rule_files and scrape_config_files.
std::vector<std::string> matching_files(const std::string& pattern);

// Throws Error(kBadData) that names the kinds of discovery that Hearth leaves to others, and the way.
void refuse_unsupported(const Config& config);

// Throws Error(kBadData) naming a section that agent mode does not allow.
void refuse_in_agent_mode(std::string_view text);

// A file that holds one <http_config>, for commands that talk to a server.
HttpClientConfig load_http_config_file(const std::string& path);

}  // namespace hearth
