#include "scraper/scrape_metrics.h"

#include <vector>

namespace hearth {
namespace {

const std::vector<double> kQuantiles = {0.01, 0.05, 0.5, 0.9, 0.99};

struct PoolMetric {
  const char* name;
  const char* help;
};
constexpr PoolMetric kSyncLength = {"prometheus_target_sync_length_seconds",
                                    "Actual interval to sync the scrape pool."};
constexpr PoolMetric kSyncs = {"prometheus_target_scrape_pool_sync_total",
                               "Total number of syncs that were executed on a scrape pool."};
constexpr PoolMetric kSyncFailures = {"prometheus_target_sync_failed_total",
                                      "Total number of target sync failures."};
constexpr PoolMetric kTargets = {"prometheus_target_scrape_pool_targets",
                                 "Current number of targets in this scrape pool."};
constexpr PoolMetric kTargetLimit = {"prometheus_target_scrape_pool_target_limit",
                                     "Maximum number of targets allowed in this scrape pool."};
constexpr PoolMetric kMetadataEntries = {"prometheus_target_metadata_cache_entries",
                                         "Total number of metric metadata entries in the cache"};
constexpr PoolMetric kMetadataBytes = {
    "prometheus_target_metadata_cache_bytes",
    "The number of bytes that are currently used for storing metric metadata in the cache"};

MetricLabels of_job(const std::string& job) { return {{"scrape_job", job}}; }

}  // namespace

ScrapeMetrics::ScrapeMetrics(Registry& r)
    : registry(r),
      pools(r.counter("prometheus_target_scrape_pools_total",
                      "Total number of scrape pool creation attempts.")),
      pools_failed(r.counter("prometheus_target_scrape_pools_failed_total",
                             "Total number of scrape pool creations that failed.")),
      pool_reloads(r.counter("prometheus_target_scrape_pool_reloads_total",
                             "Total number of scrape pool reloads.")),
      pool_reloads_failed(r.counter("prometheus_target_scrape_pool_reloads_failed_total",
                                    "Total number of failed scrape pool reloads.")),
      exceeded_target_limit(
          r.counter("prometheus_target_scrape_pool_exceeded_target_limit_total",
                    "Total number of times scrape pools hit the target limit, during sync or config reload.")),
      exceeded_label_limits(
          r.counter("prometheus_target_scrape_pool_exceeded_label_limits_total",
                    "Total number of times scrape pools hit the label limits, during sync or config reload.")),
      exceeded_sample_limit(
          r.counter("prometheus_target_scrapes_exceeded_sample_limit_total",
                    "Total number of scrapes that hit the sample limit and were rejected.")),
      exceeded_body_size(r.counter("prometheus_target_scrapes_exceeded_body_size_limit_total",
                                   "Total number of scrapes that hit the body size limit")),
      exceeded_bucket_limit(r.counter(
          "prometheus_target_scrapes_exceeded_native_histogram_bucket_limit_total",
          "Total number of scrapes that hit the native histogram bucket limit and got rejected.")),
      exceeded_series_limit(
          r.counter("hearth_target_scrapes_exceeded_series_limit_total",
                    "Total number of scrapes from which new series were left out, beyond series_limit.")),
      cache_flush_forced(
          r.counter("prometheus_target_scrapes_cache_flush_forced_total",
                    "How many times a scrape cache was flushed due to getting big while scrapes are failing.")),
      duplicate(r.counter(
          "prometheus_target_scrapes_sample_duplicate_timestamp_total",
          "Total number of samples rejected due to duplicate timestamps but different values.")),
      out_of_order(
          r.counter("prometheus_target_scrapes_sample_out_of_order_total",
                    "Total number of samples rejected due to not being out of the expected order.")),
      out_of_bounds(r.counter(
          "prometheus_target_scrapes_sample_out_of_bounds_total",
          "Total number of samples rejected due to timestamp falling outside of the time bounds.")),
      exemplar_out_of_order(
          r.counter("prometheus_target_scrapes_exemplar_out_of_order_total",
                    "Total number of exemplar rejected due to not being out of the expected order.")) {}

Observer ScrapeMetrics::interval_length(const std::string& interval) const {
  return registry.summary("prometheus_target_interval_length_seconds",
                          "Actual intervals between scrapes.", kQuantiles, {{"interval", interval}});
}
Observer ScrapeMetrics::reload_length(const std::string& interval) const {
  return registry.summary("prometheus_target_reload_length_seconds",
                          "Actual interval to reload the scrape pool with a given configuration.", kQuantiles,
                          {{"interval", interval}});
}
Observer ScrapeMetrics::sync_length(const std::string& job) const {
  return registry.summary(kSyncLength.name, kSyncLength.help, kQuantiles, of_job(job));
}
Counter ScrapeMetrics::syncs(const std::string& job) const {
  return registry.counter(kSyncs.name, kSyncs.help, of_job(job));
}
Counter ScrapeMetrics::sync_failures(const std::string& job) const {
  return registry.counter(kSyncFailures.name, kSyncFailures.help, of_job(job));
}
Gauge ScrapeMetrics::targets(const std::string& job) const {
  return registry.gauge(kTargets.name, kTargets.help, of_job(job));
}
Gauge ScrapeMetrics::target_limit(const std::string& job) const {
  return registry.gauge(kTargetLimit.name, kTargetLimit.help, of_job(job));
}
Gauge ScrapeMetrics::metadata_entries(const std::string& job) const {
  return registry.gauge(kMetadataEntries.name, kMetadataEntries.help, of_job(job));
}
Gauge ScrapeMetrics::metadata_bytes(const std::string& job) const {
  return registry.gauge(kMetadataBytes.name, kMetadataBytes.help, of_job(job));
}
void ScrapeMetrics::remove_pool(const std::string& job) const {
  for (const PoolMetric& metric :
       {kSyncLength, kSyncs, kSyncFailures, kTargets, kTargetLimit, kMetadataEntries, kMetadataBytes}) {
    registry.remove(metric.name, of_job(job));
  }
}

}  // namespace hearth
