#include "web/api_query.h"

#include "core/error.h"
#include "core/json.h"
#include "query/parser.h"
#include "query/print.h"
#include "web/json_result.h"
#include "web/params.h"

namespace hearth::web {
namespace {

constexpr int64_t kMaxSteps = 11'000;

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
  request.canceled = exchange.canceled;

  promql::QueryResult result =
      checking_param("query", [&] { return exchange.services.engine->run(request); });
  answer.warnings = std::move(result.warnings);
  answer.infos = std::move(result.infos);
  if (append_json_result(answer.data, result, limit, !stats.empty())) {
    answer.warnings.emplace_back(kTruncated);
  }
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
