#include "web/answer.h"

#include <httplib.h>

#include <ctime>

#include "config/web_config.h"
#include "core/error.h"
#include "core/log.h"
#include "web/framed_body.h"
#include "web/packer.h"
#include "web/url.h"

namespace hearth::web {
namespace {

constexpr size_t kMinPackedBytes = 1024;

std::string http_date() {
  const time_t now = time(nullptr);
  tm utc{};
  gmtime_r(&now, &utc);
  char text[40];
  const size_t size = strftime(text, sizeof text, "%a, %d %b %Y %H:%M:%S GMT", &utc);
  return {text, size};
}

// The engine's view of the connection: a request line to start it, and the outbox.
class EngineStream final : public httplib::Stream {
 public:
  explicit EngineStream(Outbox& out) : out_(out) {}
  bool is_readable() const override { return true; }
  bool is_writable() const override { return !out_.broken(); }
  ssize_t read(char* to, size_t size) override {
    const size_t count = std::min(size, left_.size());
    left_.copy(to, count);
    left_.remove_prefix(count);
    return static_cast<ssize_t>(count);
  }
  ssize_t write(const char* bytes, size_t size) override {
    out_.write({bytes, size});
    return out_.broken() ? -1 : static_cast<ssize_t>(size);
  }
  void get_remote_ip_and_port(std::string& ip, int& port) const override { ip.clear(), port = 0; }
  void get_local_ip_and_port(std::string& ip, int& port) const override { ip.clear(), port = 0; }
  socket_t socket() const override { return INVALID_SOCKET; }

 private:
  Outbox& out_;
  std::string_view left_ = "GET / HTTP/1.1\r\n\r\n";
};

// One per worker thread. One thread.
class Engine final : public httplib::Server {
 public:
  Engine() {
    svr_sock_ = 0;  // an engine without a socket gives up answers of unknown length
    set_pre_routing_handler([this](const httplib::Request& request, httplib::Response& response) {
      (*handler_)(request, response);
      return HandlerResponse::Handled;
    });
    set_post_routing_handler([this](const httplib::Request&, httplib::Response& response) {
      response.headers.erase("Keep-Alive");  // its numbers would be those of the library's listen()
      response.headers.erase("Accept-Ranges");
      if (response.status == 204 || framing_ != Framing::kLength) {
        response.headers.erase("Content-Length");
      }
      if (framing_ == Framing::kChunks) response.headers.emplace("Transfer-Encoding", "chunked");
      if (framing_ == Framing::kClose) {
        response.headers.erase("Connection");
        response.headers.emplace("Connection", "close");
      }
      response.headers.emplace("Date", http_date());
    });
  }
  ~Engine() override { svr_sock_ = INVALID_SOCKET; }

  void run(Outbox& out, bool close, const std::function<void(httplib::Request&)>& fill,
           const Handler& handler) {
    handler_ = &handler;
    framing_ = Framing::kLength;
    EngineStream stream(out);
    bool connection_closed = false;
    process_request(stream, close, connection_closed, fill);
  }

  // The answer of the running request has no Content-Length: its body comes in chunks, or ends with
  // the connection.
  void leave_length_open(bool chunked) { framing_ = chunked ? Framing::kChunks : Framing::kClose; }

 private:
  enum class Framing { kLength, kChunks, kClose };
  const Handler* handler_ = nullptr;
  Framing framing_ = Framing::kLength;
};

bool is_form(std::string_view content_type) {
  content_type = content_type.substr(0, content_type.find(';'));
  while (content_type.ends_with(' ')) content_type.remove_suffix(1);
  return equal_ignoring_case(content_type, "application/x-www-form-urlencoded");
}

// Moves what the front has read into the engine's request. Returns the first malformed parameter's
// error.
std::string fill_request(Incoming& incoming, httplib::Request& request) {
  RequestHead& head = incoming.head;
  request.method = std::move(head.method);
  request.path = std::move(head.path);
  request.target = std::move(head.raw_path);
  if (!head.query.empty()) request.target.append("?").append(head.query);
  request.body = std::move(incoming.body);
  request.headers.clear();
  for (RequestHead::Field& field : head.fields) {
    // Ranges are not served, as in Prometheus; the encoding is ours to choose.
    if (equal_ignoring_case(field.name, "Range") || equal_ignoring_case(field.name, "Expect") ||
        equal_ignoring_case(field.name, "Accept-Encoding")) {
      continue;
    }
    request.headers.emplace(std::move(field.name), std::move(field.value));
  }
  FormPairs pairs;
  std::string form_error;
  const bool has_body_form =
      request.method == "POST" || request.method == "PUT" || request.method == "PATCH";
  if (has_body_form && is_form(request.get_header_value("Content-Type"))) {
    form_error = parse_form(request.body, pairs);
  }
  const std::string query_error = parse_form(head.query, pairs);
  for (auto& [name, value] : pairs) request.params.emplace(std::move(name), std::move(value));
  return form_error.empty() ? query_error : form_error;
}

// Beside what the handler lets it depend on.
void add_vary(httplib::Response& response) {
  constexpr const char* kName = "Accept-Encoding";
  std::string vary = response.get_header_value("Vary");
  if (has_token(vary, kName)) return;
  vary.append(vary.empty() ? "" : ", ").append(kName);
  response.headers.erase("Vary");
  response.set_header("Vary", vary);
}

void set_packing(Packing packing, httplib::Response& response) {
  response.set_header("Content-Encoding", std::string(packing_name(packing)));
  add_vary(response);
}

void pack_body(Packing packing, httplib::Response& response) {
  const bool worth_it = response.body.size() >= kMinPackedBytes;
  if (packing == Packing::kNone || !worth_it || response.has_header("Content-Encoding")) return;
  response.body = pack(packing, response.body);
  set_packing(packing, response);
}

}  // namespace

void answer_request(Incoming& incoming, const AnswerContext& context, const Handle& handle,
                    const Answered& answered, Outbox& out) {
  thread_local Engine engine;
  AnswerSummary summary{nullptr, 500, 0};
  const std::string_view accepted = incoming.head.field("Accept-Encoding");
  const Packing packing = choose_packing(accepted);
  const bool gzip = accepts_gzip(accepted);
  const bool chunked = !incoming.head.http_1_0;
  std::unique_ptr<BodySource> rest;
  std::string form_error, first;
  engine.run(
      out, !incoming.keep_alive,
      [&](httplib::Request& request) { form_error = fill_request(incoming, request); },
      [&](const httplib::Request& request, httplib::Response& response) {
        Exchange exchange{request,
                          response,
                          context.services,
                          context.options,
                          incoming.canceled,
                          {},
                          std::move(form_error),
                          context.ready,
                          gzip,
                          incoming.peer,
                          &rest};
        if (incoming.keep_alive && has_token(exchange.header("Connection"), "keep-alive")) {
          exchange.set_header("Connection", "keep-alive");  // HTTP/1.0 wants to be told
        }
        try {
          summary.route = handle(exchange);
          if (rest == nullptr) pack_body(packing, response);
        } catch (const std::exception& e) {
          log_error("HTTP handler failed", "path", request.path, "err", std::string(e.what()));
          rest.reset();
          response.headers.clear();
          exchange.answer_error_text(500, e.what());
        }
        if (context.web_config != nullptr) {
          for (const auto& [name, value] : context.web_config->headers) {
            exchange.set_header(name, value);
          }
        }
        summary.status = response.status;
        summary.body_bytes = response.body.size();
        if (rest == nullptr) return;
        first.swap(response.body);
        if (packing != Packing::kNone) set_packing(packing, response);
        engine.leave_length_open(chunked);
      });
  if (rest == nullptr) return answered(summary);
  if (!chunked) incoming.keep_alive = false;
  const auto ended = [summary, answered](size_t body_bytes) {
    answered({summary.route, summary.status, body_bytes});
  };
  auto body = std::make_unique<FramedBody>(std::move(first), std::move(rest), packing, chunked,
                                           std::move(ended));
  std::string piece;
  body->next(piece);
  out.write(piece);
  out.leave(std::move(body));
}

}  // namespace hearth::web
