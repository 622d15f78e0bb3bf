// Times and durations on hearthtool's command line, as promtool reads them.
#pragma once

#include <string>
#include <string_view>

namespace hearth {

// A Unix timestamp with fraction, or RFC3339, to seconds. Throws Error(kBadData):
// `cannot parse "abc" to a valid timestamp`.
double parse_tool_time(const std::string& text);

// Go's time.ParseDuration ("1m30s", "0.5s"; no days) to seconds. Throws Error(kBadData):
// `time: missing unit in duration "1"`.
double parse_go_duration(const std::string& text);

double now_seconds();

}  // namespace hearth
