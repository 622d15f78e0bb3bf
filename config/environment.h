// Environment variables in external labels.
#pragma once

#include <functional>
#include <string>
#include <string_view>

namespace hearth {

// Replaces $name and ${name} by lookup(name), and $$ by $, by the rules of Go's os.Expand.
std::string expand_variables(std::string_view text,
                             const std::function<std::string(const std::string&)>& lookup);

}  // namespace hearth
