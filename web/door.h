// Who may come in by --web.config.file: the rate of requests, then passwords.
#pragma once

#include <memory>
#include <string>

#include "core/clock.h"
#include "core/mutex.h"
#include "web/http_head.h"
#include "web/password_cache.h"
#include "web/visit.h"
#include "web/web_config_file.h"

namespace hearth::web {

// So many requests at once, and one more with each interval: Go's rate.Limiter. Thread-safe.
class RateLimit {
 public:
  RateLimit(double interval_seconds, int64_t burst, const Clock& clock);
  bool allow();

 private:
  const double interval_, burst_;
  const Clock& clock_;
  Mutex mutex_;
  double tokens_ GUARDED_BY(mutex_);
  int64_t counted_at_ GUARDED_BY(mutex_);  // monotonic nanoseconds
};

// Thread-safe.
class Door {
 public:
  // Throws Error when the file cannot be used.
  Door(const std::string& config_file, const Clock& clock);

  WebConfigFile& file() { return file_; }
  bool has_tls() const { return has_tls_; }  // as it was at the start

  // Takes a visit further: from kNew at once, from kUnchecked by bcrypt. One at a time should call
  // it for the latter.
  void admit(const RequestHead& head, Visit& visit);

 private:
  void receive(const RequestHead& head, Visit& visit);
  void ask_for_password(const RequestHead& head, Visit& visit);
  void check_password(Visit& visit);

  WebConfigFile file_;
  bool has_tls_ = false;
  std::unique_ptr<RateLimit> rate_;  // nullptr: none
  PasswordCache passwords_;
};

}  // namespace hearth::web
