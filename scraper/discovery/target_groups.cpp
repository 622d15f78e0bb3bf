// The two spellings of a list of target groups.
#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "config/decode.h"
#include "config/to_config.h"
#include "core/error.h"
#include "core/go_text.h"
#include "scraper/discovery/discovery.h"

namespace hearth {
namespace {

[[noreturn]] void fail(const std::string& text) { throw Error(ErrorKind::kBadData, text); }

void check_label_name(const std::string& name) {
  if (name.empty() || !valid_utf8(name)) fail(go_quote(name) + " is not a valid label name");
}

Labels address(const std::string& target) { return {{"__address__", target}}; }

std::string json_string(const nlohmann::json& value, const char* what) {
  if (!value.is_string()) fail(fmt::format("{} must be a string, not {}", what, value.dump()));
  return value.get<std::string>();
}

TargetGroup group_of(const nlohmann::json& item) {
  if (item.is_null()) fail("nil target group item found");
  if (!item.is_object()) fail("a target group must be an object, not " + item.dump());
  TargetGroup group;
  std::vector<std::pair<std::string, std::string>> labels;
  for (const auto& [key, value] : item.items()) {
    if (key == "targets") {
      if (!value.is_array() && !value.is_null()) fail("targets must be a list, not " + value.dump());
      for (const auto& target : value) group.targets.push_back(address(json_string(target, "a target")));
    } else if (key == "labels") {
      if (!value.is_object() && !value.is_null()) fail("labels must be an object, not " + value.dump());
      for (const auto& [name, label] : value.items()) {
        check_label_name(name);
        labels.emplace_back(name, json_string(label, "a label value"));
      }
    } else {
      fail("json: unknown field " + go_quote(key));
    }
  }
  group.labels = Labels::from_pairs(std::move(labels));
  return group;
}

}  // namespace

std::vector<TargetGroup> parse_target_groups_json(const std::string& text) {
  std::vector<TargetGroup> groups;
  try {
    const nlohmann::json document = nlohmann::json::parse(text);
    if (document.is_null()) return groups;
    if (!document.is_array()) fail("a list of target groups is expected, not " + std::string(document.type_name()));
    for (const auto& item : document) groups.push_back(group_of(item));
  } catch (const nlohmann::json::exception& error) {
    fail(error.what());
  }
  return groups;
}

std::vector<TargetGroup> parse_target_groups_yaml(const std::string& text) {
  std::vector<TargetGroup> groups;
  for (const Value& item : decode(parse_yaml(text), target_groups_type()).items) {
    if (!item.present) fail("nil target group item found");
    TargetGroup& group = groups.emplace_back();
    for (const Value& target : item["targets"].items) group.targets.push_back(address(target.text));
    group.labels = to_labels(item["labels"]);
  }
  return groups;
}

}  // namespace hearth
