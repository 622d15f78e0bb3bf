// prometheus.yml as plain structs: what was written, with Prometheus' defaults filled in.
// Filled by config/load.h; nothing here has behaviour.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/clock.h"
#include "core/labels.h"
#include "core/relabel.h"

namespace hearth {

// Text that is never shown: printed as <secret>.
struct Secret {
  std::string value;
  bool operator==(const Secret&) const = default;
};

struct BasicAuth {
  std::string username, username_file;
  Secret password;
  std::string password_file;
  bool operator==(const BasicAuth&) const = default;
};

struct Authorization {
  std::string type = "Bearer";
  Secret credentials;
  std::string credentials_file;
  bool operator==(const Authorization&) const = default;
};

struct TlsConfig {
  std::string ca, ca_file, cert, cert_file;
  Secret key;
  std::string key_file, server_name;
  bool insecure_skip_verify = false;
  std::string min_version, max_version;  // "TLS10".."TLS13"; "" = the default
  bool operator==(const TlsConfig&) const = default;
};

// How a request to somebody else is made: `<http_config>`.
struct HttpClientConfig {
  std::optional<BasicAuth> basic_auth;
  std::optional<Authorization> authorization;
  TlsConfig tls_config;
  std::string proxy_url, no_proxy;
  bool proxy_from_environment = false;
  bool follow_redirects = true;
  bool enable_http2 = true;
  bool operator==(const HttpClientConfig&) const = default;
};

// Targets with common labels. `source` names where they came from, unique within a discovery.
struct TargetGroup {
  std::string source;
  std::vector<Labels> targets;  // each has __address__
  Labels labels;
  bool operator==(const TargetGroup&) const = default;
};

struct FileSdConfig {
  std::vector<std::string> files;  // globs
  DurationMs refresh_interval = 5 * 60'000;
  bool operator==(const FileSdConfig&) const = default;
};

// The order in which formats are asked for.
enum class ScrapeProtocol {
  kPrometheusProto, kOpenMetricsText0_0_1, kOpenMetricsText1_0_0, kPrometheusText0_0_4, kPrometheusText1_0_0
};

struct ScrapeConfig {
  std::string job_name;
  DurationMs scrape_interval = 60'000;
  DurationMs scrape_timeout = 10'000;
  std::vector<ScrapeProtocol> scrape_protocols;
  std::optional<ScrapeProtocol> fallback_scrape_protocol;
  std::string metrics_path = "/metrics";
  std::string scheme = "http";
  std::map<std::string, std::vector<std::string>> params;
  bool honor_labels = false;
  bool honor_timestamps = true;
  bool track_timestamps_staleness = false;
  bool enable_compression = true;
  bool extra_scrape_metrics = false;
  uint64_t body_size_limit = 0;  // bytes after decompression; 0 = none, here and below
  uint64_t sample_limit = 0, label_limit = 0, label_name_length_limit = 0,
           label_value_length_limit = 0, target_limit = 0, keep_dropped_targets = 0;
  std::string metric_name_validation_scheme = "utf8";
  std::string metric_name_escaping_scheme = "allow-utf-8";
  HttpClientConfig http_client;
  std::vector<TargetGroup> static_configs;
  std::vector<FileSdConfig> file_sd_configs;
  std::vector<RelabelRule> relabel_configs;
  std::vector<RelabelRule> metric_relabel_configs;
  bool operator==(const ScrapeConfig&) const = default;
};

struct GlobalConfig {
  DurationMs scrape_interval = 60'000;
  DurationMs scrape_timeout = 10'000;
  DurationMs evaluation_interval = 60'000;
  std::vector<ScrapeProtocol> scrape_protocols;
  Labels external_labels;
  std::string query_log_file;  // "" = none
  bool operator==(const GlobalConfig&) const = default;
};

// `storage`: what the storage may be told anew at each load.
struct StorageConfig {
  DurationMs out_of_order_time_window = 0;
  int64_t max_exemplars = 100'000;
  std::string float_encoding;  // of chunks: "xor", "xor2" or ""
  DurationMs retention_time = 0;  // each of the three: 0 = as the command line has it
  uint64_t retention_bytes = 0;
  double retention_percentage = 0;
  bool operator==(const StorageConfig&) const = default;
};

struct Config {
  GlobalConfig global;
  StorageConfig storage;
  std::vector<ScrapeConfig> scrape_configs;
  std::vector<std::string> rule_files;  // globs
  std::vector<std::string> warnings;  // sections that are accepted but have no engine yet
  std::string text;                   // as /api/v1/status/config shows it: defaults in, secrets out
};

}  // namespace hearth
