// The two spellings of a list of target groups.
#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "config/yaml_tree.h"
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

const std::string& yaml_text(const YamlRef& node, const char* what) {
  if (node->kind != YamlNode::Kind::kScalar) fail(fmt::format("line {}: {} must be a string", node->line, what));
  return node->text;
}

bool is_null(const YamlRef& node) {
  return node->kind == YamlNode::Kind::kScalar && yaml_scalar_tag(*node) == "!!null";
}

TargetGroup group_of(const YamlRef& item) {
  if (is_null(item)) fail("nil target group item found");
  if (item->kind != YamlNode::Kind::kMapping) {
    fail(fmt::format("line {}: a target group must be a mapping", item->line));
  }
  TargetGroup group;
  std::vector<std::pair<std::string, std::string>> labels;
  for (const YamlEntry& entry : item->entries) {
    const std::string& key = yaml_text(entry.key, "a key");
    if (key == "targets") {
      if (is_null(entry.value)) continue;
      if (entry.value->kind != YamlNode::Kind::kSequence) {
        fail(fmt::format("line {}: targets must be a list", entry.value->line));
      }
      for (const YamlRef& target : entry.value->items) {
        group.targets.push_back(address(yaml_text(target, "a target")));
      }
    } else if (key == "labels") {
      if (is_null(entry.value)) continue;
      if (entry.value->kind != YamlNode::Kind::kMapping) {
        fail(fmt::format("line {}: labels must be a mapping", entry.value->line));
      }
      for (const YamlEntry& label : entry.value->entries) {
        const std::string& name = yaml_text(label.key, "a label name");
        check_label_name(name);
        labels.emplace_back(name, yaml_text(label.value, "a label value"));
      }
    } else {
      fail(fmt::format("line {}: field {} not found in a target group; it has targets and labels",
                       entry.key->line, key));
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
  const YamlRef document = parse_yaml(text);
  if (document == nullptr || is_null(document)) return groups;
  if (document->kind != YamlNode::Kind::kSequence) {
    fail(fmt::format("line {}: a list of target groups is expected", document->line));
  }
  for (const YamlRef& item : document->items) groups.push_back(group_of(item));
  return groups;
}

}  // namespace hearth
