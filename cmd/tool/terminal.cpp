#include "cmd/tool/terminal.h"

#include <sys/ioctl.h>
#include <unistd.h>

#include <cstdlib>

namespace hearth {

TerminalSize terminal_size(int file_descriptor) {
  winsize window{};
  if (isatty(file_descriptor) == 0 || ioctl(file_descriptor, TIOCGWINSZ, &window) != 0)
    return {0, 0};
  if (window.ws_col == 0 || window.ws_row == 0) return {};
  return {window.ws_col, window.ws_row};
}

bool wants_colour() { return std::getenv("NO_COLOR") == nullptr; }

}  // namespace hearth
