// Label selectors of Kubernetes: "app in (a, b), !x, tier=front".
#pragma once

#include <string_view>

namespace hearth {

// Throws Error(kBadData) in the words of Kubernetes' own parser.
void check_label_selector(std::string_view text);

}  // namespace hearth
