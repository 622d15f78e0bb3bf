// hearthtool query instant | range | series | labels.
#pragma once

#include <vector>

#include "cmd/command_line.h"

namespace hearth {

std::vector<Command> query_commands();

}  // namespace hearth
