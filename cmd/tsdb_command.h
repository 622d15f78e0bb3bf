// hearthtool tsdb verify | list.
#pragma once

#include <vector>

#include "cmd/command_line.h"

namespace hearth {

std::vector<Command> tsdb_commands();

}  // namespace hearth
