// The scraper's own metrics, under Prometheus' names.
#pragma once

#include <string>

#include "core/metrics.h"

namespace hearth {

// Thread-safe.
struct ScrapeMetrics {
  explicit ScrapeMetrics(Registry& registry);

  // Those that are kept per interval, or per scrape pool.
  Observer interval_length(const std::string& interval) const;
  Observer reload_length(const std::string& interval) const;
  Observer sync_length(const std::string& job) const;
  Counter syncs(const std::string& job) const;
  Counter sync_failures(const std::string& job) const;
  Gauge targets(const std::string& job) const;
  Gauge target_limit(const std::string& job) const;
  Gauge metadata_entries(const std::string& job) const;
  Gauge metadata_bytes(const std::string& job) const;
  void remove_pool(const std::string& job) const;

  Registry& registry;
  Counter pools, pools_failed, pool_reloads, pool_reloads_failed;
  Counter exceeded_target_limit, exceeded_label_limits, exceeded_sample_limit, exceeded_body_size, exceeded_bucket_limit;
  Counter exceeded_series_limit;  // ours
  Counter cache_flush_forced;
  Counter duplicate, out_of_order, out_of_bounds, exemplar_out_of_order;
};

}  // namespace hearth
