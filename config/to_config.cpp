#include "config/to_config.h"

#include <array>

#include "config/relabel_rules.h"

namespace hearth {
namespace {

constexpr std::array<std::string_view, 5> kProtocolNames = {
    "PrometheusProto", "OpenMetricsText0.0.1", "OpenMetricsText1.0.0", "PrometheusText0.0.4",
    "PrometheusText1.0.0"};

ScrapeProtocol to_protocol(const std::string& name) {
  size_t i = 0;
  while (i + 1 < kProtocolNames.size() && kProtocolNames[i] != name) ++i;
  return static_cast<ScrapeProtocol>(i);
}

std::vector<ScrapeProtocol> to_protocols(const Value& protocols) {
  std::vector<ScrapeProtocol> out;
  for (const Value& protocol : protocols.items) out.push_back(to_protocol(protocol.text));
  return out;
}

uint64_t to_limit(const Value& value) {
  return value.integer > 0 ? static_cast<uint64_t>(value.integer) : 0;
}

}  // namespace

GlobalConfig to_global_config(const Value& global) {
  GlobalConfig out;
  out.scrape_interval = global["scrape_interval"].integer;
  out.scrape_timeout = global["scrape_timeout"].integer;
  out.evaluation_interval = global["evaluation_interval"].integer;
  out.scrape_protocols = to_protocols(global["scrape_protocols"]);
  out.external_labels = to_labels(global["external_labels"]);
  out.query_log_file = global["query_log_file"].text;
  out.scrape_failure_log_file = global["scrape_failure_log_file"].text;
  out.rule_query_offset = global["rule_query_offset"].integer;
  return out;
}

StorageConfig to_storage_config(const Value& storage) {
  StorageConfig out;
  if (const Value& tsdb = storage["tsdb"]; tsdb.present) {
    out.out_of_order_time_window = tsdb["out_of_order_time_window"].integer;
    out.float_encoding = tsdb["chunk_encoding"]["floats"].text;
    if (const Value& retention = tsdb["retention"]; retention.present) {
      out.retention_time = retention["time"].integer;
      out.retention_bytes = to_limit(retention["size"]);
      out.retention_percentage = retention["percentage"].real;
    }
  }
  if (const Value& exemplars = storage["exemplars"]; exemplars.present) {
    out.max_exemplars = exemplars["max_exemplars"].integer;
  }
  return out;
}

ScrapeConfig to_scrape_config(const Value& scrape) {
  ScrapeConfig out;
  out.job_name = scrape["job_name"].text;
  out.scrape_interval = scrape["scrape_interval"].integer;
  out.scrape_timeout = scrape["scrape_timeout"].integer;
  out.scrape_protocols = to_protocols(scrape["scrape_protocols"]);
  const std::string& fallback = scrape["fallback_scrape_protocol"].text;
  if (!fallback.empty()) out.fallback_scrape_protocol = to_protocol(fallback);
  out.metrics_path = scrape["metrics_path"].text;
  out.scheme = scrape["scheme"].text;
  const Value& params = scrape["params"];
  for (size_t i = 0; i < params.items.size(); ++i) {
    out.params[params.keys[i]] = params.items[i].strings();
  }
  out.honor_labels = scrape["honor_labels"].flag();
  out.honor_timestamps = scrape["honor_timestamps"].flag();
  out.track_timestamps_staleness = scrape["track_timestamps_staleness"].flag();
  out.enable_compression = scrape["enable_compression"].flag();
  out.extra_scrape_metrics = scrape["extra_scrape_metrics"].flag();
  out.scrape_native_histograms = scrape["scrape_native_histograms"].flag();
  out.always_scrape_classic_histograms = scrape["always_scrape_classic_histograms"].flag();
  out.convert_classic_histograms_to_nhcb = scrape["convert_classic_histograms_to_nhcb"].flag();
  out.native_histogram_bucket_limit = to_limit(scrape["native_histogram_bucket_limit"]);
  out.native_histogram_min_bucket_factor = scrape["native_histogram_min_bucket_factor"].real;
  out.body_size_limit = to_limit(scrape["body_size_limit"]);
  out.sample_limit = to_limit(scrape["sample_limit"]);
  out.label_limit = to_limit(scrape["label_limit"]);
  out.label_name_length_limit = to_limit(scrape["label_name_length_limit"]);
  out.label_value_length_limit = to_limit(scrape["label_value_length_limit"]);
  out.target_limit = to_limit(scrape["target_limit"]);
  out.keep_dropped_targets = to_limit(scrape["keep_dropped_targets"]);
  out.series_limit = to_limit(scrape["series_limit"]);
  out.scrape_failure_log_file = scrape["scrape_failure_log_file"].text;
  out.metric_name_validation_scheme = scrape["metric_name_validation_scheme"].text;
  out.metric_name_escaping_scheme = scrape["metric_name_escaping_scheme"].text;
  out.http_client = to_http_client_config(scrape);
  static_cast<DiscoveryConfigs&>(out) = to_discovery_configs(scrape);
  const bool utf8_names = out.metric_name_validation_scheme == "utf8";
  out.relabel_configs = relabel_rules(scrape["relabel_configs"], utf8_names);
  out.metric_relabel_configs = relabel_rules(scrape["metric_relabel_configs"], utf8_names);
  return out;
}

}  // namespace hearth
