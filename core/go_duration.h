// Durations as Go writes them, which some settings and command lines take.
#pragma once

#include <string>

namespace hearth {

// Go's time.ParseDuration ("1m30s", "0.5s"; no days) to seconds. Throws Error(kBadData):
// `time: missing unit in duration "1"`.
double parse_go_duration(const std::string& text);

}  // namespace hearth
