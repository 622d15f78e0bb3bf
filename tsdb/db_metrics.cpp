#include "tsdb/db_metrics.h"

#include <fmt/format.h>

#include <vector>

#include "core/file.h"
#include "tsdb/wal_metrics.h"

namespace hearth::tsdb {
namespace {

std::vector<double> exponential(double start, double factor, int count) {
  std::vector<double> buckets;
  for (int i = 0; i < count; ++i, start *= factor) buckets.push_back(start);
  return buckets;
}

// How much the files of a directory take when somebody asks.
void show_dir_bytes(Registry& registry, const Gauge& gauge, const std::string& dir) {
  registry.on_collect([gauge, dir] { gauge.set(static_cast<double>(dir_bytes(dir))); });
}

}  // namespace

DbMetrics::DbMetrics(Registry& r, const std::string& db_dir, bool out_of_order)
    : triggered(r.counter("prometheus_tsdb_compactions_triggered_total",
                          "Total number of triggered compactions for the partition.")),
      compactions(r.counter("prometheus_tsdb_compactions_total",
                            "Total number of compactions that were executed for the partition.")),
      failed(r.counter("prometheus_tsdb_compactions_failed_total",
                       "Total number of compactions that failed for the partition.")),
      skipped(r.counter("prometheus_tsdb_compactions_skipped_total",
                        "Total number of skipped compactions due to disabled auto compaction.")),
      vertical_compactions(
          r.counter("prometheus_tsdb_vertical_compactions_total",
                    "Total number of compactions done on overlapping blocks.")),
      time_retentions(
          r.counter("prometheus_tsdb_time_retentions_total",
                    "The number of times that blocks were deleted because the maximum time limit "
                    "was exceeded.")),
      size_retentions(
          r.counter("prometheus_tsdb_size_retentions_total",
                    "The number of times that blocks were deleted because the maximum number of "
                    "bytes was exceeded.")),
      lowest_timestamp(
          r.gauge("prometheus_tsdb_lowest_timestamp",
                  "Lowest timestamp value stored in the database. The unit is decided by the "
                  "library consumer.")),
      lowest_timestamp_seconds(r.gauge("prometheus_tsdb_lowest_timestamp_seconds",
                                       "Lowest timestamp value stored in the database.")),
      retention_limit_seconds(r.gauge("prometheus_tsdb_retention_limit_seconds",
                                      "How long to retain samples in storage.")),
      retention_limit_bytes(r.gauge("prometheus_tsdb_retention_limit_bytes",
                                    "Max number of bytes to be retained in the tsdb blocks, "
                                    "configured 0 means disabled")),
      retention_limit_percentage(
          r.gauge("prometheus_tsdb_retention_limit_percentage",
                  "Max percentage of total storage space to be retained in the tsdb blocks, "
                  "configured 0 means disabled")),
      clean_start(r.gauge("prometheus_tsdb_clean_start",
                          "-1: lockfile is disabled. 0: a lockfile from a previous execution was "
                          "replaced. 1: lockfile creation was clean")),
      populating(r.gauge("prometheus_tsdb_compaction_populating_block",
                         "Set to 1 when a block is currently being written to the disk.")),
      duration(r.histogram("prometheus_tsdb_compaction_duration_seconds",
                           "Duration of compaction runs", exponential(1, 2, 14))),
      tombstone_cleanup(
          r.histogram("prometheus_tsdb_tombstone_cleanup_seconds",
                      "The time taken to recompact blocks to remove tombstones.",
                      {.005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10})),
      chunk_bytes(r.histogram("prometheus_tsdb_compaction_chunk_size_bytes",
                              "Final size of chunks on their first compaction",
                              exponential(32, 1.5, 12))),
      chunk_samples(r.histogram("prometheus_tsdb_compaction_chunk_samples",
                                "Final number of samples on their first compaction",
                                exponential(4, 1.5, 12))),
      // In ms, whatever its name says: as Prometheus has it.
      chunk_range(r.histogram("prometheus_tsdb_compaction_chunk_range_seconds",
                              "Final time range of chunks on their first compaction",
                              exponential(100, 4, 10))) {
  show_dir_bytes(r,
                 r.gauge("prometheus_tsdb_head_chunks_storage_size_bytes",
                         "Size of the chunks_head directory."),
                 db_dir + "/chunks_head");
  if (out_of_order) WalMetrics(r, db_dir + "/wbl");  // the log itself begins with the first late sample
  for (const std::string log : {"/wal", "/wbl"}) {
    if (log == "/wbl" && !out_of_order) continue;
    const std::string name = WalMetrics::prefix(db_dir + log) + "storage_size_bytes";
    show_dir_bytes(r, r.gauge(name, "Size of the write log directory."), db_dir + log);
  }
}

void DbMetrics::set_lowest(TimeMs time) const {
  lowest_timestamp.set(static_cast<double>(time));
  lowest_timestamp_seconds.set(static_cast<double>(time) / 1000);
}

OnChunk DbMetrics::chunk_observer() const {
  return [this](const ChunkWritten& chunk) {
    chunk_bytes.observe(static_cast<double>(chunk.bytes));
    chunk_samples.observe(static_cast<double>(chunk.samples));
    chunk_range.observe(static_cast<double>(chunk.span));
  };
}

std::string DbMetrics::Run::duration_text() const { return fmt::format("{:.3f}s", seconds()); }

}  // namespace hearth::tsdb
