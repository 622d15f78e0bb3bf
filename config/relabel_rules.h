// Relabelling rules out of a configuration value.
#pragma once

#include <string>
#include <vector>

#include "config/schema.h"
#include "core/relabel.h"

namespace hearth {

// Requires: no rule is empty.
RelabelRule relabel_rule(const Value& value, bool utf8_names);
std::vector<RelabelRule> relabel_rules(const Value& values, bool utf8_names);

// Both throw by refuse(): for a rule that cannot be, and with `text` for a null in the list.
void check_relabel_rules(const Value& rules, bool utf8_names);
void refuse_empty_rules(const Value& rules, const std::string& text);

}  // namespace hearth
