#include "cmd/tool/progress.h"

#include <fmt/format.h>
#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>

#include "core/error.h"

namespace hearth {
namespace {

constexpr DurationMs kRedraw = 100, kLineInPipe = 5'000;
constexpr size_t kBar = 30;

volatile sig_atomic_t wants_end = 0;
void notice(int) { wants_end = 1; }

TimeMs now() { return system_clock().now(); }

}  // namespace

bool interrupted() { return wants_end != 0; }

Progress::Progress(std::string what, uint64_t total)
    : what_(std::move(what)),
      total_(total),
      terminal_(isatty(STDERR_FILENO) != 0),
      started_(now()) {
  struct sigaction action {};
  action.sa_handler = notice;
  sigaction(SIGINT, &action, nullptr);
  sigaction(SIGTERM, &action, nullptr);
}

Progress::~Progress() {
  if (drawn_) std::fputs("\r\x1b[K", stderr);
}

void Progress::at(uint64_t done, const std::string& detail) {
  if (interrupted()) throw Error(ErrorKind::kCanceled, "interrupted");
  const TimeMs t = now();
  if (t - std::max(started_, shown_) < (terminal_ ? kRedraw : kLineInPipe)) return;
  shown_ = t;
  const double share =
      total_ > 0 ? std::min(1.0, static_cast<double>(done) / static_cast<double>(total_)) : 0;
  if (terminal_) {
    const size_t filled = static_cast<size_t>(share * kBar);
    fmt::print(stderr, "\r\x1b[K{} [{}{}] {:3.0f}% {}", what_, std::string(filled, '#'),
               std::string(kBar - filled, '.'), share * 100, detail);
    drawn_ = true;
  } else {
    fmt::print(stderr, "{} {:.0f}% {}\n", what_, share * 100, detail);
  }
  std::fflush(stderr);
}

}  // namespace hearth
