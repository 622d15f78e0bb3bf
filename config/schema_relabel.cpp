// <relabel_config>: its fields, and the rule that it stands for.
#include <optional>

#include "config/relabel_rules.h"
#include "core/error.h"
#include "core/go_text.h"

namespace hearth {
namespace {

std::string lowered(std::string text) {
  for (char& c : text) c = static_cast<char>(c >= 'A' && c <= 'Z' ? c | 0x20 : c);
  return text;
}

std::optional<RelabelAction> action_named(const std::string& name) {
  for (int i = 0; i <= static_cast<int>(RelabelAction::kUppercase); ++i) {
    const auto action = static_cast<RelabelAction>(i);
    if (relabel_action_name(action) == name) return action;
  }
  return std::nullopt;
}

void check_relabel(Value& rule) {
  for (const Value& name : rule["source_labels"].items) {
    if (name.present && (name.text.empty() || !valid_utf8(name.text))) {
      refuse(name, go_quote(name.text) + " is not a valid label name");
    }
  }
}

// A null one is refused later, with the other rules of the section.
void check_action(Value& action) {
  const std::string name = lowered(action.text);
  if (!action_named(name)) refuse(action, "unknown relabel action " + go_quote(action.text));
  action.text = name;
}

}  // namespace

const Type& relabel_configs_type() {
  static const Type label_names = [] {
    Type t = list_of(string_type(), "model.LabelNames");
    t.flow = true;
    return t;
  }();
  static const Type uint64 = [] {
    Type t = uint_type();
    t.go_name = "uint64";
    return t;
  }();
  static const Type action = [] {
    Type t = string_type();
    t.check = check_action;
    return t;
  }();
  static const Type rule = optional_structure("relabel.plain",
                                              {{"source_labels", &label_names},
                                               {"separator", &string_type(), ";"},
                                               {"regex", &regex_type(), "(.*)"},
                                               {"modulus", &uint64},
                                               {"target_label", &string_type()},
                                               {"replacement", &string_type(), "$1"},
                                               {"action", &action, "replace"}},
                                              check_relabel);
  static const Type type = list_of(rule, "[]*relabel.Config");
  return type;
}

RelabelRule relabel_rule(const Value& value, bool utf8_names) {
  RelabelRule rule;
  rule.source_labels = value["source_labels"].strings();
  rule.separator = value["separator"].text;
  rule.regex_text = value["regex"].text;
  rule.regex = Regex(rule.regex_text);
  rule.modulus = static_cast<uint64_t>(value["modulus"].integer);
  rule.target_label = value["target_label"].text;
  rule.replacement = value["replacement"].text;
  rule.utf8_names = utf8_names;
  const auto action = action_named(value["action"].text);
  if (!action) refuse(value, "relabel action cannot be empty");
  rule.action = *action;
  return rule;
}

std::vector<RelabelRule> relabel_rules(const Value& values, bool utf8_names) {
  std::vector<RelabelRule> rules;
  rules.reserve(values.items.size());
  for (const Value& value : values.items) rules.push_back(relabel_rule(value, utf8_names));
  return rules;
}

void check_relabel_rules(const Value& rules, bool utf8_names) {
  for (const Value& value : rules.items) {
    const RelabelRule rule = relabel_rule(value, utf8_names);
    try {
      validate_relabel_rule(rule);
    } catch (const Error& error) {
      refuse(value, error.what());
    }
  }
}

void refuse_empty_rules(const Value& rules, const std::string& text) {
  for (const Value& rule : rules.items) {
    if (!rule.present) refuse(rule, text);
  }
}

}  // namespace hearth
