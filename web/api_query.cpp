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

constexpr int64_t kMaxSteps = 11'000;

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

// Room for the next piece of the answer; charged to the query, which fails where there is none.
void make_room(promql::RunningQuery& query, std::string& body) {
  query.check();
  constexpr size_t kRoom = 128 * 1024;
  const size_t before = body.capacity();
  if (before - body.size() >= kRoom) return;
  const size_t after = before + std::max(before, kRoom);
  query.budget().charge(after);
  body.reserve(after);
  query.budget().release(before);
}

// What query and query_range have in common; `request` has its times.
void run_query(const Exchange& exchange, promql::QueryRequest request, ApiAnswer& answer) {
  const size_t limit = limit_param(exchange);
  if (exchange.has_param("timeout") && !exchange.param("timeout").empty()) {
    // 0 means the engine's own, so a timeout of nothing becomes the shortest there is.
    request.timeout = std::max<DurationMs>(required_duration(exchange, "timeout"), 1);
  }
  if (const std::string text = exchange.param("lookback_delta"); !text.empty()) {
    try {
      request.lookback_delta = std::max<DurationMs>(parse_api_duration(text), 0);
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
  const std::shared_ptr<promql::RunningQuery> query = result.query;
  exchange.keep(query);
  answer.warnings = std::move(result.warnings);
  answer.infos = std::move(result.infos);
  JsonResult json(std::move(result), limit, !stats.empty());
  if (json.truncated()) answer.warnings.emplace_back(kTruncated);
  do {
    make_room(*query, answer.data);
  } while (json.next(answer.data));
  query->budget().charge(answer.data.size());  // the copy that waits for a slow client
}

promql::ExprPtr parse_query_param(const Exchange& exchange) {
  return promql::parse_expr(exchange.param("query"), exchange.services.engine->options().parse);
}

}  // namespace

void api_query(const Exchange& exchange, ApiAnswer& answer) {
  promql::QueryRequest request;
  limit_param(exchange);  // refused first, as in Prometheus
  request.start = optional_time(exchange, "time", exchange.services.clock->now());
  request.end = request.start;
  run_query(exchange, std::move(request), answer);
}

void api_query_range(const Exchange& exchange, ApiAnswer& answer) {
  promql::QueryRequest request;
  limit_param(exchange);
  request.start = required_time(exchange, "start");
  request.end = required_time(exchange, "end");
  if (request.end < request.start) {
    bad_param("end", "end timestamp must not be before start time");
  }
  request.step = required_duration(exchange, "step");
  if (request.step <= 0) {
    bad_param("step",
              "zero or negative query resolution step widths are not accepted. Try a positive "
              "integer");
  }
  const uint64_t span = static_cast<uint64_t>(request.end) - static_cast<uint64_t>(request.start);
  if (span / static_cast<uint64_t>(request.step) > kMaxSteps) {
    throw Error(ErrorKind::kBadData,
                "exceeded maximum resolution of 11,000 points per timeseries. Try decreasing the "
                "query resolution (?step=XX)");
  }
  run_query(exchange, std::move(request), answer);
}

void api_format_query(const Exchange& exchange, ApiAnswer& answer) {
  const auto expr = checking_param("query", [&] { return parse_query_param(exchange); });
  append_json_string(answer.data, promql::print_pretty(*expr));
}

}  // namespace hearth::web
