// Lines drawn with braille characters, for a terminal.
#pragma once

#include <span>
#include <string>

#include "cmd/tool/query_output.h"
#include "cmd/tool/terminal.h"

namespace hearth {

// Axes, lines, legend: at most size.rows lines, each ended by a newline. Points further apart than
// 1.5 steps are not joined. "" when there is no finite point.
std::string draw_plot(std::span<const QuerySeries> series, TerminalSize size, double step_seconds,
                      bool colour);

}  // namespace hearth
