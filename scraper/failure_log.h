// scrape_failure_log_file: a JSON line for each scrape that got no usable response, with the fields
// that Prometheus has.
#pragma once

#include <map>
#include <memory>
#include <set>
#include <string>

#include "core/clock.h"
#include "core/file.h"
#include "core/mutex.h"

namespace hearth {

struct ScrapeFailure {
  const std::string& job;
  const std::string& url;  // of the target
  const std::string& error;
};

// Thread-safe.
class FailureLog {
 public:
  // The files to append to from now on, each opened anew. Throws Error(kIo); then those before go
  // on.
  void open(const std::set<std::string>& paths);
  // To one of them. A line that cannot be written is told in the server's log.
  void write(const std::string& path, const ScrapeFailure& failure, TimeMs now);

 private:
  Mutex mutex_;
  std::map<std::string, std::shared_ptr<File>> files_ GUARDED_BY(mutex_);
};

// The line, without its end.
std::string failure_line(const ScrapeFailure& failure, TimeMs now);

}  // namespace hearth
