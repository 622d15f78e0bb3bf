// The data directory that a verb is given.
#pragma once

#include <string>

#include "cmd/tool/command_line.h"

namespace hearth {

// The first argument without slashes at its end; data/ where there is none. Throws Error(kIo), in
// promtool's words, for what is no directory.
std::string data_dir_argument(const CommandInput& input);

}  // namespace hearth
