#include "config/warnings.h"

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

constexpr Missing kScrapeFields[] = {
    {"oauth2", "requests are made without a token"},
    {"http_headers", "the headers are not sent"},
    {"proxy_connect_header", "the headers are not sent"},
    {"scrape_failure_log_file", "failures are written to the log only"},
    {"scrape_native_histograms", "native histograms are not asked for"},
    {"convert_classic_histograms_to_nhcb", "histograms stay classic"},
    {"native_histogram_bucket_limit", "no limit holds"},
    {"native_histogram_min_bucket_factor", "no factor holds"},
};

bool is_set(const Value& value) {
  return value.type->kind == Type::Kind::kBool ? value.flag() : !is_zero(value);
}

}  // namespace

void add_section_warnings(const Value& config, std::vector<std::string>& warnings) {
  for (const Missing& missing : kSections) {
    if (!is_set(config[missing.field])) continue;
    warnings.push_back("section " + std::string(missing.field) +
                       " is not supported yet: " + std::string(missing.consequence));
  }
  const Value& tsdb = config["storage"]["tsdb"];
  if (tsdb.present && is_set(tsdb["stale_series_compaction_threshold"])) {
    warnings.push_back(
        "storage tsdb stale_series_compaction_threshold is not supported yet: stale series stay in "
        "the head until they are two hours old");
  }
}

void add_scrape_warnings(const Value& scrape, std::vector<std::string>& warnings) {
  const std::string job = "job " + go_quote(scrape["job_name"].text) + ": ";
  for (const Missing& missing : kScrapeFields) {
    if (!is_set(scrape[missing.field])) continue;
    warnings.push_back(job + std::string(missing.field) +
                       " is not supported yet: " + std::string(missing.consequence));
  }
  for (const Field& field : scrape.type->fields) {
    if (!field.name.ends_with("_sd_configs") || field.name == "file_sd_configs") continue;
    if (!is_set(scrape[field.name])) continue;
    warnings.push_back(
        job + std::string(field.name) +
        " is not supported yet: write its targets to a file and use file_sd_configs");
  }
}

}  // namespace hearth
