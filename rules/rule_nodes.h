// The YAML of a rule file fitted to groups and rules: what is where, before it is checked.
#pragma once

#include <string>
#include <vector>

#include "config/yaml_tree.h"
#include "rules/rule_file.h"

namespace hearth::rules {

// Line and column of a field; 0 where it is not there.
struct Place {
  int line = 0, column = 0;
};
struct RulePlaces {
  Place record, alert, expr;
};

struct DecodedRules {
  std::vector<RuleGroup> groups;
  std::vector<std::vector<RulePlaces>> places;  // by group and rule
};

// Prometheus reads a rule file twice, once for values and once for places, and tells what is wrong
// each time.
enum class Reading { kValues, kPlaces };

// Throws Error(kBadData): "yaml: unmarshal errors:\n  line 3: ...", or the text of a bad duration.
DecodedRules decode_rules(const YamlRef& root, Reading reading, bool ignore_unknown_fields);

}  // namespace hearth::rules
