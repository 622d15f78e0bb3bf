// Lines drawn with braille characters, for a terminal.
#pragma once

#include <span>
#include <string>

#include "cmd/query_output.h"

namespace hearth {

struct PlotSize {
  size_t columns = 80, rows = 24;
};

// The size of the terminal that standard output is; nullopt-like {0, 0} when it is none.
PlotSize terminal_size();

// Axes, lines, legend: at most size.rows lines, each ended by a newline. Points further apart than
// 1.5 steps are not joined. "" when there is no finite point.
std::string draw_plot(std::span<const QuerySeries> series, PlotSize size, double step_seconds,
                      bool colour);

}  // namespace hearth
