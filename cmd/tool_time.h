// Times and durations on hearthtool's command line, as promtool reads them.
#pragma once

#include <string>
#include <string_view>

#include "core/go_duration.h"

namespace hearth {

// A Unix timestamp with fraction, or RFC3339, to seconds. Throws Error(kBadData):
// `cannot parse "abc" to a valid timestamp`.
double parse_tool_time(const std::string& text);

double now_seconds();

}  // namespace hearth
