#include "web/api_queries.h"

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
  out += "}}";
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

void api_cancel_query(const Exchange& exchange, ApiAnswer& answer) {
  const int64_t id = checking_param("id", [&] { return parse_go_int(exchange.name); });
  if (id <= 0 || !exchange.services.engine->cancel(static_cast<uint64_t>(id))) {
    throw Error(ErrorKind::kNotFound, "no query " + exchange.name + " is running");
  }
  append_json_int(answer.data += "{\"id\":", id);
  answer.data += ",\"canceled\":true}";
}

}  // namespace hearth::web
