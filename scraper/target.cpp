#include "scraper/target.h"

#include <fmt/format.h>

#include <utility>

#include "core/duration.h"
#include "core/error.h"
#include "core/go_text.h"
#include "core/relabel.h"
#include "core/uri.h"
#include "scraper/schedule.h"

namespace hearth {
namespace {

constexpr std::string_view kAddress = "__address__";
constexpr std::string_view kScheme = "__scheme__";
constexpr std::string_view kMetricsPath = "__metrics_path__";
constexpr std::string_view kInterval = "__scrape_interval__";
constexpr std::string_view kTimeout = "__scrape_timeout__";
constexpr std::string_view kUnixSocket = "__unix_socket__";
constexpr std::string_view kNative = "__scrape_native_histograms__";
constexpr std::string_view kKeepClassic = "__always_scrape_classic_histograms__";
constexpr std::string_view kConvertClassic = "__convert_classic_histograms_to_nhcb__";
constexpr std::string_view kParam = "__param_";
constexpr std::string_view kMeta = "__meta_";

[[noreturn]] void fail(const std::string& text) { throw Error(ErrorKind::kBadData, text); }

DurationMs positive_duration(std::string_view text, const char* what) {
  DurationMs duration = 0;
  try {
    duration = parse_duration(text);
  } catch (const Error& error) {
    fail(fmt::format("error parsing scrape {}: {}", what, error.what()));
  }
  if (duration == 0) fail(fmt::format("scrape {} cannot be 0", what));
  return duration;
}

Labels public_labels(LabelsView labels) {
  LabelsBuilder builder(labels);
  builder.retain([](std::string_view name) { return !name.starts_with("__"); });
  return builder.build();
}

bool same_series_rules(const ScrapeConfig& a, const ScrapeConfig& b) {
  return a.honor_labels == b.honor_labels && a.metric_relabel_configs == b.metric_relabel_configs &&
         a.label_limit == b.label_limit && a.label_name_length_limit == b.label_name_length_limit &&
         a.label_value_length_limit == b.label_value_length_limit &&
         a.metric_name_validation_scheme == b.metric_name_validation_scheme &&
         histogram_options(a) == histogram_options(b);
}

// As Go's strconv.ParseBool.
std::optional<bool> parse_bool(std::string_view text) {
  for (const std::string_view yes : {"1", "t", "T", "true", "TRUE", "True"}) {
    if (text == yes) return true;
  }
  for (const std::string_view no : {"0", "f", "F", "false", "FALSE", "False"}) {
    if (text == no) return false;
  }
  return std::nullopt;
}

void check_switch(const LabelsBuilder& labels, std::string_view name) {
  const std::string_view text = labels.get(name);
  if (text.empty() || parse_bool(text)) return;
  fail(fmt::format("error parsing {}: strconv.ParseBool: parsing {}: invalid syntax", name, go_quote(text)));
}

}  // namespace

Labels with_job_defaults(LabelsView discovered, const ScrapeConfig& config) {
  LabelsBuilder labels(discovered);
  const auto set_default = [&](std::string_view name, const std::string& value) {
    if (discovered.get(name).empty()) labels.set(name, value);
  };
  set_default("job", config.job_name);
  set_default(kInterval, duration_text(config.scrape_interval));
  set_default(kTimeout, duration_text(config.scrape_timeout));
  set_default(kMetricsPath, config.metrics_path);
  set_default(kScheme, config.scheme);
  const HistogramOptions histograms = histogram_options(config);
  set_default(kNative, histograms.native ? "true" : "false");
  set_default(kKeepClassic, histograms.keep_classic ? "true" : "false");
  set_default(kConvertClassic, histograms.convert_classic ? "true" : "false");
  for (const auto& [name, values] : config.params) {
    if (!values.empty()) set_default(std::string(kParam) + name, values.front());
  }
  return labels.build();
}

ResolvedTarget resolve_target(LabelsView discovered, const ScrapeConfig& config) {
  ResolvedTarget resolved{with_job_defaults(discovered, config), std::nullopt};
  LabelsBuilder labels(resolved.discovered);
  if (!relabel(config.relabel_configs, labels)) return resolved;

  const std::string address(labels.get(kAddress));
  if (address.empty()) fail("no address");
  if (address.find('/') != std::string::npos) {
    fail(fmt::format("{} is not a valid hostname", go_quote(address)));
  }
  const DurationMs interval = positive_duration(labels.get(kInterval), "interval");
  const DurationMs timeout = positive_duration(labels.get(kTimeout), "timeout");
  if (timeout > interval) {
    fail(fmt::format("scrape timeout cannot be greater than scrape interval ({} > {})",
                     go_quote(labels.get(kTimeout)), go_quote(labels.get(kInterval))));
  }
  for (const std::string_view name : {kNative, kKeepClassic, kConvertClassic}) check_switch(labels, name);
  labels.retain([](std::string_view name) { return !name.starts_with(kMeta); });
  if (labels.get("instance").empty()) labels.set("instance", address);
  for (const auto& [name, value] : labels.labels()) {
    if (!valid_utf8(value)) {
      fail(fmt::format("invalid label value for {}: {}", go_quote(name), go_quote(value)));
    }
  }
  resolved.labels = labels.build();
  return resolved;
}

std::string target_url(LabelsView labels, const ScrapeConfig& config) {
  QueryParameters parameters = config.params;
  for (const Label& label : labels) {
    if (!label.name.starts_with(kParam)) continue;
    std::vector<std::string>& values = parameters[std::string(label.name.substr(kParam.size()))];
    if (values.empty()) {
      values.emplace_back(label.value);
    } else {
      values.front() = label.value;
    }
  }
  std::string path = path_escape(labels.get(kMetricsPath));
  if (!path.empty() && path.front() != '/') path.insert(0, "/");
  std::string url = fmt::format("{}://{}{}", labels.get(kScheme), labels.get(kAddress), path);
  const std::string query = encode_query(parameters);
  return query.empty() ? url : url + "?" + query;
}

Target::Target(Labels discovered, const Labels& labels, std::shared_ptr<const ScrapeConfig> config)
    : source(target_url(labels, *config)),
      labels_(public_labels(labels)),
      url_(target_url(labels, *config)),
      unix_socket_(labels.get(kUnixSocket)),
      hash_(fnv1a(url_, fnv1a(fmt::format("{:016}", labels.hash())))),
      interval_(parse_duration(labels.get(kInterval))),
      timeout_(parse_duration(labels.get(kTimeout))),
      native_(parse_bool(labels.get(kNative))),
      keep_classic_(parse_bool(labels.get(kKeepClassic))),
      convert_classic_(parse_bool(labels.get(kConvertClassic))),
      discovered_(std::move(discovered)),
      config_(std::move(config)) {}

HistogramOptions Target::histograms(const ScrapeConfig& config) const {
  return {native_.value_or(config.scrape_native_histograms),
          keep_classic_.value_or(config.always_scrape_classic_histograms),
          convert_classic_.value_or(config.convert_classic_histograms_to_nhcb)};
}

ScrapePlan Target::plan() {
  MutexLock lock(mutex_);
  return {config_, std::exchange(lines_outdated_, false), forced_error_};
}

void Target::set_config(Labels discovered, std::shared_ptr<const ScrapeConfig> config) {
  MutexLock lock(mutex_);
  discovered_ = std::move(discovered);
  if (config_ != config && !same_series_rules(*config_, *config)) lines_outdated_ = true;
  config_ = std::move(config);
}

void Target::set_forced_error(std::string text) {
  MutexLock lock(mutex_);
  forced_error_ = std::move(text);
}

void Target::report(TimeMs start, double duration_seconds, const std::string& error,
                    const std::string& warning) {
  MutexLock lock(mutex_);
  last_scrape_ = start;
  last_duration_seconds_ = duration_seconds;
  last_error_ = error.empty() ? warning : error;
  health_ = error.empty() ? TargetHealth::kUp : TargetHealth::kDown;
}

TargetStatus Target::status() const {
  MutexLock lock(mutex_);
  TargetStatus status;
  status.scrape_pool = config_->job_name;
  status.discovered_labels = discovered_;
  status.labels = labels_;
  status.scrape_url = status.global_url = url_;
  status.last_error = last_error_;
  status.last_scrape = last_scrape_;
  status.last_scrape_duration_seconds = last_duration_seconds_;
  status.health = health_;
  status.scrape_interval = interval_;
  status.scrape_timeout = timeout_;
  return status;
}

}  // namespace hearth
