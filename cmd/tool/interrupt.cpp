#include "cmd/tool/interrupt.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>

#include "core/error.h"

namespace hearth {
namespace {

static_assert(std::atomic<bool>::is_always_lock_free, "signal handlers set them");
std::atomic<bool> wants_end = false, must_end = false, new_size = false;
std::array<int, 2> wakes = {-1, -1};  // a pipe: a handler writes, wait_for_signal() reads

void on_signal(int signal) {
  const int before = errno;
  if (signal == SIGWINCH) {
    new_size = true;
  } else {
    wants_end = true;
    must_end = must_end || signal == SIGTERM;
  }
  (void)!write(wakes[1], "", 1);
  errno = before;
}

bool install() {
  if (pipe2(wakes.data(), O_CLOEXEC | O_NONBLOCK) != 0) {
    throw Error(ErrorKind::kIo, "no pipe for signals");
  }
  struct sigaction action {};
  action.sa_handler = on_signal;
  for (const int signal : {SIGINT, SIGTERM, SIGWINCH}) sigaction(signal, &action, nullptr);
  return true;
}

}  // namespace

void notice_signals() {
  static const bool installed = install();
  (void)installed;
}

bool interrupted() { return wants_end; }
const std::atomic<bool>& interruption() { return wants_end; }
void forget_interrupt() { wants_end = must_end.load(); }
void refuse_when_interrupted() {
  if (interrupted()) throw Error(ErrorKind::kCanceled, "interrupted");
}

WokenBy wait_for_signal(DurationMs duration, int input) {
  const TimeMs until = system_clock().now() + duration;
  while (true) {
    if (wants_end) return WokenBy::kInterrupt;
    if (new_size.exchange(false)) return WokenBy::kNewSize;
    const DurationMs left = until - system_clock().now();
    if (left <= 0) return WokenBy::kTime;
    std::array<pollfd, 2> wait = {pollfd{wakes[0], POLLIN, 0}, pollfd{input, POLLIN, 0}};
    (void)poll(wait.data(), wait.size(), static_cast<int>(std::min<DurationMs>(left, 3'600'000)));
    std::array<char, 64> taken;
    while (read(wakes[0], taken.data(), taken.size()) > 0) {
    }
    if (wait[1].revents != 0) return WokenBy::kInput;
  }
}

}  // namespace hearth
