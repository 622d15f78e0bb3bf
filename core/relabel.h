// Relabelling: rules that rewrite or drop a label set, as `relabel_configs` have them.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/labels.h"
#include "core/regex.h"

namespace hearth {

enum class RelabelAction {
  kReplace, kKeep, kDrop, kKeepEqual, kDropEqual, kHashMod, kLabelMap, kLabelDrop, kLabelKeep,
  kLowercase, kUppercase
};
std::string_view relabel_action_name(RelabelAction action);  // "replace", ...

// One rule, with Prometheus' defaults. Immutable once filled; thread-safe.
struct RelabelRule {
  std::vector<std::string> source_labels;
  std::string separator = ";";
  std::string regex_text = "(.*)";  // as written
  Regex regex{"(.*)"};
  uint64_t modulus = 0;
  std::string target_label;
  std::string replacement = "$1";
  RelabelAction action = RelabelAction::kReplace;
  bool utf8_names = true;  // else a replace to a name that is not legacy-valid does nothing
  bool operator==(const RelabelRule& other) const;
};

// Throws Error(kBadData) in Prometheus' words for a rule that cannot be ("labeldrop action requires
// only 'regex', and no other fields").
void validate_relabel_rule(const RelabelRule& rule);

// Applies the rules in order; false means: dropped.
bool relabel(std::span<const RelabelRule> rules, LabelsBuilder& labels);

}  // namespace hearth
