#include "cmd/tool/plot.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <limits>

using namespace hearth;

namespace {

QuerySeries ramp(const char* name, size_t points, double slope) {
  QuerySeries out{name, {}};
  for (size_t i = 0; i < points; ++i) {
    out.points.push_back(QueryPoint{1'577'836'800.0 + 10.0 * static_cast<double>(i),
                                    slope * static_cast<double>(i)});
  }
  return out;
}
size_t lines(const std::string& text) {
  return static_cast<size_t>(std::count(text.begin(), text.end(), '\n'));
}
// Characters, not bytes, of the longest line.
size_t width(const std::string& text) {
  size_t widest = 0, now = 0;
  for (const char c : text) {
    if (c == '\n')
      now = 0;
    else if ((c & 0xC0) != 0x80)
      widest = std::max(widest, ++now);
  }
  return widest;
}

}  // namespace

TEST_CASE("a rising line goes from the lower left to the upper right, between its axes") {
  const QuerySeries series = ramp("up", 7, 1);
  CHECK(draw_plot({&series, 1}, {30, 10}, 10, false) ==
        "6 ┤                      ⣀⠤⠒⠉\n"
        "  │                  ⣀⠤⠒⠉\n"
        "  │            ⢀⣀⠤⠒⠊⠉\n"
        "  │        ⣀⡠⠔⠊⠁\n"
        "  │    ⣀⠤⠒⠉\n"
        "0 ┤⣀⠤⠒⠉\n"
        "  └──────────────────────────\n"
        "   00:00:00          00:01:00\n"
        "── up\n");
}

TEST_CASE("a plot fits its size, whatever there is to draw") {
  std::vector<QuerySeries> many;
  for (int i = 0; i < 40; ++i)
    many.push_back(ramp("a_rather_long_name_of_a_series{with=\"labels\"}", 50, i * 1e5));
  for (const TerminalSize size : {TerminalSize{80, 24}, TerminalSize{30, 10}, TerminalSize{200, 60}}) {
    const std::string plot = draw_plot(many, size, 10, false);
    CHECK(lines(plot) <= size.rows);
    CHECK(width(plot) <= size.columns);
  }
  CHECK(draw_plot(many, {80, 24}, 10, false).find("... and 33 more\n") != std::string::npos);
}

TEST_CASE("gaps are not joined, and what is not finite is not drawn") {
  QuerySeries gap = ramp("gap", 20, 0);
  gap.points.erase(gap.points.begin() + 5, gap.points.begin() + 15);
  const std::string with_gap = draw_plot({&gap, 1}, {40, 10}, 10, false);
  CHECK(with_gap.find("          ") != std::string::npos);
  QuerySeries none{"none", {{1, std::nan("")}, {2, std::numeric_limits<double>::infinity()}}};
  CHECK(draw_plot({&none, 1}, {40, 10}, 10, false) == "");
  CHECK(draw_plot({}, {40, 10}, 10, false) == "");
  QuerySeries one{"one", {{1'577'836'800, 5}}};
  CHECK(draw_plot({&one, 1}, {40, 10}, 10, false).find("5 ┤") != std::string::npos);
}

TEST_CASE("colours tell series apart, and are switched off at the end of a line") {
  const std::vector<QuerySeries> two = {ramp("a", 5, 1), ramp("b", 5, -1)};
  const std::string plot = draw_plot(two, {40, 12}, 10, true);
  CHECK(plot.find("\x1b[36m") != std::string::npos);
  CHECK(plot.find("\x1b[33m") != std::string::npos);
  CHECK(draw_plot(two, {40, 12}, 10, false).find('\x1b') == std::string::npos);
}
