// hearthtool check config: prometheus.yml and the files that it names.

#include <fmt/format.h>

#include <cstdio>
#include <filesystem>

#include "cmd/tool/commands.h"
#include "cmd/tool/features.h"
#include "cmd/tool/rule_checks.h"
#include "config/load.h"
#include "core/duration.h"
#include "core/error.h"
#include "core/file.h"
#include "core/go_text.h"
#include "scraper/discovery/discovery.h"

namespace hearth {
namespace {

[[noreturn]] void refuse(const std::string& text) { throw Error(ErrorKind::kBadData, text); }

// Paths below the working directory are shown from there, if the configuration's own is given so.
// One thread.
class Shown {
 public:
  explicit Shown(const std::string& config)
      : here_(config.starts_with('/') ? "" : std::filesystem::current_path().string() + "/") {}
  std::string operator()(const std::string& path) const {
    return !here_.empty() && path.starts_with(here_) ? path.substr(here_.size()) : path;
  }

 private:
  std::string here_;
};

std::vector<std::string> rule_files(const Config& config, const Shown& shown) {
  std::vector<std::string> out;
  for (const std::string& pattern : config.rule_files) {
    const std::vector<std::string> found = matching_files(pattern);
    if (found.empty() && pattern.find('*') == std::string::npos) {
      refuse(go_quote(shown(pattern)) + " does not point to an existing file");
    }
    for (const std::string& path : found) out.push_back(shown(path));
  }
  return out;
}

void check_exists(const std::string& file, const std::string& what, const Shown& shown) {
  if (file.empty() || path_exists(file)) return;
  refuse("error checking " + what + " " + go_quote(shown(file)) + ": stat " + shown(file) +
         ": no such file or directory");
}

void check_credentials(const ScrapeConfig& job, const Shown& shown) {
  const HttpClientConfig& http = job.http_client;
  if (http.authorization) {
    check_exists(http.authorization->credentials_file,
                 "authorization credentials or bearer token file", shown);
  }
  check_exists(http.tls_config.cert_file, "client cert file", shown);
  check_exists(http.tls_config.key_file, "client key file", shown);
}

void check_target_files(const ScrapeConfig& job, const Shown& shown) {
  for (const FileSdConfig& discovery : job.file_sd_configs) {
    for (const std::string& pattern : discovery.files) {
      const std::vector<std::string> files = matching_files(pattern);
      if (files.empty()) {
        fmt::print("  WARNING: file {} for file_sd in scrape job {} does not exist\n",
                   go_quote(shown(pattern)), go_quote(job.job_name));
      }
      for (const std::string& file : files) {
        try {
          const std::string text = read_file(file);
          const bool json = file.ends_with(".json") || file.ends_with(".JSON");
          (void)(json ? parse_target_groups_json(text) : parse_target_groups_yaml(text));
        } catch (const Error& error) {
          refuse("checking SD file " + go_quote(shown(file)) + ": " + error.what());
        }
      }
    }
  }
}

// Jobs whose samples are stale before the next scrape; returns whether there are any.
bool lint_intervals(const Config& config, DurationMs lookback) {
  bool found = false;
  for (const ScrapeConfig& job : config.scrape_configs) {
    if (job.scrape_interval < lookback) continue;
    fmt::print(
        stderr,
        "  FAILED: too long scrape interval found, data point will be marked as stale - job: {}, "
        "interval: {}\n",
        job.job_name, duration_text(job.scrape_interval));
    found = true;
  }
  return found;
}

// What the file names of rules, having told what is wrong or right.
std::vector<std::string> check_one(const std::string& path, const CommandInput& input,
                                   Config& config, CheckOutcome& outcome) {
  fmt::print("Checking {}\n", path);
  std::fflush(stdout);
  std::vector<std::string> files;
  try {
    const Shown shown(path);
    config = load_config_file(path, input.on("syntax-only") ? ScrapeConfigFiles::kLeave
                                                              : ScrapeConfigFiles::kRead);
    if (input.on("agent")) refuse_in_agent_mode(read_file(path));
    if (!input.on("syntax-only")) {
      refuse_unsupported(config);
      files = rule_files(config, shown);
      for (const ScrapeConfig& job : config.scrape_configs) {
        check_credentials(job, shown);
        check_target_files(job, shown);
      }
      if (!files.empty()) fmt::print("  SUCCESS: {} rule files found\n", files.size());
    }
    fmt::print(" SUCCESS: {} is valid prometheus config file syntax\n\n", path);
    std::fflush(stdout);
    for (const std::vector<std::string>& texts : {config.warnings, config.refusals}) {
      for (const std::string& text : texts) fmt::print(stderr, "  WARNING: {}\n", text);
    }
  } catch (const Error& error) {
    std::fflush(stdout);
    fmt::print(stderr, "  FAILED: {}\n", error.what());
    fmt::print("\n");
    config = {};
    files.clear();
    outcome.add(CheckOutcome{true, true});
  }
  return files;
}

int check_config(const CommandInput& input) {
  const LintOptions lint = lint_options(input, true);
  rules::RuleFileOptions options;
  options.expressions = tool_features(input).parse;
  options.ignore_unknown_fields = input.on("ignore-unknown-fields");
  const auto lookback = static_cast<DurationMs>(input.seconds("query.lookback-delta") * 1000);
  CheckOutcome outcome;
  for (const std::string& path : input.arguments) {
    Config config;
    const std::vector<std::string> files = check_one(path, input, config, outcome);
    if (input.on("syntax-only")) continue;
    if (lint.too_long_scrape_interval && lint_intervals(config, lookback)) {
      outcome.add(CheckOutcome{true, false});
    }
    outcome.add(check_rule_files(files, options, lint));
  }
  return outcome.exit_code(lint);
}

}  // namespace

Command check_config_command() {
  std::vector<CommandFlag> flags = {
      {.name = "syntax-only",
       .help = "Only check the config file syntax, ignoring file and content validation referenced "
               "in the config"}};
  for (const CommandFlag& flag :
       lint_flags("Linting checks to apply to the rules/scrape configs specified in the config. "
                  "Available options are: all, duplicate-rules, none, too-long-scrape-interval. "
                  "Use --lint=none to disable linting",
                  "Ignore unknown fields in the rule groups read by the config files. This is "
                  "useful when you want to extend rule files with custom metadata. Ensure that "
                  "those fields are removed before loading them into the Prometheus server as it "
                  "performs strict checks by default.")) {
    flags.push_back(flag);
  }
  flags.push_back({.name = "agent", .help = "Check config file for Prometheus in Agent mode."});
  return {"check config",
          "Check if the config files are valid or not.",
          std::move(flags),
          {{.name = "config-files",
            .help = "The config files to check.",
            .repeated = true,
            .file = true}},
          check_config};
}

}  // namespace hearth
