#include "web/api_status.h"

#include <limits>

#include "core/duration.h"
#include "core/error.h"
#include "core/file.h"
#include "core/go_text.h"
#include "core/json.h"
#include "core/threads.h"
#include "web/params.h"

namespace hearth::web {
namespace {

void append_text_field(std::string& out, std::string_view name, std::string_view value) {
  out.append("\"").append(name).append("\":");
  append_json_string(out, value);
  out.push_back(',');
}

void append_int_field(std::string& out, std::string_view name, int64_t value) {
  out.append("\"").append(name).append("\":");
  append_json_int(out, value);
  out.push_back(',');
}

void append_counts(std::string& out, std::string_view name,
                   const std::vector<tsdb::NameValueCount>& counts) {
  out.append("\"").append(name).append("\":[");
  Comma comma(out);
  for (const tsdb::NameValueCount& count : counts) {
    comma.next();
    out.append("{\"name\":");
    append_json_string(out, count.name);
    out.append(",\"value\":");
    append_json_int(out, static_cast<int64_t>(count.value));
    out.push_back('}');
  }
  out.append("],");
}

}  // namespace

std::string build_info_json(const BuildInfo& build) {
  std::string out = "{";
  append_text_field(out, "version", build.version);
  append_text_field(out, "revision", build.revision);
  append_text_field(out, "branch", build.branch);
  append_text_field(out, "buildUser", build.build_user);
  append_text_field(out, "buildDate", build.build_date);
  append_text_field(out, "goVersion", build.compiler);
  out.back() = '}';
  return out;
}

void api_build_info(const Exchange& exchange, ApiAnswer& answer) {
  answer.data += build_info_json(exchange.services.build);
}

// The fields of Go's runtime have their nearest meaning here: threads, cores, no limit.
void api_runtime_info(const Exchange& exchange, ApiAnswer& answer) {
  const RuntimeState state = exchange.services.runtime();
  std::string& out = answer.data;
  out.push_back('{');
  append_text_field(out, "startTime", rfc3339_text(state.start_time));
  append_text_field(out, "CWD", state.working_directory);
  append_text_field(out, "hostname", state.hostname);
  append_text_field(out, "serverTime", rfc3339_text(exchange.services.clock->now()));
  out.append("\"reloadConfigSuccess\":").append(state.reload_success ? "true," : "false,");
  append_text_field(out, "lastConfigTime", rfc3339_text(state.last_config_time / 1000 * 1000));
  const Counter corruptions = exchange.services.registry->counter(
      "prometheus_tsdb_wal_corruptions_total", "Total number of WAL corruptions.");
  append_int_field(out, "corruptionCount", static_cast<int64_t>(corruptions.value()));
  append_int_field(out, "goroutineCount", static_cast<int64_t>(list_dir("/proc/self/task").size()));
  append_int_field(out, "GOMAXPROCS", static_cast<int64_t>(usable_cores()));
  append_int_field(out, "GOMEMLIMIT", std::numeric_limits<int64_t>::max());
  append_text_field(out, "GOGC", "");
  append_text_field(out, "GODEBUG", "");
  append_text_field(out, "storageRetention", state.storage_retention);
  out.back() = '}';
}

void api_flags(const Exchange& exchange, ApiAnswer& answer) {
  std::string& out = answer.data;
  out.push_back('{');
  Comma comma(out);
  for (const auto& [name, value] : exchange.services.flags) {
    comma.next();
    append_json_string(out, name);
    out.push_back(':');
    append_json_string(out, value);
  }
  out.push_back('}');
}

void api_config(const Exchange& exchange, ApiAnswer& answer) {
  answer.data.append("{\"yaml\":");
  append_json_string(answer.data, exchange.services.config()->text);
  answer.data.push_back('}');
}

void api_tsdb(const Exchange& exchange, ApiAnswer& answer) {
  int64_t limit = 10;
  if (const std::string text = exchange.param("limit"); !text.empty()) {
    try {
      limit = parse_go_int(text);
    } catch (const Error&) {
      limit = 0;
    }
    if (limit < 1) throw Error(ErrorKind::kBadData, "limit must be a positive number");
    if (limit > 10'000) throw Error(ErrorKind::kBadData, "limit must not exceed 10000");
  }
  const tsdb::HeadStats head = exchange.services.db->head_stats();
  const tsdb::CardinalityStats stats =
      exchange.services.db->cardinality(static_cast<size_t>(limit));
  std::string& out = answer.data;
  out.append("{\"headStats\":{");
  append_int_field(out, "numSeries", static_cast<int64_t>(head.series));
  append_int_field(out, "numLabelPairs", static_cast<int64_t>(head.label_pairs));
  append_int_field(out, "chunkCount", static_cast<int64_t>(head.chunks));
  append_int_field(out, "minTime", head.min_time);
  append_int_field(out, "maxTime", head.max_time);
  out.back() = '}';
  out.push_back(',');
  append_counts(out, "seriesCountByMetricName", stats.series_by_metric);
  append_counts(out, "labelValueCountByLabelName", stats.values_by_label);
  append_counts(out, "memoryInBytesByLabelName", stats.bytes_by_label);
  append_counts(out, "seriesCountByLabelValuePair", stats.series_by_pair);
  out.back() = '}';
}

void api_tsdb_blocks(const Exchange& exchange, ApiAnswer& answer) {
  answer.data += "{\"blocks\":[";
  Comma comma(answer.data);
  for (tsdb::BlockMeta& meta : exchange.services.db->block_metas()) {
    comma.next();
    meta.original.clear();  // keys of others are not for here
    answer.data += tsdb::block_meta_json(meta, -1);
  }
  answer.data += "]}";
}

tsdb::ReplayStatus replay_status(const Services& services) {
  return services.replay ? services.replay() : tsdb::ReplayStatus();
}

void api_wal_replay(const Exchange& exchange, ApiAnswer& answer) {
  const tsdb::ReplayStatus status = replay_status(exchange.services);
  std::string& out = answer.data;
  out.push_back('{');
  append_int_field(out, "min", status.min);
  append_int_field(out, "max", status.max);
  append_int_field(out, "current", status.current);
  out.back() = '}';
}

}  // namespace hearth::web
