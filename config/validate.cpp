#include "config/validate.h"

#include <algorithm>
#include <array>
#include <set>

#include "config/relabel_rules.h"
#include "core/go_text.h"

namespace hearth {
namespace {

constexpr int64_t kDefaultInterval = 60'000, kDefaultTimeout = 10'000;

constexpr std::array<std::string_view, 5> kProtocols = {
    "OpenMetricsText0.0.1", "OpenMetricsText1.0.0", "PrometheusProto", "PrometheusText0.0.4",
    "PrometheusText1.0.0"};

std::string bracketed(const auto& texts) {
  std::string out = "[";
  for (const auto& text : texts) {
    if (out.size() > 1) out += ' ';
    out += text;
  }
  return out + "]";
}

std::string unknown_protocol(const std::string& protocol) {
  if (std::find(kProtocols.begin(), kProtocols.end(), protocol) != kProtocols.end()) return "";
  return "unknown scrape protocol " + protocol + ", supported: " + bracketed(kProtocols);
}

void check_protocols(const Value& protocols, const std::string& where) {
  if (protocols.items.empty()) refuse(protocols, "scrape_protocols cannot be empty" + where);
  std::set<std::string> seen;
  for (const Value& protocol : protocols.items) {
    std::string lower = protocol.text;
    for (char& c : lower) c = static_cast<char>(c >= 'A' && c <= 'Z' ? c | 0x20 : c);
    if (!seen.insert(lower).second) {
      refuse(protocols, "duplicated protocol in scrape_protocols, got " +
                            bracketed(protocols.strings()) + where);
    }
    const std::string unknown = unknown_protocol(protocol.text);
    if (!unknown.empty()) refuse(protocol, "scrape_protocols: " + unknown + where);
  }
}

void fill_protocols(Value& protocols, bool protobuf_first) {
  protocols.present = true;
  for (const std::string_view name :
       {"PrometheusProto", "OpenMetricsText1.0.0", "OpenMetricsText0.0.1", "PrometheusText1.0.0",
        "PrometheusText0.0.4"}) {
    if (name == "PrometheusProto" && !protobuf_first) continue;
    Value protocol = zero_value(*protocols.type->element);
    protocol.text = name;
    protocols.items.push_back(std::move(protocol));
  }
}

void set_flag(Value& flag, bool on) {
  flag.present = true;
  flag.integer = on ? 1 : 0;
}

// [^*]*(\*[^/]*)?: a * only in the last part of the path.
bool is_file_pattern(const std::string& path) {
  const size_t star = path.find('*');
  return star == std::string::npos || path.find('/', star) == std::string::npos;
}

void check_names(Value& scrape, const Value& global) {
  const std::string global_scheme = global["metric_name_validation_scheme"].text;
  std::string global_escaping = global["metric_name_escaping_scheme"].text;
  Value& scheme = scrape["metric_name_validation_scheme"];
  Value& escaping = scrape["metric_name_escaping_scheme"];
  const auto known = [](const std::string& text) {
    return text == "allow-utf-8" || text == "underscores" || text == "dots" || text == "values";
  };
  const auto unknown = [](const std::string& whose, const std::string& got) {
    return "unknown " + whose +
           " name escaping method specified, must be one of 'allow-utf-8', "
           "'underscores', 'dots', or 'values', got " +
           go_quote(got);
  };
  const auto usual = [](const std::string& for_scheme) {
    return for_scheme == "legacy" ? "underscores" : "allow-utf-8";
  };
  if (global_escaping.empty()) global_escaping = usual(global_scheme);
  if (!known(global_escaping)) {
    refuse(global["metric_name_escaping_scheme"], unknown("global", global_escaping));
  }
  const bool unset = scheme.text.empty();
  if (unset) scheme.text = global_scheme;
  if (scheme.text != "legacy" && scheme.text != "utf8") {
    refuse(scheme,
           "unknown scrape config name validation method specified, must be either '', "
           "'legacy' or 'utf8', got " +
               scheme.text);
  }
  if (escaping.text.empty()) escaping.text = unset ? global_escaping : usual(scheme.text);
  if (!known(escaping.text)) refuse(escaping, unknown("scrape config", escaping.text));
  if (escaping.text == "allow-utf-8" && scheme.text != "utf8") {
    refuse(escaping, "utf8 metric names requested but validation scheme is not set to UTF8");
  }
}

void check_unique_names(const Value& remotes, const std::string& what) {
  std::set<std::string> names;
  for (const Value& remote : remotes.items) {
    if (!remote.present) refuse(remote, "empty or null " + what + " config section");
    const std::string& name = remote["name"].text;
    if (!name.empty() && !names.insert(name).second) {
      refuse(remote["name"], "found multiple " + what + " configs with job name " + go_quote(name));
    }
  }
}

void check_otlp_strategy(const Value& config) {
  const Value& strategy = config["otlp"]["translation_strategy"];
  const std::string& text = strategy.text;
  if (text == "NoTranslation" || text == "NoUTF8EscapingWithSuffixes") {
    if (config["global"]["metric_name_validation_scheme"].text == "legacy") {
      refuse(strategy, "OTLP translation strategy " + go_quote(text) +
                           " is not allowed when UTF8 is disabled");
    }
  } else if (!text.empty() && text != "UnderscoreEscapingWithSuffixes" &&
             text != "UnderscoreEscapingWithoutSuffixes") {
    refuse(strategy, "unsupported OTLP translation strategy " + go_quote(text));
  }
}

void check_alerting_rules(const Value& alerting, bool utf8_names) {
  check_relabel_rules(alerting["alert_relabel_configs"], utf8_names);
  for (const Value& alertmanager : alerting["alertmanagers"].items) {
    if (!alertmanager.present) refuse(alertmanager, "empty or null alertmanager config section");
    check_relabel_rules(alertmanager["alert_relabel_configs"], utf8_names);
    check_relabel_rules(alertmanager["relabel_configs"], utf8_names);
  }
}

}  // namespace

void check_global(Value& global) {
  Value& scheme = global["metric_name_validation_scheme"];
  if (scheme.text.empty()) scheme.text = "utf8";
  if (scheme.text != "utf8" && scheme.text != "legacy") {
    refuse(scheme, "unrecognized ValidationScheme: " + go_quote(scheme.text));
  }
  const Value& labels = global["external_labels"];
  for (size_t i = 0; i < labels.keys.size(); ++i) {
    const std::string& name = labels.keys[i];
    const bool valid =
        scheme.text == "utf8" ? !name.empty() && valid_utf8(name) : is_legacy_label_name(name);
    if (!valid) refuse(labels, go_quote(name) + " is not a valid label name");
    if (!valid_utf8(labels.items[i].text)) {
      refuse(labels, go_quote(labels.items[i].text) + " is not a valid label value");
    }
  }
  int64_t& interval = global["scrape_interval"].integer;
  int64_t& timeout = global["scrape_timeout"].integer;
  if (interval == 0) interval = kDefaultInterval;
  if (timeout > interval) {
    refuse(global["scrape_timeout"], "global scrape timeout greater than scrape interval");
  }
  if (timeout == 0) timeout = std::min(kDefaultTimeout, interval);
  int64_t& evaluation = global["evaluation_interval"].integer;
  if (evaluation == 0) evaluation = kDefaultInterval;
  if (!global["scrape_native_histograms"].present) {
    set_flag(global["scrape_native_histograms"], false);
  }
  if (global["scrape_protocols"].present) {
    check_protocols(global["scrape_protocols"], " for global config");
  }
}

void complete_scrape_config(Value& scrape, const Value& global) {
  if (!scrape.present) refuse(scrape, "empty or null scrape config section");
  const std::string job = go_quote(scrape["job_name"].text);
  const std::string where = " for scrape config with job name " + job;

  int64_t& interval = scrape["scrape_interval"].integer;
  int64_t& timeout = scrape["scrape_timeout"].integer;
  if (interval == 0) interval = global["scrape_interval"].integer;
  if (timeout > interval) {
    refuse(scrape["scrape_timeout"], "scrape timeout greater than scrape interval" + where);
  }
  if (timeout == 0) timeout = std::min(global["scrape_timeout"].integer, interval);
  for (const std::string_view limit :
       {"body_size_limit", "sample_limit", "target_limit", "label_limit", "label_name_length_limit",
        "label_value_length_limit", "series_limit", "keep_dropped_targets"}) {
    if (scrape[limit].integer == 0) scrape[limit].integer = global[limit].integer;
  }
  if (scrape["scrape_failure_log_file"].text.empty()) {
    scrape["scrape_failure_log_file"].text = global["scrape_failure_log_file"].text;
  }
  for (const std::string_view flag :
       {"scrape_native_histograms", "extra_scrape_metrics", "convert_classic_histograms_to_nhcb",
        "always_scrape_classic_histograms"}) {
    if (!scrape[flag].present) set_flag(scrape[flag], global[flag].flag());
  }
  Value& protocols = scrape["scrape_protocols"];
  if (!protocols.present) {
    if (global["scrape_protocols"].present) {
      protocols = global["scrape_protocols"];
    } else {
      fill_protocols(protocols, scrape["scrape_native_histograms"].flag());
    }
  }
  check_protocols(protocols, where);
  const Value& fallback = scrape["fallback_scrape_protocol"];
  const std::string unknown = fallback.text.empty() ? "" : unknown_protocol(fallback.text);
  if (!unknown.empty()) {
    refuse(fallback, "invalid fallback_scrape_protocol" + where + ": " + unknown);
  }
  check_names(scrape, global);
  const bool utf8_names = scrape["metric_name_validation_scheme"].text == "utf8";
  check_relabel_rules(scrape["relabel_configs"], utf8_names);
  check_relabel_rules(scrape["metric_relabel_configs"], utf8_names);
}

void check_config(Value& config) {
  Value& global = config["global"];
  if (global["scrape_interval"].integer == 0) {  // absent or null
    check_global(global);
    global["metric_name_escaping_scheme"].text = "allow-utf-8";
  }
  int64_t& gogc = config["runtime"]["gogc"].integer;
  if (gogc == 0) gogc = 75;
  for (const Value& path : config["rule_files"].items) {
    if (!is_file_pattern(path.text)) {
      refuse(path, "invalid rule file path " + go_quote(path.text));
    }
  }
  for (const Value& path : config["scrape_config_files"].items) {
    if (!is_file_pattern(path.text)) {
      refuse(path, "invalid scrape config file path " + go_quote(path.text));
    }
  }
  std::set<std::string> jobs;
  for (Value& scrape : config["scrape_configs"].items) {
    complete_scrape_config(scrape, global);
    const std::string& job = scrape["job_name"].text;
    if (!jobs.insert(job).second) {
      refuse(scrape["job_name"], "found multiple scrape configs with job name " + go_quote(job));
    }
  }
  const bool utf8_names = global["metric_name_validation_scheme"].text == "utf8";
  check_alerting_rules(config["alerting"], utf8_names);
  check_unique_names(config["remote_write"], "remote write");
  check_unique_names(config["remote_read"], "remote read");
  for (const Value& remote : config["remote_write"].items) {
    check_relabel_rules(remote["write_relabel_configs"], utf8_names);
  }
  check_otlp_strategy(config);
}

void check_static_targets(const Value& owner) {
  for (const Value& group : owner["static_configs"].items) {
    for (const Value& target : group["targets"].items) {
      if (target.text.find('/') != std::string::npos) {
        refuse(target, go_quote(target.text) + " is not a valid hostname");
      }
    }
  }
}

}  // namespace hearth
