#include "config/load.h"

#include <fmt/ranges.h>
#include <glob.h>

#include <cstdlib>
#include <filesystem>
#include <map>

#include "config/decode.h"
#include "config/environment.h"
#include "config/print.h"
#include "config/relabel_rules.h"
#include "config/to_config.h"
#include "config/validate.h"
#include "config/warnings.h"
#include "core/error.h"
#include "core/file.h"
#include "core/go_text.h"

namespace hearth {
namespace {

void resolve_paths(Value& value, const std::filesystem::path& base) {
  if (value.type->kind == Type::Kind::kPath) {
    const std::filesystem::path path(value.text);
    if (!path.empty() && !path.is_absolute())
      value.text = (base / path).lexically_normal().string();
    return;
  }
  for (Value& item : value.items) resolve_paths(item, base);
}

void expand_external_labels(Value& config, std::vector<std::string>& warnings) {
  Value& labels = config["global"]["external_labels"];
  for (size_t i = 0; i < labels.items.size(); ++i) {
    labels.items[i].text =
        expand_variables(labels.items[i].text, [&](const std::string& name) -> std::string {
          const char* found = std::getenv(name.c_str());
          if (found != nullptr && *found != '\0') return found;
          warnings.push_back("external_labels: the environment variable " + name + ", used in " +
                             labels.keys[i] + ", is empty");
          return "";
        });
  }
}

// The jobs of one file of scrape_config_files.
Value read_scrape_config_file(const std::string& path, const Value& global) {
  Value file = decode(parse_yaml(read_file(path)), scrape_config_file_type());
  for (Value& scrape : file["scrape_configs"].items) {
    complete_scrape_config(scrape, global);
    resolve_paths(scrape, std::filesystem::path(path).parent_path());
  }
  return file;
}

void add_scrape_config_files(const Value& root, Config& config) {
  std::map<std::string, std::string> found_in;
  for (const ScrapeConfig& scrape : config.scrape_configs) {
    found_in[scrape.job_name] = "main config file";
  }
  for (const Value& pattern : root["scrape_config_files"].items) {
    for (const std::string& path : matching_files(pattern.text)) {
      const std::string name = go_quote(std::filesystem::absolute(path).string());
      try {
        const Value file = read_scrape_config_file(path, root["global"]);
        for (const Value& scrape : file["scrape_configs"].items) {
          const std::string& job = scrape["job_name"].text;
          if (const auto [before, added] = found_in.emplace(job, name); !added) {
            refuse(scrape["job_name"], "found multiple scrape configs with job name " +
                                           go_quote(job) + ", first found in " + before->second);
          }
          config.scrape_configs.push_back(to_scrape_config(scrape));
          add_scrape_refusals(scrape, config.refusals);
        }
      } catch (const Error& error) {
        throw Error(error.kind(), name + ": " + error.what());
      }
    }
  }
}

}  // namespace

std::vector<std::string> matching_files(const std::string& pattern) {
  glob_t found{};
  std::vector<std::string> out;
  if (glob(pattern.c_str(), 0, nullptr, &found) == 0) {
    for (size_t i = 0; i < found.gl_pathc; ++i) out.emplace_back(found.gl_pathv[i]);
  }
  globfree(&found);
  return out;
}

namespace {

// All but the jobs of other files; `root` is what was read.
Config load_main(std::string_view text, const std::string& base_dir, Value& root) {
  root = decode(parse_yaml(text), config_type());
  Config config;
  expand_external_labels(root, config.warnings);
  if (!base_dir.empty()) resolve_paths(root, base_dir);
  config.text = print_yaml(root);
  if (!base_dir.empty()) resolve_paths(root, std::filesystem::current_path());
  config.global = to_global_config(root["global"]);
  config.storage = to_storage_config(root["storage"]);
  config.rule_files = root["rule_files"].strings();
  for (const Value& scrape : root["scrape_configs"].items) {
    config.scrape_configs.push_back(to_scrape_config(scrape));
  }
  add_section_warnings(root, config.warnings);
  for (const Value& scrape : root["scrape_configs"].items) {
    add_scrape_refusals(scrape, config.refusals);
  }
  return config;
}

}  // namespace

Config load_config(std::string_view text, const std::string& base_dir) {
  Value root;
  Config config = load_main(text, base_dir, root);
  add_scrape_config_files(root, config);
  return config;
}

Config load_config_file(const std::string& path, ScrapeConfigFiles files) {
  const std::string text = read_file(path);
  const std::filesystem::path base = std::filesystem::path(path).parent_path();
  Value root;
  Config config;
  try {
    config = load_main(text, base.empty() ? "." : base.string(), root);
  } catch (const Error& error) {
    throw Error(error.kind(), "parsing YAML file " + path + ": " + error.what());
  }
  if (files == ScrapeConfigFiles::kLeave) return config;
  try {
    add_scrape_config_files(root, config);
  } catch (const Error& error) {
    throw Error(error.kind(), std::string("error loading scrape configs: ") + error.what());
  }
  return config;
}

void refuse_unsupported(const Config& config) {
  if (config.refusals.empty()) return;
  throw Error(ErrorKind::kBadData, fmt::format("{}", fmt::join(config.refusals, "\n")));
}

void refuse_in_agent_mode(std::string_view text) {
  const Value root = decode(parse_yaml(text), config_type());
  for (const std::string_view section : {"alerting", "rule_files", "remote_read"}) {
    if (!is_zero(root[section])) {
      refuse(root[section], "field " + std::string(section) + " is not allowed in agent mode");
    }
  }
}

HttpClientConfig load_http_config_file(const std::string& path) {
  static const Type type = structure("config.plain", http_client_fields(), check_http_client);
  Value value = decode(parse_yaml(read_file(path)), type);
  resolve_paths(value, std::filesystem::absolute(path).parent_path());
  return to_http_client_config(value);
}

}  // namespace hearth
