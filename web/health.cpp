#include "web/health.h"

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

}  // namespace

void healthy(Exchange& exchange) { exchange.answer_text(200, "Prometheus Server is Healthy.\n"); }

void ready(Exchange& exchange) {
  if (!exchange.ready) return answer_not_ready(exchange);
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
