// Discovery that needs no other system than files, web servers and DNS.
#include <algorithm>

#include "config/discovery_checks.h"
#include "core/go_text.h"

namespace hearth {
namespace {

// ---- static_configs, file ----------------------------------------------------------------------

void check_label_name(const Value& labels, const std::string& name) {
  if (name.empty() || !valid_utf8(name)) {
    refuse(labels, go_quote(name) + " is not a valid label name");
  }
}

void check_file_sd(Value& file) {
  if (file["files"].items.empty()) {
    refuse(file, "file service discovery config must contain at least one path name");
  }
  for (const Value& path : file["files"].items) {
    const std::string& text = path.text;
    const size_t star = text.find('*');
    const size_t dot = text.rfind('.');
    const std::string extension = dot == std::string::npos ? "" : text.substr(dot);
    const bool one_level = star == std::string::npos || text.find('/', star) == std::string::npos;
    if (!one_level || !is_one_of(extension, {".json", ".yml", ".yaml", ".JSON", ".YML", ".YAML"})) {
      refuse(path, "path name " + go_quote(text) + " is not valid for file discovery");
    }
  }
}

const Type& file_sd_type() {
  static const Type paths = list_of(path_type(), "[]string");
  static const Type file = optional_structure(
      "file.plain", {{"files", &paths, "", true}, {"refresh_interval", &duration_type(), "5m"}},
      check_file_sd);
  static const Type type = discovery_list(file, "file");
  return type;
}

// ---- http, dns ---------------------------------------------------------------------------------

void check_http_sd(Value& http) {
  require_web_url(http, "url");
  check_http_client(http);
}

const Type& http_sd_type() {
  static const Type http = optional_structure(
      "http.plain",
      http_client_fields() + std::vector<Field>{{"refresh_interval", &duration_type(), "1m"},
                                                {"url", &string_type(), "", true}},
      check_http_sd);
  static const Type type = discovery_list(http, "http");
  return type;
}

void check_dns_sd(Value& dns) {
  if (dns["names"].items.empty()) {
    refuse(dns, "DNS-SD config must contain at least one SRV record name");
  }
  std::string& type = dns["type"].text;
  const std::string written = type;
  for (char& c : type) c = static_cast<char>(c >= 'a' && c <= 'z' ? c - 0x20 : c);
  if (is_one_of(type, {"A", "AAAA", "MX", "NS"})) {
    if (dns["port"].integer == 0) {
      refuse(dns, "a port is required in DNS-SD configs for all record types except SRV");
    }
  } else if (type != "SRV") {
    refuse(dns["type"], "invalid DNS-SD records type " + written);
  }
}

const Type& dns_sd_type() {
  static const Type dns = optional_structure("dns.plain",
                                             {{"names", &strings_type(), "", true},
                                              {"refresh_interval", &duration_type(), "30s"},
                                              {"type", &string_type(), "SRV", true},
                                              {"port", &int_type(), "", true}},
                                             check_dns_sd);
  static const Type type = discovery_list(dns, "dns");
  return type;
}

}  // namespace

const Type& target_groups_type() {
  static const Type label_value = [] {
    Type t = string_type();
    t.go_name = "model.LabelValue";
    return t;
  }();
  static const Type labels = [] {
    Type t = list_of(label_value, "model.LabelSet");
    t.kind = Type::Kind::kMap;
    t.check_key = check_label_name;
    return t;
  }();
  static const Type group = optional_structure(
      R"(struct { Targets []string "yaml:\"targets\""; Labels model.LabelSet "yaml:\"labels\"" })",
      {{"targets", &strings_type(), "", true}, {"labels", &labels}});
  static const Type type = list_of(group, "[]*targetgroup.Group");
  return type;
}

Type discovery_list(const Type& element, const std::string& package) {
  return list_of(element, "[]*" + package + ".SDConfig");
}

std::vector<Field> local_discovery_fields() {
  return {{"static_configs", &target_groups_type()},
          {"file_sd_configs", &file_sd_type()},
          {"http_sd_configs", &http_sd_type()},
          {"dns_sd_configs", &dns_sd_type()}};
}

std::vector<Field> discovery_fields() {
  std::vector<Field> fields =
      local_discovery_fields() + cluster_discovery_fields() + cloud_discovery_fields();
  std::sort(fields.begin(), fields.end(),
            [](const Field& a, const Field& b) { return a.name < b.name; });
  return fields;
}

}  // namespace hearth
