// prometheus_http_*: what the routes were asked and how they answered.
#pragma once

#include <map>
#include <memory>
#include <vector>

#include "core/metrics.h"
#include "core/mutex.h"
#include "web/routes.h"

namespace hearth::web {

// Thread-safe.
class HttpMetrics {
 public:
  explicit HttpMetrics(Registry& registry);

  // `route` is one of routes().
  void observe(const Route& route, int status, double seconds, size_t body_bytes);

 private:
  struct PerRoute {
    Observer seconds, bytes;
    Mutex mutex;
    std::map<int, Counter> by_status GUARDED_BY(mutex);
  };
  Counter counter(std::string_view path, int status);

  Registry& registry_;
  std::vector<std::unique_ptr<PerRoute>> routes_;  // in the order of routes()
};

}  // namespace hearth::web
