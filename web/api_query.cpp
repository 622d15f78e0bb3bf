#include "web/api_query.h"

#include <algorithm>

#include "core/error.h"
#include "core/json.h"
#include "query/parser.h"
#include "query/print.h"
#include "web/json_result.h"
#include "web/params.h"

namespace hearth::web {
namespace {

constexpr int64_t kMaxSteps = 11'000, kNanosPerMs = 1'000'000;

bool is_true(std::string_view text) { return text == "true" || text == "1"; }

promql::QueryCaller caller_of(const Exchange& exchange) {
  promql::QueryCaller caller;
  std::string_view client = exchange.peer.substr(0, exchange.peer.rfind(':'));
  if (client.starts_with('[')) client = client.substr(1, client.size() - 2);
  caller.client = client;
  caller.method = exchange.method();
  caller.path = exchange.path();
  caller.user_agent = exchange.header("User-Agent");
  caller.forwarded_for = exchange.header("X-Forwarded-For");
  caller.dashboard = exchange.header("X-Dashboard-Uid");
  caller.panel = exchange.header("X-Panel-Id");
  return caller;
}

// What query and query_range have in common; `request` has its times.
void run_query(const Exchange& exchange, promql::QueryRequest request, ApiAnswer& answer) {
  const size_t limit = limit_param(exchange);
  if (exchange.has_param("timeout") && !exchange.param("timeout").empty()) {
    const int64_t nanos = required_duration(exchange, "timeout");
    if (nanos <= 0) throw Error(ErrorKind::kExecution, "context deadline exceeded");
    request.timeout = std::max<DurationMs>(nanos / kNanosPerMs, 1);  // 0 is the engine's own
  }
  if (const std::string text = exchange.param("lookback_delta"); !text.empty()) {
    try {
      request.lookback_delta = std::max<DurationMs>(parse_duration_nanos(text) / kNanosPerMs, 0);
    } catch (const Error& e) {
      throw Error(e.kind(), std::string("error parsing lookback delta duration: ") + e.what());
    }
  }
  const std::string stats = exchange.param("stats");
  request.text = exchange.param("query");
  request.per_step_stats = stats == "all";
  request.explain = is_true(exchange.param("explain"));
  request.canceled = exchange.canceled;
  request.caller = caller_of(exchange);

  promql::QueryResult result =
      checking_param("query", [&] { return exchange.services.engine->run(request); });
  answer.warnings = std::move(result.warnings);
  answer.infos = std::move(result.infos);
  auto json = std::make_unique<JsonResult>(std::move(result), limit, !stats.empty());
  if (json->truncated()) answer.warnings.emplace_back(kTruncated);
  answer.rest = std::move(json);
}

promql::ExprPtr parse_query_param(const Exchange& exchange) {
  return promql::parse_expr(exchange.param("query"), exchange.services.engine->options().parse);
}

}  // namespace

void api_query(const Exchange& exchange, ApiAnswer& answer) {
  promql::QueryRequest request;
  limit_param(exchange);  // refused first, as in Prometheus
  const GoTime now = GoTime::from_ms(exchange.services.clock->now());
  request.start = optional_time(exchange, "time", now).query_time();
  request.end = request.start;
  run_query(exchange, std::move(request), answer);
}

void api_query_range(const Exchange& exchange, ApiAnswer& answer) {
  promql::QueryRequest request;
  limit_param(exchange);
  const GoTime start = required_time(exchange, "start"), end = required_time(exchange, "end");
  if (end.before(start)) {
    bad_param("end", "end timestamp must not be before start time");
  }
  const int64_t step_nanos = required_duration(exchange, "step");
  const auto refuse_step = [] {
    bad_param("step",
              "zero or negative query resolution step widths are not accepted. Try a positive "
              "integer");
  };
  if (step_nanos <= 0) refuse_step();
  if (end.nanos_since(start) / step_nanos > kMaxSteps) {
    throw Error(ErrorKind::kBadData,
                "exceeded maximum resolution of 11,000 points per timeseries. Try decreasing the "
                "query resolution (?step=XX)");
  }
  if (step_nanos < kNanosPerMs) refuse_step();
  request.start = start.query_time();
  request.end = end.query_time();
  request.step = step_nanos / kNanosPerMs;
  run_query(exchange, std::move(request), answer);
}

void api_format_query(const Exchange& exchange, ApiAnswer& answer) {
  const auto expr = checking_param("query", [&] { return parse_query_param(exchange); });
  append_json_string(answer.data, promql::print_pretty(*expr));
}

}  // namespace hearth::web
