#include "cmd/flags.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <set>

#include "cmd/flag_parser.h"
#include "config/scalar.h"
#include "core/duration.h"
#include "core/error.h"
#include "core/go_text.h"
#include "core/memory.h"
#include "core/regex.h"
#include "remote/write_in.h"

namespace hearth {

namespace {

using enum FlagKind;

constexpr bool kHidden = true, kRepeatable = true, kNoEffect = false;

const FlagSpec kTable[] = {
    {"version", kBool, "false", "Show application version."},
    {"config.file", kText, "prometheus.yml", "Configuration file path."},
    {"config.auto-reload-interval", kDuration, "30s", "How often the configuration file is looked at for changes.", !kHidden, !kRepeatable, kNoEffect},
    {"web.listen-address", kText, "0.0.0.0:9090", "Address to listen on for API and pages. Can be repeated.", !kHidden, kRepeatable},
    {"auto-gomaxprocs", kBool, "true", "Container CPU quotas are always respected here.", !kHidden, !kRepeatable, kNoEffect},
    {"auto-gomemlimit", kBool, "true", "There is no garbage collector to be limited here.", !kHidden, !kRepeatable, kNoEffect},
    {"auto-gomemlimit.ratio", kNumber, "0.9", "There is no garbage collector to be limited here.", !kHidden, !kRepeatable, kNoEffect},
    {"web.config.file", kText, "", "Path to a configuration file that enables TLS or authentication."},
    {"web.read-timeout", kDuration, "5m", "Maximum duration before a request that is not read, or an idle connection, is closed."},
    {"web.max-connections", kNumber, "512", "Maximum number of simultaneous connections across all listeners."},
    {"web.max-notifications-subscribers", kNumber, "16", "Maximum number of subscribers of live notifications.", !kHidden, !kRepeatable, kNoEffect},
    {"web.external-url", kText, "", "The URL under which the server is reachable from outside, for example behind a reverse proxy. Its path prefixes all endpoints."},
    {"web.route-prefix", kText, "", "Prefix for the internal routes of web endpoints. Defaults to the path of --web.external-url."},
    {"web.user-assets", kText, "", "Path to static assets, available at /user.", !kHidden, !kRepeatable, kNoEffect},
    {"web.enable-lifecycle", kBool, "false", "Enable shutdown and reload via HTTP request."},
    {"web.enable-admin-api", kBool, "false", "Enable API endpoints for admin control actions."},
    {"web.enable-remote-write-receiver", kBool, "false", "Enable the API endpoint that accepts remote write requests."},
    {"web.remote-write-receiver.accepted-protobuf-messages", kText, "prometheus.WriteRequest,io.prometheus.write.v2.Request", "The remote write messages to accept: prometheus.WriteRequest, io.prometheus.write.v2.Request. Can be repeated.", !kHidden, kRepeatable},
    {"web.enable-otlp-receiver", kBool, "false", "Enable the API endpoint that accepts OTLP writes.", !kHidden, !kRepeatable, kNoEffect},
    {"web.console.templates", kText, "consoles", "Path to the console template directory.", !kHidden, !kRepeatable, kNoEffect},
    {"web.console.libraries", kText, "console_libraries", "Path to the console library directory.", !kHidden, !kRepeatable, kNoEffect},
    {"web.page-title", kText, "Hearth", "Document title of the pages."},
    {"web.dashboards", kText, "", "Folder of dashboards to show: *.json files in Grafana's form, read when they are looked at."},
    {"web.cors.origin", kText, ".*", "Regex for CORS origin. It is fully anchored. Example: 'https?://(domain1|domain2)\\.com'"},
    {"storage.tsdb.path", kText, "data/", "Base path for metrics storage."},
    {"storage.tsdb.retention.time", kDuration, "0s", "How long to retain samples. Without it and without a limit by size: 15d. Units: y, w, d, h, m, s, ms."},
    {"storage.tsdb.retention.size", kBytes, "0B", "Maximum number of bytes that blocks may take. Units: B, KB, MB, GB, TB, PB, EB; powers of 2."},
    {"storage.tsdb.no-lockfile", kBool, "false", "Do not create a lock file in the data directory."},
    {"storage.tsdb.head-chunks-write-queue-size", kNumber, "0", "Size of the queue of head chunks on their way to the disk.", !kHidden, !kRepeatable, kNoEffect},
    {"storage.tsdb.min-block-duration", kDuration, "2h", "Minimum duration of a block before it is written.", kHidden},
    {"storage.tsdb.max-block-duration", kDuration, "0s", "Maximum duration of a merged block. Defaults to a tenth of the retention time, at most 31d.", kHidden},
    {"storage.tsdb.max-block-chunk-segment-size", kBytes, "0B", "Maximum size of a chunk segment.", kHidden},
    {"storage.tsdb.wal-segment-size", kBytes, "0B", "Size of a segment of the write-ahead log.", kHidden},
    {"storage.tsdb.wal-compression", kBool, "true", "Compress the write-ahead log.", kHidden},
    {"storage.tsdb.wal-compression-type", kChoice, "snappy", "How the write-ahead log is compressed.", kHidden, !kRepeatable, true, "snappy,zstd"},
    {"storage.tsdb.wal-sync", kDuration, "1s", "The longest time that a sample may be stored before it is safe against a power cut. 0s: as Prometheus does it, when a segment of the write-ahead log is full."},
    {"storage.tsdb.allow-overlapping-compaction", kBool, "true", "Merge blocks that overlap.", kHidden},
    {"storage.tsdb.allow-overlapping-blocks", kBool, "true", "Overlapping blocks are always allowed.", kHidden, !kRepeatable, kNoEffect},
    {"storage.tsdb.samples-per-chunk", kNumber, "120", "Target number of samples per chunk.", kHidden},
    {"storage.tsdb.delayed-compaction.max-percent", kNumber, "10", "Maximum delay of a compaction, in percent of the block duration.", kHidden},
    {"storage.tsdb.delay-compact-file.path", kText, "", "Path of a file that lists the blocks which may be merged.", kHidden},
    {"storage.max-memory", kText, "80%", "Memory beyond which no new series are admitted, while known ones go on: bytes, or percent of what the machine or the cgroup has; 0 = no limit."},
    {"storage.agent.path", kText, "data-agent/", "Base path for storage in agent mode.", !kHidden, !kRepeatable, kNoEffect},
    {"storage.agent.wal-compression", kBool, "true", "Compress the agent's log.", !kHidden, !kRepeatable, kNoEffect},
    {"storage.agent.wal-compression-type", kChoice, "snappy", "How the agent's log is compressed.", kHidden, !kRepeatable, kNoEffect, "snappy,zstd"},
    {"storage.agent.wal-segment-size", kBytes, "0B", "Size of a segment of the agent's log.", kHidden, !kRepeatable, kNoEffect},
    {"storage.agent.wal-truncate-frequency", kDuration, "0s", "How often the agent's log is truncated.", kHidden, !kRepeatable, kNoEffect},
    {"storage.agent.retention.min-time", kDuration, "0s", "Minimum age of samples that may be deleted, in agent mode.", !kHidden, !kRepeatable, kNoEffect},
    {"storage.agent.retention.max-time", kDuration, "0s", "Maximum age of samples, in agent mode.", !kHidden, !kRepeatable, kNoEffect},
    {"storage.agent.no-lockfile", kBool, "false", "No lock file in agent mode.", !kHidden, !kRepeatable, kNoEffect},
    {"storage.remote.flush-deadline", kDuration, "1m", "How long to wait for remote writes at shutdown.", !kHidden, !kRepeatable, kNoEffect},
    {"storage.remote.read-sample-limit", kNumber, "50000000", "Maximum number of samples of a remote read.", !kHidden, !kRepeatable},
    {"storage.remote.read-concurrent-limit", kNumber, "10", "Maximum number of concurrent remote reads.", !kHidden, !kRepeatable},
    {"storage.remote.read-max-bytes-in-frame", kNumber, "1048576", "Maximum number of bytes in a frame of a streamed remote read.", !kHidden, !kRepeatable},
    {"rules.alert.for-outage-tolerance", kDuration, "1h", "Maximum outage over which the \"for\" state of an alert is restored.", !kHidden, !kRepeatable, kNoEffect},
    {"rules.alert.for-grace-period", kDuration, "10m", "Minimum duration between an alert and its restored \"for\" state.", !kHidden, !kRepeatable, kNoEffect},
    {"rules.alert.resend-delay", kDuration, "1m", "Minimum time before an alert is sent again.", !kHidden, !kRepeatable, kNoEffect},
    {"rules.max-concurrent-evals", kNumber, "4", "Limit of independent rules evaluated at once.", !kHidden, !kRepeatable, kNoEffect},
    {"alertmanager.notification-queue-capacity", kNumber, "10000", "Capacity of the queue for pending notifications.", !kHidden, !kRepeatable, kNoEffect},
    {"alertmanager.notification-batch-size", kNumber, "256", "Maximum number of notifications per batch.", !kHidden, !kRepeatable, kNoEffect},
    {"alertmanager.drain-notification-queue-on-shutdown", kBool, "true", "Send outstanding notifications when shutting down.", !kHidden, !kRepeatable, kNoEffect},
    {"scrape.adjust-timestamps", kBool, "true", "Align the timestamps of scrapes with their schedule.", kHidden},
    {"scrape.timestamp-tolerance", kDuration, "2ms", "How far from its schedule a scrape may be to be aligned.", kHidden},
    {"scrape.discovery-reload-interval", kDuration, "5s", "How often discovery reloads targets.", kHidden, !kRepeatable, kNoEffect},
    {"query.lookback-delta", kDuration, "5m", "How far an instant selector looks back for a sample."},
    {"query.timeout", kDuration, "2m", "Maximum time a query may take before it is ended."},
    {"query.max-concurrency", kNumber, "20", "Maximum number of queries executed at once."},
    {"query.max-samples", kNumber, "50000000", "Maximum number of samples that a query may load into memory. It also bounds what a query can return."},
    {"query.max-memory", kText, "10%", "Maximum memory of one query: bytes, or percent of what the machine or the cgroup has; 0 = no limit."},
    {"query.max-total-memory", kText, "20%", "Maximum memory of all queries together, with the answers that are still being sent: bytes, or percent of what the machine or the cgroup has; 0 = no limit."},
    {"enable-feature", kText, "", "Comma separated feature names to enable. Can be repeated.", !kHidden, kRepeatable},
    {"agent", kBool, "false", "Run in agent mode.", !kHidden, !kRepeatable, kNoEffect},
    {"log.level", kChoice, "info", "Only log messages with the given severity or above. One of: [debug, info, warn, error]", !kHidden, !kRepeatable, true, "debug,info,warn,error"},
    {"log.format", kChoice, "logfmt", "Output format of log messages. One of: [logfmt, json]", !kHidden, !kRepeatable, true, "logfmt,json"},
};

// Features whose engine exists; they change how Hearth works.
const std::set<std::string_view> kFeatures = {
    "promql-experimental-functions", "promql-extended-range-selectors", "promql-binop-fill-modifiers",
    "promql-duration-expr", "promql-delayed-name-removal", "promql-per-step-stats", "extra-scrape-metrics",
    "exemplar-storage", "created-timestamp-zero-ingestion", "metadata-wal-records",
    "delayed-compaction", "use-start-timestamps", "type-and-unit-labels",
};

// Features of Prometheus that are on for good, or are about Go: nothing to do, nothing to say.
const std::set<std::string_view> kQuietFeatures = {
    "auto-gomaxprocs", "auto-gomemlimit", "expand-external-labels", "new-service-discovery-manager", "utf8-names",
    "promql-at-modifier", "promql-negative-offset", "memory-snapshot-on-shutdown", "native-histograms",
    "ooo-native-histograms",
};

constexpr DurationMs kDefaultRetention = 15LL * 24 * 3'600'000;
constexpr DurationMs kLongestBlock = 31LL * 24 * 3'600'000;

std::string joined(const std::vector<std::string>& texts) {
  std::string all;
  for (const std::string& text : texts) all += (all.empty() ? "" : ",") + text;
  return all;
}

// "80%" of the memory there is, or "6GB".
uint64_t memory_size(const std::string& flag, const std::string& text) {
  if (!text.ends_with('%')) return static_cast<uint64_t>(parse_bytes(text));
  const std::optional<double> percent = parse_go_float(text.substr(0, text.size() - 1));
  if (!percent || !(*percent >= 0 && *percent <= 100)) {
    throw Error(ErrorKind::kBadData, fmt::format("invalid value for --{}: {}; bytes or a percentage up to 100% are needed", flag, text));
  }
  return static_cast<uint64_t>(static_cast<double>(memory_limit()) * *percent / 100);
}

void read_features(const std::vector<std::string>& lists, ServerFlags& flags) {
  std::string list = joined(lists);
  while (!list.empty()) {
    const size_t comma = std::min(list.find(','), list.size());
    const std::string name = list.substr(0, comma);
    list.erase(0, comma + 1);
    if (name.empty() || kQuietFeatures.count(name) != 0) continue;
    if (kFeatures.count(name) != 0) {
      flags.features.push_back(name);
    } else {
      flags.warnings.push_back(fmt::format("Feature {} of --enable-feature is not known here, or has no engine yet; it is ignored", go_quote(name)));
    }
  }
}

void check_external_url(const std::string& url) {
  std::string reason;
  const auto is_quote = [](char c) { return c == '"' || c == '\''; };
  if (url.empty()) return;
  if (is_quote(url.front()) || is_quote(url.back())) {
    reason = "URL must not begin or end with quotes";
  } else {
    try {
      parse_url(url);
      return;
    } catch (const Error& error) {
      reason = error.what();
    }
  }
  throw Error(ErrorKind::kBadData, "parse external URL " + go_quote(url) + ": " + reason);
}

void read_messages(const std::vector<std::string>& lists, ServerFlags& flags) {
  flags.accepts_write_v1 = flags.accepts_write_v2 = false;
  std::string list = joined(lists);
  while (!list.empty()) {
    const size_t comma = std::min(list.find(','), list.size());
    const std::string name = list.substr(0, comma);
    list.erase(0, comma + 1);
    if (name == remote::kMessageV1) {
      flags.accepts_write_v1 = true;
    } else if (name == remote::kMessageV2) {
      flags.accepts_write_v2 = true;
    } else {
      throw Error(ErrorKind::kBadData,
                  fmt::format("unknown type for remote write protobuf message {} of --web.remote-write-receiver.accepted-protobuf-messages, supported: {}, {}",
                              name, remote::kMessageV1, remote::kMessageV2));
    }
  }
}

}  // namespace

bool ServerFlags::feature(const std::string& name) const {
  return std::find(features.begin(), features.end(), name) != features.end();
}

ServerFlags parse_server_flags(std::span<const std::string> arguments) {
  const ParsedFlags parsed = parse_flags(kTable, arguments);
  const auto text = [&](const char* name) { return parsed.text(name); };
  const auto is_on = [&](const char* name) { return parsed.text(name) == "true"; };
  const auto duration = [&](const char* name) { return parse_duration(parsed.text(name)); };
  const auto bytes = [&](const char* name) { return static_cast<uint64_t>(parse_bytes(parsed.text(name))); };
  const auto number = [&](const char* name, double min) {
    const double value = *parse_go_float(parsed.text(name));
    if (!(value >= min && value <= 1e15) || value != std::floor(value)) {
      throw Error(ErrorKind::kBadData, fmt::format("invalid value for --{}: {}; a whole number of at least {} is needed", name, parsed.text(name), min));
    }
    return static_cast<int64_t>(value);
  };

  ServerFlags flags;
  flags.help = parsed.help;
  flags.version = is_on("version");
  const std::string level = text("log.level");
  flags.log_level = level == "debug" ? LogLevel::kDebug : level == "warn" ? LogLevel::kWarn : level == "error" ? LogLevel::kError : LogLevel::kInfo;
  flags.log_format = text("log.format") == "json" ? LogFormat::kJson : LogFormat::kLogfmt;
  flags.config_file = text("config.file");

  flags.storage_path = text("storage.tsdb.path");
  flags.retention_time = duration("storage.tsdb.retention.time");
  flags.retention_bytes = bytes("storage.tsdb.retention.size");
  flags.retention_is_default = flags.retention_time == 0 && flags.retention_bytes == 0;
  if (flags.retention_is_default) flags.retention_time = kDefaultRetention;
  flags.min_block_duration = duration("storage.tsdb.min-block-duration");
  flags.max_block_duration = duration("storage.tsdb.max-block-duration");
  flags.max_block_given = flags.max_block_duration != 0;
  if (!flags.max_block_given) {
    flags.max_block_duration = flags.retention_time == 0 ? kLongestBlock : std::min(kLongestBlock, flags.retention_time / 10);
  }
  flags.max_block_duration = std::max(flags.max_block_duration, flags.min_block_duration);
  flags.no_lockfile = is_on("storage.tsdb.no-lockfile");
  flags.allow_overlapping_compaction = is_on("storage.tsdb.allow-overlapping-compaction");
  flags.delay_compact_file = text("storage.tsdb.delay-compact-file.path");
  flags.chunk_segment_bytes = bytes("storage.tsdb.max-block-chunk-segment-size");
  flags.wal_compression = is_on("storage.tsdb.wal-compression");
  flags.wal_compression_type = text("storage.tsdb.wal-compression-type");
  flags.wal_segment_bytes = bytes("storage.tsdb.wal-segment-size");
  flags.wal_sync = duration("storage.tsdb.wal-sync");
  constexpr uint64_t kSmallestSegment = 10 << 20, kLargestSegment = 256 << 20;
  if (flags.wal_segment_bytes != 0 && (flags.wal_segment_bytes < kSmallestSegment || flags.wal_segment_bytes > kLargestSegment)) {
    throw Error(ErrorKind::kBadData, "flag 'storage.tsdb.wal-segment-size' must be set between 10MB and 256MB");
  }
  flags.samples_per_chunk = static_cast<uint64_t>(number("storage.tsdb.samples-per-chunk", 4));

  const auto memory = [&](const char* name) { return memory_size(name, text(name)); };
  flags.max_memory = memory("storage.max-memory");

  flags.lookback_delta = duration("query.lookback-delta");
  flags.query_timeout = duration("query.timeout");
  flags.max_concurrency = static_cast<int>(std::min<int64_t>(number("query.max-concurrency", 1), 1'000'000));
  flags.max_samples = number("query.max-samples", 1);
  flags.query_max_memory = memory("query.max-memory");
  flags.query_max_total_memory = memory("query.max-total-memory");

  flags.adjust_timestamps = is_on("scrape.adjust-timestamps");
  flags.timestamp_tolerance = duration("scrape.timestamp-tolerance");

  flags.listen_addresses = parsed.values.at("web.listen-address");
  flags.external_url = text("web.external-url");
  check_external_url(flags.external_url);
  flags.route_prefix = text("web.route-prefix");
  flags.page_title = text("web.page-title");
  flags.dashboards = text("web.dashboards");
  flags.web_config_file = text("web.config.file");
  flags.cors_origin = text("web.cors.origin");
  try {
    (void)Regex(flags.cors_origin);
  } catch (const Error& error) {
    throw Error(ErrorKind::kBadData, fmt::format("could not compile CORS regex string {} of --web.cors.origin: {}", go_quote(flags.cors_origin), error.what()));
  }
  flags.enable_lifecycle = is_on("web.enable-lifecycle");
  flags.enable_admin_api = is_on("web.enable-admin-api");
  flags.enable_remote_write = is_on("web.enable-remote-write-receiver");
  read_messages(parsed.values.at("web.remote-write-receiver.accepted-protobuf-messages"), flags);
  flags.read_sample_limit = static_cast<uint64_t>(number("storage.remote.read-sample-limit", 0));
  flags.read_concurrent_limit =
      static_cast<uint64_t>(number("storage.remote.read-concurrent-limit", 0));
  flags.read_max_frame_bytes =
      static_cast<uint64_t>(number("storage.remote.read-max-bytes-in-frame", 1));
  flags.max_connections = static_cast<uint64_t>(number("web.max-connections", 1));
  flags.read_timeout = duration("web.read-timeout");

  read_features(parsed.values.at("enable-feature"), flags);
  if (flags.feature("delayed-compaction")) {
    const std::string percent = text("storage.tsdb.delayed-compaction.max-percent");
    const double value = *parse_go_float(percent);
    const bool usable = value >= 1 && value <= 100;
    flags.compaction_delay_percent = usable ? static_cast<int>(value) : 10;
    if (!usable) {
      flags.warnings.push_back(fmt::format("The --storage.tsdb.delayed-compaction.max-percent should have a value between 1 and 100, not {}. Using 10", percent));
    }
  }
  for (const FlagSpec& spec : kTable) {
    const std::string name(spec.name);
    if (name != "version") flags.all[name] = joined(parsed.values.at(name));
    const bool about_go = name.starts_with("auto-gom");
    if (!spec.has_effect && !about_go && parsed.is_given(name)) {
      flags.warnings.push_back(fmt::format("Flag --{} is accepted but has no effect in this version", name));
    }
  }
  flags.all["storage.tsdb.retention.time"] = duration_text(flags.retention_time);
  flags.all["storage.tsdb.max-block-duration"] = duration_text(flags.max_block_duration);
  return flags;
}

std::string server_help() {
  return flags_help("hearth", "Hearth: scrapes metrics, stores them, answers PromQL. A drop-in for the Prometheus server.", kTable);
}

}  // namespace hearth
