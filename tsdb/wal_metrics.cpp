#include "tsdb/wal_metrics.h"

namespace hearth::tsdb {

std::string WalMetrics::prefix(const std::string& dir) {
  return dir.ends_with("/wbl") ? "prometheus_tsdb_out_of_order_wbl_" : "prometheus_tsdb_wal_";
}

WalMetrics::WalMetrics(Registry& registry, const std::string& dir) {
  const std::string name = prefix(dir);
  page_flushes = registry.counter(name + "page_flushes_total", "Total number of page flushes.");
  completed_pages =
      registry.counter(name + "completed_pages_total", "Total number of completed pages.");
  record_parts = registry.counter(name + "record_part_writes_total",
                                  "Total number of record parts written before flushing.");
  record_part_bytes =
      registry.counter(name + "record_parts_bytes_written_total",
                       "Total number of record part bytes written before flushing, including CRC "
                       "and compression headers.");
  writes_failed = registry.counter(name + "writes_failed_total",
                                   "Total number of write log writes that failed.");
  truncations = registry.counter(name + "truncations_total",
                                 "Total number of write log truncations attempted.");
  truncations_failed = registry.counter(name + "truncations_failed_total",
                                        "Total number of write log truncations that failed.");
  segment = registry.gauge(name + "segment_current",
                           "Write log segment index that TSDB is currently writing to.");
  sync_seconds = registry.summary(name + "fsync_duration_seconds",
                                  "Duration of write log fsync.", {0.5, 0.9, 0.99});
  syncs_failed =
      registry.counter("hearth_tsdb_wal_syncs_failed_total",
                       "Times that segments of a write log could not be brought to the disk.");
}

}  // namespace hearth::tsdb
