// What a log tells about itself, named as in Prometheus; that of samples out of order has names of its own.
#pragma once

#include <string>

#include "core/metrics.h"

namespace hearth::tsdb {

// Thread-safe.
struct WalMetrics {
  // `dir`: wal/ or wbl/ of a database.
  WalMetrics(Registry& registry, const std::string& dir);

  Counter page_flushes, completed_pages, record_parts, record_part_bytes;
  Counter writes_failed, truncations, truncations_failed;
  Gauge segment;
  Observer sync_seconds;
  Counter syncs_failed;

  static std::string prefix(const std::string& dir);
};

}  // namespace hearth::tsdb
