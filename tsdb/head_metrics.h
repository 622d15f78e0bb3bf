// What the head tells about itself, named as in Prometheus.
#pragma once

#include "core/metrics.h"

namespace hearth::tsdb {

// Thread-safe.
struct HeadMetrics {
  explicit HeadMetrics(Registry& r)
      : series(r.gauge("prometheus_tsdb_head_series", "Total number of series in the head block.")),
        series_created(r.counter("prometheus_tsdb_head_series_created_total",
                                 "Total number of series created in the head")),
        series_removed(r.counter("prometheus_tsdb_head_series_removed_total",
                                 "Total number of series removed in the head")),
        chunks(r.gauge("prometheus_tsdb_head_chunks", "Total number of chunks in the head block.")),
        chunks_created(r.counter("prometheus_tsdb_head_chunks_created_total",
                                 "Total number of chunks created in the head")),
        chunks_removed(r.counter("prometheus_tsdb_head_chunks_removed_total",
                                 "Total number of chunks removed in the head")),
        samples_appended(r.counter("prometheus_tsdb_head_samples_appended_total",
                                   "Total number of appended samples.", {{"type", "float"}})),
        histograms_appended(r.counter("prometheus_tsdb_head_samples_appended_total",
                                      "Total number of appended samples.",
                                      {{"type", "histogram"}})),
        histograms_out_of_order(
            r.counter("prometheus_tsdb_out_of_order_samples_total",
                      "Total number of out of order samples ingestion failed attempts due to out "
                      "of order being disabled.",
                      {{"type", "histogram"}})),
        histograms_out_of_bound(
            r.counter("prometheus_tsdb_out_of_bound_samples_total",
                      "Total number of out of bound samples ingestion failed attempts with out of "
                      "order support disabled.",
                      {{"type", "histogram"}})),
        histograms_too_old(r.counter("prometheus_tsdb_too_old_samples_total",
                                     "Total number of out of order samples ingestion failed attempts "
                                     "with out of support enabled, but sample outside of time window.",
                                     {{"type", "histogram"}})),
        out_of_order(r.counter("prometheus_tsdb_out_of_order_samples_total",
                               "Total number of out of order samples ingestion failed attempts due "
                               "to out of order being "
                               "disabled.",
                               {{"type", "float"}})),
        out_of_bound(
            r.counter("prometheus_tsdb_out_of_bound_samples_total",
                      "Total number of out of bound samples ingestion failed attempts with "
                      "out of order support disabled.",
                      {{"type", "float"}})),
        too_old(r.counter("prometheus_tsdb_too_old_samples_total",
                          "Total number of out of order samples ingestion failed attempts with out "
                          "of support enabled, but sample outside of time window.",
                          {{"type", "float"}})),
        late_appended(r.counter("prometheus_tsdb_head_out_of_order_samples_appended_total",
                                "Total number of appended out of order samples.",
                                {{"type", "float"}})),
        late_histograms_appended(
            r.counter("prometheus_tsdb_head_out_of_order_samples_appended_total",
                      "Total number of appended out of order samples.", {{"type", "histogram"}})),
        late_delta(r.histogram("prometheus_tsdb_sample_ooo_delta",
                               "Delta in seconds by which a sample is considered out of order "
                               "(reported regardless of OOO time window and whether sample is "
                               "accepted or not).",
                               {600, 1800, 3600, 7200, 10800, 21600, 43200})),
        min_time(r.gauge("prometheus_tsdb_head_min_time",
                         "Minimum time bound of the head block. The unit is decided by the library "
                         "consumer.")),
        max_time(r.gauge("prometheus_tsdb_head_max_time",
                         "Maximum timestamp of the head block. The unit is decided by the library "
                         "consumer.")),
        min_time_seconds(r.gauge("prometheus_tsdb_head_min_time_seconds",
                                 "Minimum time bound of the head block.")),
        max_time_seconds(r.gauge("prometheus_tsdb_head_max_time_seconds",
                                 "Maximum timestamp of the head block.")),
        replay_seconds(r.gauge("prometheus_tsdb_data_replay_duration_seconds",
                               "Time taken to replay the data on disk.")),
        snapshot_errors(r.counter("prometheus_tsdb_snapshot_replay_error_total",
                                  "Total number snapshot replays that failed.")),
        corruptions(
            r.counter("prometheus_tsdb_wal_corruptions_total", "Total number of WAL corruptions.")),
        truncations(r.counter("prometheus_tsdb_head_truncations_total",
                              "Total number of head truncations attempted.")),
        truncations_failed(r.counter("prometheus_tsdb_head_truncations_failed_total",
                                     "Total number of head truncations that failed.")),
        series_not_found(r.counter("prometheus_tsdb_head_series_not_found_total",
                                   "Total number of requests for series that were not found.")),
        active_appenders(r.gauge("prometheus_tsdb_head_active_appenders",
                                 "Number of currently active appender transactions")),
        newest_commit(r.gauge("prometheus_tsdb_isolation_high_watermark",
                              "The highest TSDB append ID that has been given out.")),
        oldest_commit(r.gauge("prometheus_tsdb_isolation_low_watermark",
                              "The lowest TSDB append ID that is still referenced.")),
        gc_seconds(r.summary("prometheus_tsdb_head_gc_duration_seconds",
                             "Runtime of garbage collection in the head block.", {})),
        log_truncate_seconds(r.summary("prometheus_tsdb_wal_truncate_duration_seconds",
                                       "Duration of WAL truncation.", {})),
        checkpoints(r.counter("prometheus_tsdb_checkpoint_creations_total",
                              "Total number of checkpoint creations attempted.")),
        checkpoints_failed(r.counter("prometheus_tsdb_checkpoint_creations_failed_total",
                                     "Total number of checkpoint creations that failed.")),
        checkpoint_deletions(r.counter("prometheus_tsdb_checkpoint_deletions_total",
                                       "Total number of checkpoint deletions attempted.")),
        checkpoint_deletions_failed(
            r.counter("prometheus_tsdb_checkpoint_deletions_failed_total",
                      "Total number of checkpoint deletions that failed.")) {}

  const Gauge series;
  const Counter series_created, series_removed;
  const Gauge chunks;
  const Counter chunks_created, chunks_removed, samples_appended;
  const Counter histograms_appended, histograms_out_of_order, histograms_out_of_bound,
      histograms_too_old;
  const Counter out_of_order, out_of_bound, too_old,
      late_appended, late_histograms_appended;
  const Observer late_delta;
  const Gauge min_time, max_time, min_time_seconds, max_time_seconds, replay_seconds;
  const Counter snapshot_errors, corruptions, truncations, truncations_failed, series_not_found;
  const Gauge active_appenders, newest_commit, oldest_commit;
  const Observer gc_seconds, log_truncate_seconds;
  const Counter checkpoints, checkpoints_failed, checkpoint_deletions,
      checkpoint_deletions_failed;
};

}  // namespace hearth::tsdb
