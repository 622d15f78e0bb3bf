// prometheus.yml as plain structs: what was written, with Prometheus' defaults filled in.
// Filled by config/load.h; nothing here has behaviour.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "config/discovery_configs.h"
#include "config/http_client_config.h"
#include "core/clock.h"
#include "core/labels.h"
#include "core/relabel.h"

namespace hearth {

// The order in which formats are asked for.
enum class ScrapeProtocol {
  kPrometheusProto, kOpenMetricsText0_0_1, kOpenMetricsText1_0_0, kPrometheusText0_0_4, kPrometheusText1_0_0
};

struct ScrapeConfig : DiscoveryConfigs {
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
  bool scrape_native_histograms = false;
  bool always_scrape_classic_histograms = false;
  bool convert_classic_histograms_to_nhcb = false;
  uint64_t native_histogram_bucket_limit = 0;     // 0 = none
  double native_histogram_min_bucket_factor = 0;  // 0 = none
  uint64_t body_size_limit = 0;  // bytes after decompression; 0 = none, here and below
  uint64_t sample_limit = 0, label_limit = 0, label_name_length_limit = 0,
           label_value_length_limit = 0, target_limit = 0, keep_dropped_targets = 0;
  uint64_t series_limit = 0;  // of a target: beyond it new series are left out, known ones go on
  std::string scrape_failure_log_file;  // "" = none
  std::string metric_name_validation_scheme = "utf8";
  std::string metric_name_escaping_scheme = "allow-utf-8";
  HttpClientConfig http_client;
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
  std::string query_log_file, scrape_failure_log_file;  // "" = none
  DurationMs rule_query_offset = 0;
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
  std::vector<std::string> refusals;  // what is well written, but no server of ours can run with it
  std::string text;                   // as /api/v1/status/config shows it: defaults in, secrets out
};

}  // namespace hearth
