#include "rules/rule_file.h"

#include <algorithm>
#include <set>

#include "core/error.h"
#include "core/file.h"
#include "core/go_text.h"
#include "core/labels.h"
#include "rules/rule_nodes.h"
#include "rules/template.h"

namespace hearth::rules {
namespace {

std::string place_text(Place place) {
  return std::to_string(place.line) + ":" + std::to_string(place.column) + ": ";
}

bool valid_name(const std::string& name) { return !name.empty() && valid_utf8(name); }

// Collects what is wrong with one rule. One thread.
class RuleCheck {
 public:
  RuleCheck(const Rule& rule, const RulePlaces& places, const std::string& where,
            const promql::ParseOptions& options, std::vector<std::string>& errors)
      : rule_(rule), places_(places), where_(where), options_(options), errors_(errors) {}

  void run() {
    const std::string both = place_text(places_.record) + place_text(places_.alert);
    if (!rule_.record.empty() && !rule_.alert.empty()) {
      add("only one of 'record' and 'alert' must be set", both);
    }
    if (rule_.record.empty() && rule_.alert.empty()) {
      add("one of 'record' or 'alert' must be set", both);
    }
    check_expression();
    if (!rule_.record.empty()) check_recording();
    for (const auto& [name, value] : rule_.labels) {
      if (!valid_name(name) || name == kMetricName) add("invalid label name: " + name);
      if (!valid_utf8(value)) add("invalid label value: " + value);
    }
    for (const auto& [name, value] : rule_.annotations) {
      if (!valid_name(name)) add("invalid annotation name: " + name);
    }
    if (!rule_.alert.empty()) {
      check_templates("label", rule_.labels);
      check_templates("annotation", rule_.annotations);
    }
  }

 private:
  void add(const std::string& text, const std::string& place = "") {
    errors_.push_back(place + where_ + text);
  }

  void check_expression() {
    if (rule_.expr.empty()) {
      return add("field 'expr' must be set in rule", place_text(places_.expr));
    }
    try {
      (void)promql::parse_expr(rule_.expr, options_);
    } catch (const Error& error) {
      add(std::string("could not parse expression: ") + error.what(), place_text(places_.expr));
    }
  }

  void check_recording() {
    const std::string place = place_text(places_.record);
    if (!rule_.annotations.empty()) add("invalid field 'annotations' in recording rule", place);
    if (rule_.hold != 0) add("invalid field 'for' in recording rule", place);
    if (rule_.keep_firing_for != 0) {
      add("invalid field 'keep_firing_for' in recording rule", place);
    }
    if (!valid_name(rule_.record)) add("invalid recording rule name: " + rule_.record, place);
    if (rule_.record.find_first_of("{}") != std::string::npos) {
      add("braces present in the recording rule name; should it be in expr?: " + rule_.record,
          place);
    }
  }

  void check_templates(const std::string& what, const RuleLabels& texts) {
    for (const auto& [name, text] : texts) {
      try {
        (void)alert_template(rule_.alert, text);
      } catch (const Error& error) {
        add(what + " " + go_quote(name) + ": " + error.what());
      }
    }
  }

  const Rule& rule_;
  const RulePlaces& places_;
  const std::string& where_;
  const promql::ParseOptions& options_;
  std::vector<std::string>& errors_;
};

void check(const DecodedRules& decoded, const std::vector<std::vector<RulePlaces>>& places,
           const RuleFileOptions& options, std::vector<std::string>& errors) {
  std::set<std::string> names;
  for (size_t g = 0; g < decoded.groups.size(); ++g) {
    const RuleGroup& group = decoded.groups[g];
    // Prometheus does not know where a group stands.
    if (group.name.empty()) errors.push_back("0:0: Groupname must not be empty");
    if (!names.insert(group.name).second) {
      errors.push_back("0:0: groupname: \"" + group.name + "\" is repeated in the same file");
    }
    for (const auto& [name, value] : group.labels) {
      if (!valid_name(name) || name == kMetricName) errors.push_back("invalid label name: " + name);
      if (!valid_utf8(value)) errors.push_back("invalid label value: " + value);
    }
    for (size_t r = 0; r < group.rules.size(); ++r) {
      const Rule& rule = group.rules[r];
      const std::string where = "group " + go_quote(group.name) + ", rule " +
                                std::to_string(r + 1) + ", " + go_quote(rule.name()) + ": ";
      RuleCheck(rule, places[g][r], where, options.expressions, errors).run();
    }
  }
}

}  // namespace

RuleFile parse_rules(std::string_view text, const RuleFileOptions& options) {
  RuleFile out;
  DecodedRules decoded;
  const auto read = [&](Reading reading) {
    DecodedRules result;
    try {
      result =
          decode_rules(parse_yaml(text, GoYaml::kVersion3), reading, options.ignore_unknown_fields);
    } catch (const Error& error) {
      out.errors.push_back(error.what());
    }
    return result;
  };
  decoded = read(Reading::kValues);
  (void)read(Reading::kPlaces);
  out.readable = out.errors.empty();
  if (!out.readable) return out;
  check(decoded, decoded.places, options, out.errors);
  out.groups = std::move(decoded.groups);
  return out;
}

RuleFile read_rule_file(const std::string& path, const RuleFileOptions& options) {
  RuleFile out;
  try {
    out = parse_rules(read_file(path), options);
  } catch (const Error& error) {
    out.errors.push_back(error.what());
    out.readable = false;
  }
  for (std::string& error : out.errors) error = path + ": " + error;
  return out;
}

RuleLabels merged_labels(const RuleLabels& group, const RuleLabels& rule) {
  RuleLabels out = group;
  for (const auto& label : rule) {
    const auto at =
        std::lower_bound(out.begin(), out.end(), label,
                         [](const auto& a, const auto& b) { return a.first < b.first; });
    if (at != out.end() && at->first == label.first) {
      at->second = label.second;
    } else {
      out.insert(at, label);
    }
  }
  return out;
}

std::vector<DuplicateRule> duplicate_rules(const std::vector<RuleGroup>& groups) {
  std::vector<DuplicateRule> all;
  for (const RuleGroup& group : groups) {
    for (const Rule& rule : group.rules) {
      all.push_back({rule.name(), merged_labels(group.labels, rule.labels)});
    }
  }
  const auto less = [](const DuplicateRule& a, const DuplicateRule& b) {
    return a.name != b.name ? a.name < b.name : a.labels < b.labels;
  };
  std::stable_sort(all.begin(), all.end(), less);
  std::vector<DuplicateRule> out;
  for (size_t i = 1; i < all.size(); ++i) {
    if (less(all[i - 1], all[i])) continue;
    if (out.empty() || less(out.back(), all[i])) out.push_back(all[i]);
  }
  return out;
}

}  // namespace hearth::rules
