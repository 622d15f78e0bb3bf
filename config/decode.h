// Fits a YAML tree to a type of the configuration, strictly.
#pragma once

#include "config/schema.h"
#include "config/yaml_tree.h"

namespace hearth {

// Unknown fields, fields given twice and values of the wrong kind are collected and thrown
// together: Error(kBadData) "yaml: unmarshal errors:\n  line 3: field x not found in type
// config.plain". A text that is wrong in itself (a duration, a regex, what a check refuses) ends
// the reading at once, as it does in Prometheus. A null root gives the type's defaults.
Value decode(const YamlRef& root, const Type& type);

}  // namespace hearth
