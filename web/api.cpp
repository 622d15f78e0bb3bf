#include "web/api.h"

#include <fmt/format.h>

#include "core/error.h"
#include "core/json.h"
#include "core/log.h"
#include "core/regex.h"

namespace hearth::web {
namespace {

int http_status(ErrorKind kind) {
  switch (kind) {
    case ErrorKind::kBadData:
      return 400;
    case ErrorKind::kExecution:
      return 422;
    case ErrorKind::kTimeout:
      return 503;
    case ErrorKind::kCanceled:
      return 499;
    case ErrorKind::kNotFound:
      return 404;
    case ErrorKind::kUnavailable:
    case ErrorKind::kInternal:
    case ErrorKind::kCorrupt:
    case ErrorKind::kIo:
      break;
  }
  return 500;
}

void answer_error(const Exchange& exchange, ErrorKind kind, const std::string& text) {
  std::string body = "{\"status\":\"error\",\"errorType\":\"";
  body.append(error_type(kind)).append("\",\"error\":");
  append_json_string(body, text);
  body.push_back('}');
  exchange.answer(http_status(kind), std::move(body), "application/json");
}

// `kind`: "warning" or "info". A few are told, the others counted.
void append_notes(std::string& body, std::string_view kind, std::vector<std::string> notes) {
  constexpr size_t kMost = 10;
  if (notes.empty()) return;
  if (notes.size() > kMost) {
    const size_t omitted = notes.size() - kMost;
    notes.resize(kMost);
    notes.push_back(fmt::format("{} more {} annotations omitted", omitted, kind));
  }
  body.append(",\"").append(kind).append("s\":");
  append_json_strings(body, notes);
}

}  // namespace

void set_cors_headers(const Exchange& exchange) {
  exchange.set_header("Vary", "Origin");
  const std::string origin(exchange.header("Origin"));
  if (origin.empty() || !Regex(exchange.options.cors_origin).matches(origin)) return;
  exchange.set_header("Access-Control-Allow-Headers",
                      "Accept, Authorization, Content-Type, Origin");
  exchange.set_header("Access-Control-Allow-Methods", "GET, POST, OPTIONS");
  exchange.set_header("Access-Control-Allow-Origin", origin);
  exchange.set_header("Access-Control-Expose-Headers", "Date");
}

void answer_api(const Exchange& exchange, ApiHandler handler) {
  set_cors_headers(exchange);
  std::string body = "{\"status\":\"success\",\"data\":";
  ApiAnswer answer{body, {}, {}, false};
  try {
    handler(exchange, answer);
    if (answer.no_content) return exchange.answer_empty(204);
    append_notes(body, "warning", std::move(answer.warnings));
    append_notes(body, "info", std::move(answer.infos));
    body.push_back('}');
    exchange.answer(200, std::move(body), "application/json");
  } catch (const Error& e) {
    if (e.kind() == ErrorKind::kInternal || e.kind() == ErrorKind::kCorrupt) {
      log_error("API request failed", "path", exchange.path(), "err", std::string(e.what()));
    }
    answer_error(exchange, e.kind(), e.what());
  } catch (const std::bad_alloc&) {
    answer_error(exchange, ErrorKind::kExecution,
                 "not enough memory for this request; ask for fewer series or a shorter range");
  } catch (const std::exception& e) {
    log_error("API request failed", "path", exchange.path(), "err", std::string(e.what()));
    answer_error(exchange, ErrorKind::kInternal, e.what());
  }
}

}  // namespace hearth::web
