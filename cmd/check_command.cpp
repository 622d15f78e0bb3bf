#include "cmd/check_command.h"

#include <fmt/format.h>
#include <glob.h>

#include <cstdio>
#include <filesystem>

#include "cmd/api_client.h"
#include "config/load.h"
#include "core/duration.h"
#include "core/error.h"
#include "core/file.h"
#include "core/go_text.h"
#include "scraper/discovery/discovery.h"

namespace hearth {
namespace {

constexpr int kFailed = 1, kLintFailed = 3;

[[noreturn]] void refuse(const std::string& text) { throw Error(ErrorKind::kBadData, text); }

std::vector<std::string> matching(const std::string& pattern) {
  glob_t found{};
  std::vector<std::string> out;
  if (glob(pattern.c_str(), 0, nullptr, &found) == 0) {
    for (size_t i = 0; i < found.gl_pathc; ++i) out.emplace_back(found.gl_pathv[i]);
  }
  globfree(&found);
  return out;
}

// As the user wrote it, where it lies below the working directory.
std::string shown(const std::string& path) {
  const std::string here = std::filesystem::current_path().string() + "/";
  return path.starts_with(here) ? path.substr(here.size()) : path;
}

size_t check_rule_files(const Config& config) {
  size_t count = 0;
  for (const std::string& pattern : config.rule_files) {
    const size_t found = matching(pattern).size();
    if (found == 0 && pattern.find('*') == std::string::npos) {
      refuse(go_quote(shown(pattern)) + " does not point to an existing file");
    }
    count += found;
  }
  return count;
}

void check_credentials(const ScrapeConfig& job) {
  const auto& authorization = job.http_client.authorization;
  if (!authorization || authorization->credentials_file.empty()) return;
  const std::string& file = authorization->credentials_file;
  if (!path_exists(file)) {
    refuse("error checking authorization credentials or bearer token file " +
           go_quote(shown(file)) + ": stat " + shown(file) + ": no such file or directory");
  }
}

void check_target_files(const ScrapeConfig& job) {
  for (const FileSdConfig& discovery : job.file_sd_configs) {
    for (const std::string& pattern : discovery.files) {
      const std::vector<std::string> files = matching(pattern);
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

int check_one(const std::string& path, const CommandInput& input, DurationMs lookback, bool lint) {
  fmt::print("Checking {}\n", path);
  std::fflush(stdout);
  try {
    const Config config = load_config_file(path);
    if (input.on("agent")) refuse_in_agent_mode(read_file(path));
    if (!input.on("syntax-only")) {
      refuse_unsupported(config);
      const size_t rule_files = check_rule_files(config);
      for (const ScrapeConfig& job : config.scrape_configs) {
        check_credentials(job);
        check_target_files(job);
      }
      if (rule_files > 0) fmt::print("  SUCCESS: {} rule files found\n", rule_files);
    }
    fmt::print(" SUCCESS: {} is valid prometheus config file syntax\n\n", path);
    std::fflush(stdout);
    for (const std::vector<std::string>& texts : {config.warnings, config.refusals}) {
      for (const std::string& text : texts) fmt::print(stderr, "  WARNING: {}\n", text);
    }
    if (lint && lint_intervals(config, lookback)) return input.on("lint-fatal") ? kLintFailed : 0;
    return 0;
  } catch (const Error& error) {
    std::fflush(stdout);
    fmt::print(stderr, "  FAILED: {}\n", error.what());
    fmt::print("\n");
    return kFailed;
  }
}

int check_config_files(const CommandInput& input) {
  for (const std::string& path : input.arguments) {
    if (!path_exists(path)) refuse("path '" + path + "' does not exist");
  }
  const DurationMs lookback = parse_duration(input.text("query.lookback-delta"));
  const std::string lint = "," + input.text("lint") + ",";
  const bool intervals = lint.find(",all,") != std::string::npos ||
                         lint.find(",too-long-scrape-interval,") != std::string::npos;
  int code = 0;
  for (const std::string& path : input.arguments) {
    const int one = check_one(path, input, lookback, intervals);
    if (code != kFailed && one != 0) code = one;
  }
  return code;
}

int check_server(const CommandInput& input, const std::string& path) {
  try {
    const std::string body = ApiClient(input.text("url"), input.text("http.config.file"), {}).get(path);
    fmt::print(stderr, "  SUCCESS:  {}\n", body);  // where promtool prints it
    return 0;
  } catch (const Error& error) {
    fmt::print(stderr, "{}\n", error.what());
    return kFailed;
  }
}
int check_healthy(const CommandInput& input) { return check_server(input, "/-/healthy"); }
int check_ready(const CommandInput& input) { return check_server(input, "/-/ready"); }

}  // namespace

std::vector<Command> check_commands() {
  const std::vector<CommandFlag> server = {
      {.name = "http.config.file",
       .placeholder = "<filename>",
       .help = "HTTP client configuration file for connecting to the server."},
      {.name = "url",
       .placeholder = "URL",
       .fallback = "http://localhost:9090",
       .help = "The URL for the Prometheus server."}};
  return {
      {"check config",
       "Check if the config files are valid or not.",
       {{.name = "query.lookback-delta",
         .placeholder = "DURATION",
         .fallback = "5m",
         .help = "The server's maximum query lookback duration."},
        {.name = "syntax-only",
         .help = "Only check the config file syntax, not the files that it refers to."},
        {.name = "lint",
         .placeholder = "LINT",
         .fallback = "duplicate-rules",
         .help = "Linting checks: all, duplicate-rules, none, too-long-scrape-interval."},
        {.name = "lint-fatal", .help = "Make lint errors exit with exit code 3."},
        {.name = "ignore-unknown-fields", .help = "Ignore unknown fields in rule groups."},
        {.name = "agent", .help = "Check config file for Prometheus in Agent mode."}},
       {{"config-files", "The config files to check.", true}},
       check_config_files},
      {"check healthy", "Check if the Prometheus server is healthy.", server, {}, check_healthy},
      {"check ready", "Check if the Prometheus server is ready.", server, {}, check_ready}};
}

}  // namespace hearth
