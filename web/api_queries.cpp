#include "web/api_queries.h"

#include <algorithm>

#include "core/error.h"
#include "core/go_text.h"
#include "core/json.h"
#include "web/params.h"

namespace hearth::web {
namespace {

void append_number(std::string& out, std::string_view name, int64_t number) {
  out.append(",\"").append(name).append("\":");
  append_json_int(out, number);
}

void append_text(std::string& out, std::string_view name, std::string_view text) {
  out.append(",\"").append(name).append("\":");
  append_json_string(out, text);
}

void append_query(std::string& out, const promql::QueryView& query) {
  const promql::RunningQuery::Asked& asked = query.asked;
  out += "{\"id\":";
  append_json_int(out, static_cast<int64_t>(query.id));
  append_text(out, "query", asked.text);
  out += ",\"start\":";
  append_json_seconds(out, asked.start);
  out += ",\"end\":";
  append_json_seconds(out, asked.end);
  out += ",\"step\":";
  append_json_seconds(out, asked.step);
  append_text(out, "state", state_name(query.state));
  out += ",\"began\":";
  append_json_seconds(out, query.began);
  out += ",\"ageSeconds\":";
  append_float_json(out, query.age_seconds);
  append_number(out, "memoryBytes", static_cast<int64_t>(query.memory_bytes));
  append_number(out, "peakMemoryBytes", static_cast<int64_t>(query.peak_memory_bytes));
  append_number(out, "samples", query.samples);
  const promql::QueryCaller& caller = asked.caller;
  out += ",\"caller\":{\"remoteAddress\":";
  append_json_string(out, caller.client);
  append_text(out, "userAgent", caller.user_agent);
  append_text(out, "forwardedFor", caller.forwarded_for);
  append_text(out, "dashboardUid", caller.dashboard);
  append_text(out, "panelId", caller.panel);
  out += '}';
  if (!query.plan.empty()) out.append(",\"explain\":").append(query.plan);
  out += '}';
}

uint64_t id_of(const Exchange& exchange) {
  const int64_t id = checking_param("id", [&] { return parse_go_int(exchange.name); });
  return static_cast<uint64_t>(std::max<int64_t>(id, 0));  // 0 is nobody's
}

[[noreturn]] void throw_unknown(const Exchange& exchange) {
  throw Error(ErrorKind::kNotFound, "no query " + exchange.name + " is running");
}

}  // namespace

void api_queries(const Exchange& exchange, ApiAnswer& answer) {
  answer.data += "{\"queries\":[";
  Comma comma(answer.data);
  for (const promql::QueryView& query : exchange.services.engine->running()) {
    comma.next();
    append_query(answer.data, query);
  }
  answer.data += "]}";
}

void api_running_query(const Exchange& exchange, ApiAnswer& answer) {
  const auto query = exchange.services.engine->running(id_of(exchange));
  if (!query) throw_unknown(exchange);
  append_query(answer.data, *query);
}

void api_cancel_query(const Exchange& exchange, ApiAnswer& answer) {
  const uint64_t id = id_of(exchange);
  if (!exchange.services.engine->cancel(id)) throw_unknown(exchange);
  append_json_int(answer.data += "{\"id\":", static_cast<int64_t>(id));
  answer.data += ",\"canceled\":true}";
}

}  // namespace hearth::web
