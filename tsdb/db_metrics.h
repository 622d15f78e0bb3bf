// What the storage tells of its maintenance, under Prometheus' names.
#pragma once

#include <string>

#include "core/clock.h"
#include "core/metrics.h"
#include "tsdb/compact.h"

namespace hearth::tsdb {

// Thread-safe.
struct DbMetrics {
  DbMetrics(Registry& registry, const std::string& db_dir, bool out_of_order);

  Counter triggered, compactions, failed, skipped, vertical_compactions, time_retentions, size_retentions;
  Gauge lowest_timestamp, lowest_timestamp_seconds, retention_limit_seconds, retention_limit_bytes,
      retention_limit_percentage, clean_start, populating;
  Observer duration, tombstone_cleanup, chunk_bytes, chunk_samples, chunk_range;

  void set_lowest(TimeMs time) const;
  OnChunk chunk_observer() const;  // for chunks that come from the head

  // One compaction: counts it, and its time when it ends.
  class Run {
   public:
    Run(const DbMetrics& metrics, const Clock& clock)
        : metrics_(metrics), clock_(clock), start_(clock.monotonic_nanos()) {
      metrics_.compactions.add();
      metrics_.populating.set(1);
    }
    ~Run() {
      metrics_.populating.set(0);
      metrics_.duration.observe(seconds());
    }
    Run(const Run&) = delete;
    Run& operator=(const Run&) = delete;
    double seconds() const { return static_cast<double>(clock_.monotonic_nanos() - start_) / 1e9; }
    std::string duration_text() const;

   private:
    const DbMetrics& metrics_;
    const Clock& clock_;
    const int64_t start_;
  };
};

}  // namespace hearth::tsdb
