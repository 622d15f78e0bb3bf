// The flags that every verb of hearthtool has: --experimental and --enable-feature.
#pragma once

#include <vector>

#include "cmd/tool/command_line.h"
#include "query/engine.h"

namespace hearth {

std::vector<CommandFlag> tool_flags();

// What --enable-feature says of the language; tells of names that it does not know.
promql::EngineOptions tool_features(const CommandInput& input);

// Throws Error(kBadData) where --experimental was not given; its text stands alone.
bool refuse_without_experimental(const CommandInput& input);

}  // namespace hearth
