#include "query/query_log.h"

#include "core/duration.h"
#include "core/error.h"
#include "core/json.h"
#include "query/stats_json.h"

namespace hearth::promql {
namespace {

void append_field(std::string& out, std::string_view name, std::string_view value) {
  if (out.back() != '{') out.push_back(',');
  append_json_raw_string(out, name);
  out.push_back(':');
  append_json_raw_string(out, value);
}

}  // namespace

std::string query_log_line(const RunningQuery::Asked& asked, const std::string& error,
                           const QueryStats& stats, TimeMs now) {
  std::string line = "{";
  append_field(line, "time", rfc3339_millis_text(now));
  append_field(line, "level", "INFO");
  append_field(line, "msg", "promql query logged");
  line += ",\"params\":{";
  append_field(line, "end", rfc3339_millis_text(asked.end));
  append_field(line, "query", asked.text);
  append_field(line, "start", rfc3339_millis_text(asked.start));
  line += ",\"step\":";
  append_json_int(line, asked.step / 1000);
  line += '}';
  if (!error.empty()) append_field(line, "error", error);
  line += ",\"stats\":";
  append_stats_json(line, stats);
  append_field(line, "spanID", "0000000000000000");
  if (!asked.caller.path.empty()) {
    line += ",\"httpRequest\":{";
    append_field(line, "clientIP", asked.caller.client);
    append_field(line, "method", asked.caller.method);
    append_field(line, "path", asked.caller.path);
    line += '}';
  }
  return line + "}";
}

QueryLog::QueryLog(Registry& registry)
    : enabled_(
          registry.gauge("prometheus_engine_query_log_enabled", "State of the query log.")),
      failures_(registry.counter("prometheus_engine_query_log_failures_total",
                                 "The number of query log failures.")) {}

void QueryLog::open(const std::string& path) {
  std::shared_ptr<File> file;
  if (!path.empty()) file = std::make_shared<File>(path, File::Mode::kAppend);
  enabled_.set(file == nullptr ? 0 : 1);
  MutexLock lock(mutex_);
  file_.swap(file);
}

bool QueryLog::is_open() const {
  MutexLock lock(mutex_);
  return file_ != nullptr;
}

void QueryLog::write(const RunningQuery::Asked& asked, const std::string& error,
                     const QueryStats& stats, TimeMs now) {
  std::shared_ptr<File> file;
  {
    MutexLock lock(mutex_);
    file = file_;
  }
  if (file == nullptr) return;
  const std::string line = query_log_line(asked, error, stats, now) + "\n";
  // Each line is one write at the end of the file, so those of several threads do not mix.
  if (!guard("writing the query log", [&] { file->write(line); })) failures_.add();
}

}  // namespace hearth::promql
