// The terminal that output goes to.
#pragma once

#include <cstddef>

namespace hearth {

// In characters; {0, 0}: it is no terminal. One that does not say is taken for 80 x 24.
struct TerminalSize {
  size_t columns = 80, rows = 24;
};
TerminalSize terminal_size(int file_descriptor);

bool wants_colour();  // NO_COLOR is not set

}  // namespace hearth
