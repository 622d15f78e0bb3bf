// The flags of the server: Prometheus' names, forms and defaults.
#pragma once

#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <vector>

#include "core/clock.h"
#include "core/log.h"

namespace hearth {

// Filled by parse_server_flags(); durations are in milliseconds.
struct ServerFlags {
  bool help = false, version = false;
  LogLevel log_level = LogLevel::kInfo;
  LogFormat log_format = LogFormat::kLogfmt;

  std::string config_file;

  std::string storage_path;
  DurationMs retention_time = 0;  // 0 = by size only
  bool retention_is_default = false;  // neither a time nor a size was given
  uint64_t retention_bytes = 0;   // 0 = no limit
  DurationMs min_block_duration = 0, max_block_duration = 0;
  bool max_block_given = false;
  bool no_lockfile = false, allow_overlapping_compaction = true;
  std::string delay_compact_file;
  uint64_t chunk_segment_bytes = 0;           // of blocks; 0 = the default
  int compaction_delay_percent = 0;           // of the block duration; 0 = no delay
  bool wal_compression = true;
  std::string wal_compression_type;  // "snappy" or "zstd"
  uint64_t wal_segment_bytes = 0;    // 0 = the default
  DurationMs wal_sync = 0;           // 0 = at segment ends only
  uint64_t samples_per_chunk = 0;
  uint64_t max_memory = 0;  // bytes; 0 = no limit

  DurationMs lookback_delta = 0, query_timeout = 0;
  int max_concurrency = 0;
  int64_t max_samples = 0;
  uint64_t query_max_memory = 0, query_max_total_memory = 0;  // bytes; 0 = no limit

  bool adjust_timestamps = true;
  DurationMs timestamp_tolerance = 0;

  std::vector<std::string> listen_addresses;
  std::string external_url, route_prefix, page_title, cors_origin, web_config_file, dashboards;
  bool enable_lifecycle = false, enable_admin_api = false;
  bool enable_remote_write = false, accepts_write_v1 = false, accepts_write_v2 = false;
  uint64_t max_connections = 0;
  uint64_t read_sample_limit = 0, read_concurrent_limit = 0, read_max_frame_bytes = 0;  // remote read
  DurationMs read_timeout = 0;

  std::vector<std::string> features;            // --enable-feature, known ones
  std::vector<std::string> warnings;            // what to tell the log once at start
  std::map<std::string, std::string> all;       // for /api/v1/status/flags

  bool feature(const std::string& name) const;
};

// Throws Error(kBadData), naming the flag.
ServerFlags parse_server_flags(std::span<const std::string> arguments);

std::string server_help();

}  // namespace hearth
