#include "web/api_past.h"

#include "core/error.h"
#include "core/go_text.h"
#include "core/json.h"
#include "web/params.h"

namespace hearth::web {
namespace {

constexpr size_t kDefaultQueries = 20, kMaxMetrics = 1000;

void append_since(const Exchange& exchange, std::string& out) {
  append_json_seconds(out += "{\"since\":", exchange.services.runtime().start_time);
}

void append_past_query(std::string& out, const promql::PastQuery& query) {
  append_json_string(out += "{\"query\":", query.text);
  append_json_int(out += ",\"count\":", static_cast<int64_t>(query.count));
  append_json_int(out += ",\"failed\":", static_cast<int64_t>(query.failed));
  append_float_json(out += ",\"totalSeconds\":", query.total_seconds);
  append_float_json(out += ",\"maxSeconds\":", query.max_seconds);
  append_json_int(out += ",\"samples\":", query.samples);
  append_json_int(out += ",\"maxMemoryBytes\":", static_cast<int64_t>(query.max_bytes));
  append_json_seconds(out += ",\"last\":", query.last);
  out += '}';
}

}  // namespace

void api_top_queries(const Exchange& exchange, ApiAnswer& answer) {
  const size_t limit = limit_param(exchange);
  append_since(exchange, answer.data);
  answer.data += ",\"queries\":[";
  Comma comma(answer.data);
  const promql::PastQueries& past = exchange.services.engine->past();
  for (const promql::PastQuery& query : past.dearest(limit == 0 ? kDefaultQueries : limit)) {
    comma.next();
    append_past_query(answer.data, query);
  }
  answer.data += "]}";
}

void api_metric_use(const Exchange& exchange, ApiAnswer& answer) {
  const std::vector<std::string> names = exchange.params("name");
  if (names.empty()) bad_param("name", "no metric is named");
  if (names.size() > kMaxMetrics) bad_param("name", "more than 1000 metrics are named");
  const promql::PastQueries& past = exchange.services.engine->past();
  append_since(exchange, answer.data);
  answer.data += past.knows_all() ? ",\"complete\":true" : ",\"complete\":false";
  answer.data += ",\"metrics\":[";
  Comma comma(answer.data);
  for (const std::string& name : names) {
    const promql::MetricUse use = past.use_of(name);
    comma.next();
    append_json_string(answer.data += "{\"name\":", name);
    append_json_int(answer.data += ",\"queries\":", static_cast<int64_t>(use.count));
    if (use.count > 0) append_json_seconds(answer.data += ",\"last\":", use.last);
    answer.data += '}';
  }
  answer.data += "]}";
}

}  // namespace hearth::web
