// The sections of prometheus.yml: fields, defaults, and what each section checks of itself.
#include <algorithm>

#include "config/relabel_rules.h"
#include "config/schema.h"
#include "config/validate.h"
#include "core/go_text.h"

namespace hearth {
namespace {

const Type& label_map_type() {  // labels.Labels
  static const Type type = [] {
    Type t = string_map_type();
    return t;
  }();
  return type;
}

const Type& scrape_protocols_type() {
  static const Type protocol = [] {
    Type t = string_type();
    t.go_name = "config.ScrapeProtocol";
    return t;
  }();
  static const Type type = [] {
    Type t = list_of(protocol, "[]config.ScrapeProtocol");
    t.optional = true;
    return t;
  }();
  return type;
}

const Type& scrape_protocol_type() {
  static const Type type = *scrape_protocols_type().element;
  return type;
}

// ---- scrape_configs ----------------------------------------------------------------------------

void refuse_null_discoveries(const Value& owner) {
  for (const Field& field : owner.type->fields) {
    if (field.name != "static_configs" && !field.name.ends_with("_sd_configs")) continue;
    for (const Value& discovery : owner[field.name].items) {
      if (!discovery.present) refuse(discovery, "empty or null section in " + std::string(field.name));
    }
  }
}

void check_scrape_config(Value& scrape) {
  refuse_null_discoveries(scrape);
  if (scrape["job_name"].text.empty()) refuse(scrape, "job_name is empty");
  check_http_client(scrape);
  if (scrape["relabel_configs"].items.empty()) check_static_targets(scrape);
  refuse_empty_rules(scrape["relabel_configs"],
                     "empty or null target relabeling rule in scrape config");
  refuse_empty_rules(scrape["metric_relabel_configs"],
                     "empty or null metric relabeling rule in scrape config");
}

const Type& scrape_configs_type() {
  static const Type params = [] {
    Type t = list_of(strings_type(), "url.Values");
    t.kind = Type::Kind::kMap;
    return t;
  }();
  static const Type scrape = optional_structure(
      "config.ScrapeConfig",
      std::vector<Field>{{"job_name", &string_type(), "", true},
                         {"honor_labels", &bool_type()},
                         {"honor_timestamps", &bool_type(), "true", true},
                         {"track_timestamps_staleness", &bool_type(), "", true},
                         {"params", &params},
                         {"scrape_interval", &duration_type()},
                         {"scrape_timeout", &duration_type()},
                         {"scrape_protocols", &scrape_protocols_type()},
                         {"fallback_scrape_protocol", &scrape_protocol_type()},
                         {"scrape_native_histograms", &optional_bool_type()},
                         {"always_scrape_classic_histograms", &optional_bool_type()},
                         {"convert_classic_histograms_to_nhcb", &optional_bool_type()},
                         {"scrape_failure_log_file", &path_type()},
                         {"metrics_path", &string_type(), "/metrics"},
                         {"scheme", &string_type(), "http"},
                         {"enable_compression", &bool_type(), "true", true},
                         {"body_size_limit", &bytes_type()},
                         {"sample_limit", &uint_type()},
                         {"target_limit", &uint_type()},
                         {"label_limit", &uint_type()},
                         {"label_name_length_limit", &uint_type()},
                         {"label_value_length_limit", &uint_type()},
                         {"series_limit", &uint_type()},  // ours
                         {"native_histogram_bucket_limit", &uint_type()},
                         {"native_histogram_min_bucket_factor", &float_type()},
                         {"keep_dropped_targets", &uint_type()},
                         {"metric_name_validation_scheme", &string_type()},
                         {"metric_name_escaping_scheme", &string_type()},
                         {"extra_scrape_metrics", &optional_bool_type()}} +
          http_client_fields() +
          std::vector<Field>{{"relabel_configs", &relabel_configs_type()},
                             {"metric_relabel_configs", &relabel_configs_type()}} +
          discovery_fields(),
      check_scrape_config);
  static const Type type = list_of(scrape, "[]*config.ScrapeConfig");
  return type;
}

// ---- global, runtime, storage ------------------------------------------------------------------

const Type& global_type() {
  static const Type type = structure("config.plain",
                                     {{"scrape_interval", &duration_type()},
                                      {"scrape_timeout", &duration_type()},
                                      {"scrape_protocols", &scrape_protocols_type()},
                                      {"evaluation_interval", &duration_type()},
                                      {"rule_query_offset", &duration_type()},
                                      {"query_log_file", &path_type()},
                                      {"scrape_failure_log_file", &path_type()},
                                      {"external_labels", &label_map_type()},
                                      {"body_size_limit", &bytes_type()},
                                      {"sample_limit", &uint_type()},
                                      {"target_limit", &uint_type()},
                                      {"label_limit", &uint_type()},
                                      {"label_name_length_limit", &uint_type()},
                                      {"label_value_length_limit", &uint_type()},
                                      {"series_limit", &uint_type()},  // ours
                                      {"keep_dropped_targets", &uint_type()},
                                      {"metric_name_validation_scheme", &string_type()},
                                      {"metric_name_escaping_scheme", &string_type()},
                                      {"scrape_native_histograms", &optional_bool_type()},
                                      {"convert_classic_histograms_to_nhcb", &bool_type()},
                                      {"always_scrape_classic_histograms", &bool_type()},
                                      {"extra_scrape_metrics", &bool_type()}},
                                     check_global);
  return type;
}

const Type& runtime_type() {
  static const Type type = structure("config.RuntimeConfig", {{"gogc", &int_type(), "75"}});
  return type;
}

void check_tsdb(Value& tsdb) {
  tsdb["outofordertimewindow"].integer = tsdb["out_of_order_time_window"].integer;
  const Value& floats = tsdb["chunk_encoding"]["floats"];
  if (!floats.text.empty() && floats.text != "xor" && floats.text != "xor2") {
    refuse(floats, "invalid storage.tsdb.chunk_encoding.floats " + go_quote(floats.text) +
                       ", supported: xor, xor2");
  }
  const Value& percentage = tsdb["retention"]["percentage"];
  if (!(percentage.real >= 0 && percentage.real <= 100)) {
    refuse(percentage, "storage.tsdb.retention.percentage must be between 0 and 100, got " +
                           float_g(percentage.real));
  }
}

const Type& storage_type() {
  static const Type int64 = [] {
    Type t = int_type();
    t.go_name = "int64";
    return t;
  }();
  static const Type retention = structure(
      "config.TSDBRetentionConfig",
      {{"time", &duration_type()}, {"size", &bytes_type()}, {"percentage", &float_type()}});
  static const Type encoding =
      structure("config.ChunkEncodingConfig", {{"floats", &string_type()}});
  static const Type tsdb = optional_structure(
      "config.plain",
      {{"outofordertimewindow", &int64, "", true},  // the same again in ms: Prometheus prints it too
       {"out_of_order_time_window", &duration_type()},
       {"stale_series_compaction_threshold", &float_type()},
       {"retention", &retention},
       {"chunk_encoding", &encoding}},
      check_tsdb);
  static const Type exemplars =
      optional_structure("config.ExemplarsConfig", {{"max_exemplars", &int64}});
  static const Type type =
      structure("config.StorageConfig", {{"tsdb", &tsdb}, {"exemplars", &exemplars}});
  return type;
}

// ---- alerting ----------------------------------------------------------------------------------

void check_api_version(Value& version) {
  if (version.text != "v2") {
    refuse(version, "expected Alertmanager api version to be one of [v2] but got " + version.text);
  }
}

void check_alertmanager(Value& alertmanager) {
  refuse_null_discoveries(alertmanager);
  check_http_client(alertmanager);
  const auto given = [&](std::string_view field) { return !is_zero(alertmanager[field]); };
  if ((given("basic_auth") || given("authorization") || given("oauth2")) && given("sigv4")) {
    refuse(alertmanager,
           "at most one of basic_auth, authorization, oauth2, & sigv4 must be configured");
  }
  if (alertmanager["relabel_configs"].items.empty()) check_static_targets(alertmanager);
  refuse_empty_rules(alertmanager["relabel_configs"],
                     "empty or null Alertmanager target relabeling rule");
  refuse_empty_rules(alertmanager["alert_relabel_configs"],
                     "empty or null Alertmanager alert relabeling rule");
}

void check_alerting(Value& alerting) {
  refuse_empty_rules(alerting["alert_relabel_configs"], "empty or null alert relabeling rule");
}

const Type& alerting_type() {
  static const Type version = [] {
    Type t = string_type();
    t.go_name = "config.plain";
    t.check = check_api_version;
    return t;
  }();
  static const Type alertmanager = optional_structure(
      "config.AlertmanagerConfig",
      http_client_fields() +
          std::vector<Field>{{"sigv4", &sigv4_type()},
                             {"scheme", &string_type(), "http"},
                             {"path_prefix", &string_type()},
                             {"timeout", &duration_type(), "10s"},
                             {"api_version", &version, "v2", true},
                             {"relabel_configs", &relabel_configs_type()},
                             {"alert_relabel_configs", &relabel_configs_type()}} +
          discovery_fields(),
      check_alertmanager);
  static const Type alertmanagers = list_of(alertmanager, "config.AlertmanagerConfigs");
  static const Type type = structure(
      "config.plain",
      {{"alert_relabel_configs", &relabel_configs_type()}, {"alertmanagers", &alertmanagers}},
      check_alerting);
  return type;
}

const Type& paths_type() {
  static const Type type = list_of(path_type(), "[]string");
  return type;
}

}  // namespace

const Type& config_type() {
  static const Type type = structure("config.plain",
                                     {{"global", &global_type(), "", true},
                                      {"runtime", &runtime_type()},
                                      {"alerting", &alerting_type()},
                                      {"rule_files", &paths_type()},
                                      {"scrape_config_files", &paths_type()},
                                      {"scrape_configs", &scrape_configs_type()},
                                      {"storage", &storage_type()},
                                      {"tracing", &tracing_type()},
                                      {"remote_write", &remote_write_type()},
                                      {"remote_read", &remote_read_type()},
                                      {"otlp", &otlp_type()}},
                                     check_config);
  return type;
}

const Type& scrape_config_file_type() {
  static const Type type =
      structure("config.ScrapeConfigs", {{"scrape_configs", &scrape_configs_type()}});
  return type;
}

}  // namespace hearth
