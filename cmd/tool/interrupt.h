// Ctrl-C, SIGTERM and a terminal's new size, noticed instead of ending the process.
#pragma once

#include <atomic>

#include "core/clock.h"

namespace hearth {

// From the first call on. Thread-safe.
void notice_signals();

// Whether Ctrl-C or SIGTERM came since the start, or since forget_interrupt().
bool interrupted();
const std::atomic<bool>& interruption();  // the same, for who looks at it while it works
void forget_interrupt();                  // of Ctrl-C; SIGTERM stays
void refuse_when_interrupted();           // throws Error(kCanceled)

// Waits so long, but returns at once on one of these signals, or where there is something to read from
// the file descriptor `input` (-1: none).
enum class WokenBy { kTime, kNewSize, kInterrupt, kInput };
WokenBy wait_for_signal(DurationMs duration, int input = -1);

}  // namespace hearth
