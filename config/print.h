// The configuration as text, as /api/v1/status/config shows it: defaults in, secrets as <secret>.
#pragma once

#include <string>

#include "config/schema.h"

namespace hearth {

// YAML in go-yaml's style, byte for byte.
std::string print_yaml(const Value& value);

}  // namespace hearth
