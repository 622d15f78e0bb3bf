// hearthtool check config | healthy | ready.
#pragma once

#include <vector>

#include "cmd/command_line.h"

namespace hearth {

std::vector<Command> check_commands();

}  // namespace hearth
