// Times and durations on hearthtool's command line, as promtool reads them.
#pragma once

#include <string>
#include <string_view>

#include "core/go_duration.h"

namespace hearth {

// A Unix timestamp with fraction, RFC3339, or relative to now ("now", "-1h", "now-90s", "-1d12h"), to
// seconds. Throws Error(kBadData):
// `cannot parse "abc" to a valid timestamp`.
double parse_tool_time(const std::string& text);

double now_seconds();

}  // namespace hearth
