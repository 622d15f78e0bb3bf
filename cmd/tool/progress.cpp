#include "cmd/tool/progress.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>

#include "cmd/tool/interrupt.h"
#include "cmd/tool/terminal.h"

namespace hearth {
namespace {

constexpr DurationMs kRedraw = 100, kLineInPipe = 5'000;
constexpr size_t kBar = 30;

std::string bar(double share) {
  const auto filled = static_cast<size_t>(share * kBar);
  return "[" + std::string(filled, '#') + std::string(kBar - filled, '.') + "]";
}

}  // namespace

ProgressOutput standard_error_output() { return {.columns = terminal_size(STDERR_FILENO).columns}; }

Progress::Progress(std::string what, uint64_t total, ProgressOutput output)
    : what_(std::move(what)),
      total_(total),
      output_(output),
      shown_(now_ms() - (output.columns > 0 ? kRedraw : 0)) {
  notice_signals();
}

Progress::~Progress() {
  if (drawn_) std::fputs("\r\x1b[K", output_.file);
}

void Progress::at(uint64_t done, const std::string& detail) {
  refuse_when_interrupted();
  const bool terminal = output_.columns > 0;
  if (now_ms() - shown_ < (terminal ? kRedraw : kLineInPipe)) return;
  shown_ = now_ms();
  std::string text = what_;
  if (total_ > 0) {
    const double share = std::min(1.0, static_cast<double>(done) / static_cast<double>(total_));
    text += terminal ? fmt::format(" {} {:3.0f}%", bar(share), share * 100)
                     : fmt::format(" {:.0f}%", share * 100);
  }
  text += " " + detail;
  if (terminal) {
    text.resize(std::min(text.size(), output_.columns - 1));  // a line more could not be taken away
    fmt::print(output_.file, "\r\x1b[K{}", text);
    drawn_ = true;
  } else {
    fmt::print(output_.file, "{}\n", text);
  }
  std::fflush(output_.file);
}

}  // namespace hearth
