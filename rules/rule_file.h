// A rule file: text -> groups of rules, checked in full, with Prometheus' errors.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/clock.h"
#include "query/parser.h"

namespace hearth::rules {

// By name; an empty value takes the label away.
using RuleLabels = std::vector<std::pair<std::string, std::string>>;

struct Rule {
  std::string record, alert;  // one of them is set
  std::string expr;
  DurationMs hold = 0;  // `for`
  DurationMs keep_firing_for = 0;
  RuleLabels labels, annotations;

  const std::string& name() const { return alert.empty() ? record : alert; }
};

struct RuleGroup {
  std::string name;
  DurationMs interval = 0;  // 0: the global evaluation_interval
  std::optional<DurationMs> query_offset;
  int64_t limit = 0;  // of series or alerts a rule may make; 0 = none
  std::vector<Rule> rules;
  RuleLabels labels;
};

struct RuleFileOptions {
  bool ignore_unknown_fields = false;
  promql::ParseOptions expressions;
};

struct RuleFile {
  std::vector<RuleGroup> groups;
  std::vector<std::string> errors;  // if any, the groups are not to be used
  bool readable = true;             // false: there are no groups, it is no rule file at all
};

RuleFile parse_rules(std::string_view text, const RuleFileOptions& options = {});
// The same of a file; its name is in front of each error.
RuleFile read_rule_file(const std::string& path, const RuleFileOptions& options = {});

// Rules that record the same series: name and labels of each that comes again, sorted.
struct DuplicateRule {
  std::string name;
  RuleLabels labels;
};
std::vector<DuplicateRule> duplicate_rules(const std::vector<RuleGroup>& groups);

// The labels of a group's rule: those of the rule win.
RuleLabels merged_labels(const RuleLabels& group, const RuleLabels& rule);

}  // namespace hearth::rules
