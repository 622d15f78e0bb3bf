#include "web/http_metrics.h"

namespace hearth::web {

HttpMetrics::HttpMetrics(Registry& registry) : registry_(registry) {
  for (const Route& route : routes()) {
    const MetricLabels labels{{"handler", std::string(route.path)}};
    auto metrics = std::make_unique<PerRoute>();
    metrics->seconds = registry.histogram("prometheus_http_request_duration_seconds",
                                          "Histogram of latencies for HTTP requests.",
                                          {0.1, 0.2, 0.4, 1, 3, 8, 20, 60, 120}, labels);
    metrics->bytes = registry.histogram("prometheus_http_response_size_bytes",
                                        "Histogram of response size for HTTP requests.",
                                        {100, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9}, labels);
    {
      MutexLock lock(metrics->mutex);
      metrics->by_status.emplace(200, counter(route.path, 200));
    }
    routes_.push_back(std::move(metrics));
  }
}

Counter HttpMetrics::counter(std::string_view path, int status) {
  return registry_.counter("prometheus_http_requests_total", "Counter of HTTP requests.",
                           {{"code", std::to_string(status)}, {"handler", std::string(path)}});
}

void HttpMetrics::observe(const Route& route, int status, double seconds, size_t body_bytes) {
  PerRoute& metrics = *routes_[static_cast<size_t>(&route - routes().data())];
  metrics.seconds.observe(seconds);
  metrics.bytes.observe(static_cast<double>(body_bytes));
  MutexLock lock(metrics.mutex);
  auto found = metrics.by_status.find(status);
  if (found == metrics.by_status.end()) {
    found = metrics.by_status.emplace(status, counter(route.path, status)).first;
  }
  found->second.add();
}

}  // namespace hearth::web
