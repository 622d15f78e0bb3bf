// What the checks of service discovery configurations share.
#pragma once

#include <initializer_list>
#include <string>
#include <string_view>

#include "config/scalar.h"
#include "config/schema.h"

namespace hearth {

inline bool is_one_of(const std::string& text, std::initializer_list<std::string_view> known) {
  for (const std::string_view k : known) {
    if (text == k) return true;
  }
  return false;
}

inline void require(const Value& value, std::string_view field, const std::string& text) {
  if (is_zero(value[field])) refuse(value, text);
}

// An http or https URL with a host.
inline void require_web_url(const Value& value, std::string_view field) {
  const Value& url = value[field];
  require(value, field, "URL is missing");
  const Url parsed = parse_url(url.text);
  if (!is_one_of(parsed.scheme, {"http", "https"})) {
    refuse(url, "URL scheme must be 'http' or 'https'");
  }
  if (parsed.host.empty()) refuse(url, "host is missing in URL");
}

// The `*_sd_configs` fields, by family (schema_discovery*.cpp).
std::vector<Field> local_discovery_fields();    // static, file, http, dns
std::vector<Field> cluster_discovery_fields();  // kubernetes, consul, docker and their like
std::vector<Field> cloud_discovery_fields();    // machines of a provider

// "<package>.plain" under "[]*<package>.SDConfig"; the field's name is <name>_sd_configs.
Type discovery_list(const Type& element, const std::string& package);

}  // namespace hearth
