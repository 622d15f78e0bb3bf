#include "web/api.h"

#include <fmt/format.h>

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

// A streamed answer: its data, then the notes and the end of the envelope.
class Envelope final : public BodySource {
 public:
  Envelope(std::string begin, std::unique_ptr<BodySource> data, std::string end)
      : begin_(std::move(begin)), data_(std::move(data)), end_(std::move(end)) {}

  bool next(std::string& out) override {
    out += begin_;
    begin_.clear();
    if (data_ == nullptr) return false;
    if (data_->next(out)) return true;
    data_.reset();
    out += end_;
    return true;
  }

 private:
  std::string begin_;
  std::unique_ptr<BodySource> data_;  // nullptr: the end has been written
  const std::string end_;
};

}  // namespace

void set_cors_headers(const Exchange& exchange) {
  exchange.set_header("Vary", "Origin");
  const std::string origin(exchange.header("Origin"));
  if (origin.empty()) return;
  exchange.set_header("Access-Control-Allow-Headers",
                      "Accept, Authorization, Content-Type, Origin");
  exchange.set_header("Access-Control-Allow-Methods", "GET, POST, OPTIONS");
  exchange.set_header("Access-Control-Expose-Headers", "Date");
  if (!Regex(exchange.options.cors_origin).matches(origin)) return;
  exchange.set_header("Access-Control-Allow-Origin", origin);
}

void answer_api_error(const Exchange& exchange, const Error& error) {
  if (error.kind() == ErrorKind::kInternal || error.kind() == ErrorKind::kCorrupt) {
    log_error("API request failed", "path", exchange.path(), "err", std::string(error.what()));
  }
  answer_error(exchange, error.kind(), error.what());
}

void answer_api(const Exchange& exchange, ApiHandler handler) {
  set_cors_headers(exchange);
  std::string body = "{\"status\":\"success\",\"data\":";
  ApiAnswer answer{body};
  try {
    handler(exchange, answer);
    if (answer.no_content) return exchange.answer_empty(204);
    std::string end;
    append_notes(end, "warning", std::move(answer.warnings));
    append_notes(end, "info", std::move(answer.infos));
    end.push_back('}');
    if (answer.rest == nullptr) return exchange.answer(200, body + end, "application/json");
    exchange.stream(
        200, "application/json",
        std::make_unique<Envelope>(std::move(body), std::move(answer.rest), std::move(end)));
  } catch (const Error& e) {
    answer_api_error(exchange, e);
  } catch (const std::bad_alloc&) {
    answer_error(exchange, ErrorKind::kExecution,
                 "not enough memory for this request; ask for fewer series or a shorter range");
  } catch (const std::exception& e) {
    log_error("API request failed", "path", exchange.path(), "err", std::string(e.what()));
    answer_error(exchange, ErrorKind::kInternal, e.what());
  }
}

}  // namespace hearth::web
