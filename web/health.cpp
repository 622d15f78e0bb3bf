#include "web/health.h"

#include <fmt/format.h>

#include "core/error.h"
#include "web/api_status.h"

namespace hearth::web {
namespace {

// Answers and returns false when lifecycle requests are off or this is not one.
bool lifecycle_request(Exchange& exchange) {
  if (exchange.method() != "POST" && exchange.method() != "PUT") {
    exchange.answer_text(405, "Only POST or PUT requests allowed");
  } else if (!exchange.options.enable_lifecycle) {
    exchange.answer_text(403, "Lifecycle API is not enabled.");
  } else {
    return true;
  }
  return false;
}

// Part of it works: which part, and how long it will be so.
void answer_still_replaying(const Exchange& exchange, const tsdb::ReplayStatus& replay) {
  exchange.set_header("X-Prometheus-Stopping", "false");
  exchange.answer_text(
      503, fmt::format("Service Unavailable: queries are answered from blocks and scrapes are "
                       "accepted, but the newest samples cannot be queried yet: segment {} of {} "
                       "to {} of the write-ahead log is being replayed.\n",
                       replay.current, replay.min, replay.max));
}

}  // namespace

void healthy(Exchange& exchange) {
  if (exchange.method() == "HEAD") return exchange.answer_empty(200);
  exchange.answer_text(200, "Prometheus Server is Healthy.\n");
}

void ready(Exchange& exchange) {
  if (!exchange.ready) return answer_not_ready(exchange);
  const tsdb::ReplayStatus replay = replay_status(exchange.services);
  if (!replay.done) return answer_still_replaying(exchange, replay);
  if (exchange.method() == "HEAD") return exchange.answer_empty(200);
  exchange.answer_text(200, "Prometheus Server is Ready.\n");
}

void answer_not_ready(const Exchange& exchange) {
  exchange.set_header("X-Prometheus-Stopping", "false");
  exchange.answer_text(503, "Service Unavailable");
}

void reload(Exchange& exchange) {
  if (!lifecycle_request(exchange)) return;
  try {
    exchange.services.reload();
  } catch (const std::exception& e) {
    return exchange.answer_error_text(500, std::string("failed to reload config: ") + e.what());
  }
  exchange.answer_empty(200);
}

void quit(Exchange& exchange) {
  if (!lifecycle_request(exchange)) return;
  exchange.services.quit();
  exchange.answer_text(200, "Requesting termination... Goodbye!");
}

void metrics(Exchange& exchange) {
  exchange.answer(200, exchange.services.registry->text(),
                  "text/plain; version=0.0.4; charset=utf-8; escaping=underscores");
}

void version(Exchange& exchange) {
  exchange.answer_text(200, build_info_json(exchange.services.build));
}

}  // namespace hearth::web
