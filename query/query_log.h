// The log of queries: a JSON line for each one that ran, with the fields that Prometheus has.
#pragma once

#include <memory>
#include <string>

#include "core/file.h"
#include "core/metrics.h"
#include "core/mutex.h"
#include "query/result.h"
#include "query/running_query.h"

namespace hearth::promql {

// Thread-safe.
class QueryLog {
 public:
  explicit QueryLog(Registry& registry);

  // The file to append to from now on, opened anew; "" = none. Throws Error(kIo); then the one
  // before goes on.
  void open(const std::string& path);
  bool is_open() const;
  // `error` "" = it succeeded. A line that cannot be written is counted.
  void write(const RunningQuery::Asked& asked, const std::string& error, const QueryStats& stats,
             TimeMs now);

 private:
  mutable Mutex mutex_;
  std::shared_ptr<File> file_ GUARDED_BY(mutex_);
  Gauge enabled_;
  Counter failures_;
};

// The line, without its end.
std::string query_log_line(const RunningQuery::Asked& asked, const std::string& error,
                           const QueryStats& stats, TimeMs now);

}  // namespace hearth::promql
