#include "cmd/tool/plot.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <vector>

#include "core/duration.h"
#include "core/go_text.h"
#include "core/utf8.h"

namespace hearth {
namespace {

constexpr std::array<int, 6> kColours = {36, 33, 32, 35, 34, 31};
constexpr size_t kMaxLegend = 10;

struct Range {
  double min = std::numeric_limits<double>::infinity();
  double max = -std::numeric_limits<double>::infinity();
  void include(double x) {
    min = std::min(min, x);
    max = std::max(max, x);
  }
  // Where x lies, from 0 to last.
  int place(double x, size_t last) const {
    const double share = max > min ? (x - min) / (max - min) : 0.5;
    return static_cast<int>(std::lround(share * static_cast<double>(last)));
  }
};

// A field of characters, each of 2 x 4 dots; y counts upwards. One thread.
class Canvas {
 public:
  Canvas(size_t columns, size_t rows)
      : columns_(columns), rows_(rows), dots_(columns * rows), owner_(columns * rows) {}
  size_t last_x() const { return columns_ * 2 - 1; }
  size_t last_y() const { return rows_ * 4 - 1; }

  void dot(int x, int y, size_t series) {
    const size_t column = static_cast<size_t>(x) / 2;
    const size_t from_top = last_y() - static_cast<size_t>(y);
    const size_t cell = from_top / 4 * columns_ + column;
    constexpr uint8_t kBits[4][2] = {{0x01, 0x08}, {0x02, 0x10}, {0x04, 0x20}, {0x40, 0x80}};
    dots_[cell] = static_cast<uint8_t>(dots_[cell] | kBits[from_top % 4][x % 2]);
    owner_[cell] = series;
  }

  void line(int x0, int y0, int x1, int y1, size_t series) {  // Bresenham's
    const int dx = std::abs(x1 - x0), dy = -std::abs(y1 - y0);
    const int step_x = x0 < x1 ? 1 : -1, step_y = y0 < y1 ? 1 : -1;
    for (int error = dx + dy;;) {
      dot(x0, y0, series);
      if (x0 == x1 && y0 == y1) return;
      const int doubled = 2 * error;
      if (doubled >= dy) {
        error += dy;
        x0 += step_x;
      }
      if (doubled <= dx) {
        error += dx;
        y0 += step_y;
      }
    }
  }

  std::string row(size_t row, bool colour) const {
    std::string out;
    size_t filled = columns_;
    while (filled > 0 && dots_[row * columns_ + filled - 1] == 0) --filled;
    int now = 0;  // the colour that is on
    for (size_t column = 0; column < filled; ++column) {
      const size_t cell = row * columns_ + column;
      const int wanted = dots_[cell] == 0 ? now : kColours[owner_[cell] % kColours.size()];
      if (colour && wanted != now) out += fmt::format("\x1b[{}m", wanted);
      now = wanted;
      if (dots_[cell] == 0) {
        out += ' ';
      } else {
        append_rune(out, 0x2800 + dots_[cell]);
      }
    }
    return colour && now != 0 ? out + "\x1b[0m" : out;
  }

 private:
  size_t columns_, rows_;
  std::vector<uint8_t> dots_;
  std::vector<size_t> owner_;
};

std::string value_label(double value) {
  const double size = std::fabs(value);
  constexpr std::pair<double, const char*> kPrefixes[] = {
      {1e12, "T"}, {1e9, "G"}, {1e6, "M"}, {1e3, "k"}};
  for (const auto& prefix : kPrefixes) {
    if (size >= prefix.first) return fmt::format("{:.4g}{}", value / prefix.first, prefix.second);
  }
  return fmt::format("{:.4g}", value);
}

// 15:04:05, or with the day in front where the range spans days.
std::string time_label(double seconds, double span) {
  std::string text = rfc3339_text(static_cast<TimeMs>(std::llround(seconds)) * 1000);
  return span > 86'400 ? text.substr(5, 5) + " " + text.substr(11, 5) : text.substr(11, 8);
}

std::string shortened(const std::string& text, size_t width) {
  if (text.size() <= width) return text;
  size_t end = width > 3 ? width - 3 : 0;
  while (end > 0 && (text[end] & 0xC0) == 0x80) --end;
  return text.substr(0, end) + "...";
}

void draw_lines(Canvas& canvas, std::span<const QuerySeries> all, Range t, Range v, double step) {
  for (size_t s = 0; s < all.size(); ++s) {
    const QueryPoint* before = nullptr;
    for (const QueryPoint& point : all[s].points) {
      if (!std::isfinite(point.v)) {
        before = nullptr;
        continue;
      }
      const int x = t.place(point.t, canvas.last_x()), y = v.place(point.v, canvas.last_y());
      const bool joined = before != nullptr && point.t - before->t <= 1.5 * step;
      if (joined) {
        canvas.line(t.place(before->t, canvas.last_x()), v.place(before->v, canvas.last_y()), x, y,
                    s);
      } else {
        canvas.dot(x, y, s);
      }
      before = &point;
    }
  }
}

std::string legend(std::span<const QuerySeries> all, size_t width, size_t lines, bool colour) {
  std::string out;
  const size_t shown = all.size() > lines ? lines - 1 : all.size();
  for (size_t s = 0; s < shown; ++s) {
    const std::string mark = "\xE2\x94\x80\xE2\x94\x80";
    out += colour ? fmt::format("\x1b[{}m{}\x1b[0m ", kColours[s % kColours.size()], mark)
                  : mark + " ";
    out += shortened(all[s].name, width - 3) + "\n";
  }
  if (shown < all.size()) out += fmt::format("... and {} more\n", all.size() - shown);
  return out;
}

// One text for each row, most of them empty: the top, the bottom and what lies between; where all
// values are equal, the middle.
std::vector<std::string> value_labels(Range v, size_t rows) {
  std::vector<std::string> out(rows);
  if (!(v.max > v.min)) {
    out[(rows - 1) / 2] = value_label(v.max);
    return out;
  }
  const size_t steps = std::clamp<size_t>((rows - 1) / 3, 1, 5);
  for (size_t i = 0; i <= steps; ++i) {
    const double share = static_cast<double>(i) / static_cast<double>(steps);
    out[i * (rows - 1) / steps] = value_label(v.max - share * (v.max - v.min));
  }
  return out;
}

std::string time_axis(Range t, size_t margin, size_t width) {
  const double span = t.max - t.min;
  const size_t label_width = time_label(t.min, span).size();
  const size_t labels = std::max<size_t>(2, std::min<size_t>(5, width / (label_width * 2)));
  std::string out(margin + width, ' ');
  for (size_t i = 0; i < labels; ++i) {
    const double share = static_cast<double>(i) / static_cast<double>(labels - 1);
    const std::string label = time_label(t.min + share * span, span);
    const size_t centre = static_cast<size_t>(share * static_cast<double>(width - 1));
    const size_t half = label.size() / 2;
    const size_t at =
        std::min(centre > half ? centre - half : 0, width - std::min(width, label.size()));
    out.replace(margin + at, label.size(), label);
  }
  return out.substr(0, out.find_last_not_of(' ') + 1) + "\n";
}

}  // namespace

std::string draw_plot(std::span<const QuerySeries> series, TerminalSize size, double step_seconds,
                      bool colour) {
  Range t, v;
  for (const QuerySeries& one : series) {
    for (const QueryPoint& point : one.points) {
      if (!std::isfinite(point.v)) continue;
      t.include(point.t);
      v.include(point.v);
    }
  }
  if (!(t.min <= t.max)) return "";

  const size_t columns = std::max<size_t>(size.columns, 30), rows = std::max<size_t>(size.rows, 10);
  const size_t legend_lines = std::min({series.size(), kMaxLegend, rows / 3});
  const size_t height = rows - legend_lines - 3;  // an axis, its labels, the prompt
  const std::vector<std::string> labels = value_labels(v, height);
  size_t margin = 0;
  for (const std::string& label : labels) margin = std::max(margin, label.size());
  const size_t width = columns - margin - 3;

  Canvas canvas(width, height);
  draw_lines(canvas, series, t, v, step_seconds);
  std::string out;
  for (size_t row = 0; row < height; ++row) {
    const std::string axis = labels[row].empty() ? "\xE2\x94\x82" : "\xE2\x94\xA4";
    out += fmt::format("{:>{}} {}{}\n", labels[row], margin, axis, canvas.row(row, colour));
  }
  out += std::string(margin + 1, ' ') + "\xE2\x94\x94";
  for (size_t i = 0; i < width; ++i) out += "\xE2\x94\x80";
  out += "\n" + time_axis(t, margin + 2, width);
  return out + legend(series, columns, std::max<size_t>(legend_lines, 1), colour);
}

}  // namespace hearth
