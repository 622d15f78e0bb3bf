#include "config/warnings.h"

#include <algorithm>
#include <array>

#include "core/go_text.h"

namespace hearth {
namespace {

struct Missing {
  std::string_view field;
  std::string_view consequence;
};

constexpr Missing kSections[] = {
    {"alerting", "no alert is sent"},    {"rule_files", "no rule is evaluated"},
    {"remote_write", "nothing is sent"}, {"remote_read", "nothing is read from there"},
    {"tracing", "no trace is written"},
};

constexpr std::array<std::string_view, 13> kDiscoveries = {
    "azure_sd_configs",  "consul_sd_configs",      "digitalocean_sd_configs", "dns_sd_configs",
    "docker_sd_configs", "dockerswarm_sd_configs", "ec2_sd_configs",          "file_sd_configs",
    "gce_sd_configs",    "hetzner_sd_configs",     "http_sd_configs",         "kubernetes_sd_configs",
    "openstack_sd_configs"};

}  // namespace

void add_section_warnings(const Value& config, std::vector<std::string>& warnings) {
  for (const Missing& missing : kSections) {
    if (is_zero(config[missing.field])) continue;
    warnings.push_back("section " + std::string(missing.field) +
                       " is not supported yet: " + std::string(missing.consequence));
  }
  if (config["otlp"].line > 0) {
    warnings.push_back("section otlp is not supported yet: nothing is received in that protocol");
  }
  const Value& tsdb = config["storage"]["tsdb"];
  if (tsdb.present && !is_zero(tsdb["stale_series_compaction_threshold"])) {
    warnings.push_back(
        "storage tsdb stale_series_compaction_threshold is not supported yet: stale series stay in "
        "the head until they are two hours old");
  }
}

void add_scrape_refusals(const Value& scrape, std::vector<std::string>& refusals) {
  for (const Field& field : scrape.type->fields) {
    if (!field.name.ends_with("_sd_configs") || is_zero(scrape[field.name])) continue;
    if (std::find(kDiscoveries.begin(), kDiscoveries.end(), field.name) != kDiscoveries.end()) continue;
    refusals.push_back("job " + go_quote(scrape["job_name"].text) + ": Hearth does not do " +
                       std::string(field.name) +
                       ": let an adapter serve its targets as JSON and use http_sd_configs");
  }
}

}  // namespace hearth
