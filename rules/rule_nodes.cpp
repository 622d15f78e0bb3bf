#include "rules/rule_nodes.h"

#include <algorithm>
#include <functional>
#include <limits>

#include "core/duration.h"
#include "core/error.h"
#include "core/go_text.h"

namespace hearth::rules {
namespace {

using Kind = YamlNode::Kind;

bool is_null(const YamlNode& node) {
  return node.kind == Kind::kScalar && yaml_scalar_tag(node) == "!!null";
}

// Version 3 of go-yaml has fewer words for true and false.
std::string_view scalar_tag(const YamlNode& node) {
  const std::string_view tag = yaml_scalar_tag(node);
  if (tag != "!!bool" || !node.tag.empty()) return tag;
  for (const std::string_view word : {"true", "True", "TRUE", "false", "False", "FALSE"}) {
    if (node.text == word) return tag;
  }
  return "!!str";
}

// One thread; used for one tree.
class Decoder {
 public:
  Decoder(Reading reading, bool ignore_unknown_fields)
      : places_(reading == Reading::kPlaces), strict_(!ignore_unknown_fields && !places_) {}

  DecodedRules decode(const YamlNode& root) {
    DecodedRules out;
    if (is_null(root)) return out;
    fields(root, "rulefmt.RuleGroups", "rulefmt.ruleGroups",
           [&](const std::string& name, const YamlNode& value) {
             if (name != "groups") return false;
             list(value, "[]" + group_type(), [&](const YamlNode& item) { group(item, out); });
             return true;
           });
    if (errors_.empty()) return out;
    std::string text = "yaml: unmarshal errors:";
    for (const std::string& error : errors_) text += "\n  " + error;
    throw Error(ErrorKind::kBadData, text);
  }

 private:
  using Take = std::function<bool(const std::string& name, const YamlNode& value)>;

  std::string group_type() const { return places_ ? "rulefmt.RuleGroupNode" : "rulefmt.RuleGroup"; }
  std::string rule_type() const { return places_ ? "rulefmt.RuleNode" : "rulefmt.Rule"; }

  void error(const YamlNode& node, const std::string& text) {
    errors_.push_back("line " + std::to_string(node.line) + ": " + text);
  }
  void wrong_type(const YamlNode& node, const std::string& type) {
    if (node.kind == Kind::kMapping && !unique(node)) return;
    std::string found = node.kind == Kind::kSequence  ? "!!seq"
                        : node.kind == Kind::kMapping ? "!!map"
                                                      : std::string(scalar_tag(node));
    if (!node.tag.empty()) found = node.tag;
    if (node.kind == Kind::kScalar) {
      found += " `" + (node.text.size() > 10 ? node.text.substr(0, 7) + "..." : node.text) + "`";
    }
    error(node, "cannot unmarshal " + found + " into " + type);
  }

  // Whether each key stands once.
  bool unique(const YamlNode& node) {
    const size_t before = errors_.size();
    for (size_t i = 0; i < node.entries.size(); ++i) {
      if (node.entries[i].merged) continue;
      for (size_t j = i + 1; j < node.entries.size(); ++j) {
        const YamlNode& first = *node.entries[i].key;
        const YamlNode& second = *node.entries[j].key;
        if (node.entries[j].merged || first.kind != second.kind || first.text != second.text) {
          continue;
        }
        error(second, "mapping key " + go_quote(second.text) + " already defined at line " +
                          std::to_string(first.line));
      }
    }
    return errors_.size() == before;
  }

  void fields(const YamlNode& node, const std::string& type, const std::string& places_type,
              const Take& take) {
    if (is_null(node)) return;
    if (node.kind != Kind::kMapping) return wrong_type(node, places_ ? places_type : type);
    if (!unique(node)) return;
    for (const YamlEntry& entry : node.entries) {
      if (entry.key->kind != Kind::kScalar) {
        wrong_type(*entry.key, "string");
        continue;
      }
      if (is_null(*entry.key)) continue;
      if (!take(entry.key->text, *entry.value) && strict_) {
        error(*entry.key, "field " + entry.key->text + " not found in type " + type);
      }
    }
  }

  void list(const YamlNode& node, const std::string& type,
            const std::function<void(const YamlNode&)>& take) {
    if (is_null(node)) return;
    if (node.kind != Kind::kSequence) return wrong_type(node, type);
    for (const YamlRef& item : node.items) take(*item);
  }

  void group(const YamlNode& node, DecodedRules& out) {
    RuleGroup& group = out.groups.emplace_back();
    std::vector<RulePlaces>& places = out.places.emplace_back();
    fields(node, group_type(), group_type(), [&](const std::string& name, const YamlNode& value) {
      if (name == "name") {
        string(value, group.name);
      } else if (name == "interval") {
        duration(value, group.interval);
      } else if (name == "query_offset") {
        if (is_null(value)) return true;
        group.query_offset = 0;
        duration(value, *group.query_offset);
      } else if (name == "limit") {
        integer(value, group.limit);
      } else if (name == "rules") {
        list(value, "[]" + rule_type(), [&](const YamlNode& item) {
          rule(item, group.rules.emplace_back(), places.emplace_back());
        });
      } else if (name == "labels") {
        string_map(value, group.labels);
      } else {
        return false;
      }
      return true;
    });
  }

  void rule(const YamlNode& node, Rule& rule, RulePlaces& places) {
    fields(node, rule_type(), rule_type(), [&](const std::string& name, const YamlNode& value) {
      if (name == "record") {
        placed_string(value, rule.record, places.record);
      } else if (name == "alert") {
        placed_string(value, rule.alert, places.alert);
      } else if (name == "expr") {
        placed_string(value, rule.expr, places.expr);
      } else if (name == "for") {
        duration(value, rule.hold);
      } else if (name == "keep_firing_for") {
        duration(value, rule.keep_firing_for);
      } else if (name == "labels") {
        string_map(value, rule.labels);
      } else if (name == "annotations") {
        string_map(value, rule.annotations);
      } else {
        return false;
      }
      return true;
    });
  }

  void placed_string(const YamlNode& node, std::string& out, Place& place) {
    place = Place{node.line, node.column};
    if (!places_) string(node, out);
  }

  void string(const YamlNode& node, std::string& out) {
    if (is_null(node)) return;
    if (node.kind != Kind::kScalar) return wrong_type(node, "string");
    out = yaml_text(node);
  }

  void duration(const YamlNode& node, DurationMs& out) {
    if (is_null(node)) return;
    if (node.kind != Kind::kScalar) return wrong_type(node, "string");
    out = parse_duration(node.text);
  }

  void integer(const YamlNode& node, int64_t& out) {
    if (is_null(node)) return;
    const std::string_view tag = node.kind == Kind::kScalar ? scalar_tag(node) : "";
    if (tag == "!!int") {
      uint64_t absolute = 0;
      bool negative = false;
      const uint64_t largest = static_cast<uint64_t>(std::numeric_limits<int64_t>::max());
      if (yaml_int(node.text, absolute, negative) && absolute <= largest) {
        out = negative ? -static_cast<int64_t>(absolute) : static_cast<int64_t>(absolute);
        return;
      }
    } else if (tag == "!!float") {
      const double value = yaml_float(node.text);
      if (value <= 9.2e18 && value >= -9.2e18) {
        out = static_cast<int64_t>(value);
        return;
      }
    }
    wrong_type(node, "int");
  }

  void string_map(const YamlNode& node, RuleLabels& out) {
    if (is_null(node)) return;
    if (node.kind != Kind::kMapping) return wrong_type(node, "map[string]string");
    if (!unique(node)) return;
    for (const YamlEntry& entry : node.entries) {
      std::string key, value;
      const size_t before = errors_.size();
      string(*entry.key, key);
      string(*entry.value, value);
      if (errors_.size() == before) out.emplace_back(std::move(key), std::move(value));
    }
    std::stable_sort(out.begin(), out.end(),
                     [](const auto& a, const auto& b) { return a.first < b.first; });
  }

  bool places_;
  bool strict_;  // unknown fields are errors
  std::vector<std::string> errors_;
};

}  // namespace

DecodedRules decode_rules(const YamlRef& root, Reading reading, bool ignore_unknown_fields) {
  if (root == nullptr) return {};
  return Decoder(reading, ignore_unknown_fields).decode(*root);
}

}  // namespace hearth::rules
