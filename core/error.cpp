#include "core/error.h"

#include <set>

#include "core/log.h"
#include "core/mutex.h"

namespace hearth {

std::string_view error_type(ErrorKind kind) {
  switch (kind) {
    case ErrorKind::kBadData: return "bad_data";
    case ErrorKind::kExecution: return "execution";
    case ErrorKind::kTimeout: return "timeout";
    case ErrorKind::kCanceled: return "canceled";
    case ErrorKind::kUnavailable: return "unavailable";
    case ErrorKind::kNotFound: return "not_found";
    case ErrorKind::kInternal:
    case ErrorKind::kCorrupt:
    case ErrorKind::kIo: break;
  }
  return "internal";
}

namespace {

// Remembers which texts were logged, so that a fault that comes every second fills no disk.
bool first_time(const std::string& text) {
  constexpr size_t kMaxRemembered = 1000;
  static Mutex mutex;
  static std::set<std::string> seen;
  MutexLock lock(mutex);
  if (seen.size() >= kMaxRemembered) seen.clear();
  return seen.insert(text).second;
}

void report(std::string_view what, const char* text) noexcept {
  try {
    if (first_time(std::string(what) + '\0' + text)) log_error("Unit of work failed", "work", what, "err", text);
  } catch (...) {
    // Out of memory while reporting: nothing more can be done here.
  }
}

}  // namespace

bool guard(std::string_view what, const std::function<void()>& work) noexcept {
  try {
    work();
    return true;
  } catch (const std::exception& error) {
    report(what, error.what());
  } catch (...) {
    report(what, "unknown exception");
  }
  return false;
}

}  // namespace hearth
