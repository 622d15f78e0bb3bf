#include "web/server.h"

#include <unistd.h>

#include "core/error.h"
#include "core/log.h"
#include "web/answer.h"
#include "web/cross_site.h"
#include "web/door.h"
#include "web/front.h"
#include "web/http_metrics.h"
#include "web/listen.h"
#include "web/routes.h"
#include "web/status_text.h"
#include "web/tls_wire.h"

namespace hearth::web {
namespace {

Options with_prefix(Options options) {
  options.route_prefix = route_prefix(options);
  return options;
}

FrontOptions front_options(const Options& options) {
  FrontOptions front;
  front.max_connections = options.max_connections;
  front.workers = options.workers;
  front.idle_timeout = front.body_timeout = options.read_timeout;
  front.head_timeout = std::min(options.head_timeout, options.read_timeout);
  front.drain_timeout = options.drain_timeout;
  return front;
}

std::vector<int> listen_on_all(const std::vector<std::string>& addresses) {
  std::vector<int> sockets;
  try {
    for (const std::string& address : addresses) sockets.push_back(listen_on(address));
  } catch (...) {
    for (const int fd : sockets) close(fd);
    throw;
  }
  return sockets;
}

void answer_refusal(const Exchange& exchange, int status) {
  if (status == 401) exchange.set_header("WWW-Authenticate", "Basic");
  exchange.answer_error_text(status, std::string(status_text(status)));
}

std::unique_ptr<Door> open_door(const std::string& config_file, const Clock& clock) {
  try {
    return std::make_unique<Door>(config_file, clock);
  } catch (const Error& error) {
    throw Error(error.kind(),
                "Unable to validate web configuration file: " + std::string(error.what()));
  }
}

}  // namespace

struct Server::State {
  State(const Options& o, Services s)
      : options(with_prefix(o)),
        first_services(s),
        services(std::move(s)),
        metrics(*services.registry) {
    if (!options.web_config_file.empty()) {
      door = open_door(options.web_config_file, *first_services.clock);
    }
    const std::vector<int> sockets = listen_on_all(options.listen_addresses);
    for (const int fd : sockets) ports.push_back(bound_port(fd));
    front = std::make_unique<Front>(
        front_options(options), sockets,
        [this](Incoming& incoming, Outbox& out) { answer(incoming, out); },
        [this](const RequestHead& head) { return weigh(head); }, make_wire(), admit());
    ready_gauge =
        first_services.registry->gauge("prometheus_ready",
                                       "Whether startup was fully completed and the server is "
                                       "ready for normal operation.");
  }

  Front::MakeWire make_wire() const {
    if (!door || !door->has_tls()) return nullptr;
    return [this](int fd) { return std::make_unique<TlsWire>(fd, door->file()); };
  }

  Front::Admit admit() const {
    if (!door) return nullptr;
    return [this](Incoming& incoming) { door->admit(incoming.head, incoming.visit); };
  }

  void answer(Incoming& incoming, Outbox& out) {
    const int64_t start = first_services.clock->monotonic_nanos();
    const bool is_ready = ready.load(std::memory_order_acquire);
    const Visit& visit = incoming.visit;
    const AnswerContext context{is_ready ? services : first_services, options, is_ready,
                                visit.config.get()};
    const auto answered = [this, start](const AnswerSummary& summary) {
      if (summary.route == nullptr) return;
      const int64_t nanos = first_services.clock->monotonic_nanos() - start;
      metrics.observe(*summary.route, summary.status, static_cast<double>(nanos) / 1e9,
                      summary.body_bytes);
    };
    const auto handle = [&visit](Exchange& exchange) -> const Route* {
      if (visit.state == Visit::State::kRefused) {
        answer_refusal(exchange, visit.refusal);
      } else if (made_by_another_site(exchange)) {
        exchange.answer_error_text(403,
                                   "a page of another site may not change anything here; "
                                   "allow its origin with --web.cors.origin");
      } else {
        return answer_route(exchange);
      }
      return nullptr;
    };
    answer_request(incoming, context, handle, answered, out);
  }

  Workers::Weight weigh(const RequestHead& head) const {
    std::string_view path = head.path;
    if (!path.starts_with(options.route_prefix)) return Workers::Weight::kLight;
    path.remove_prefix(options.route_prefix.size());
    std::string name;
    const Route* const route = find_route(path, name);
    return route == nullptr ? Workers::Weight::kLight : route->weight;
  }

  const Options options;
  const Services first_services;  // those before connect(); used until ready
  Services services;              // not changed once ready
  HttpMetrics metrics;
  Gauge ready_gauge;
  std::atomic<bool> ready{false}, stopped{false};
  std::vector<int> ports;
  std::unique_ptr<Door> door;  // nullptr: it stands open
  std::unique_ptr<Front> front;
};

Server::Server(const Options& options, Services services)
    : state_(std::make_unique<State>(options, std::move(services))) {}

Server::~Server() { stop(); }

void Server::start() {
  state_->front->start();
  for (const std::string& address : state_->options.listen_addresses) {
    log_info("Listening on", "address", address, "tls", state_->door && state_->door->has_tls());
  }
}

void Server::connect(Services services) { state_->services = std::move(services); }

void Server::set_ready(bool ready) {
  const Services& services = state_->services;
  state_->ready.store(ready, std::memory_order_release);
  // Whoever is not ready may have nothing to ask any more.
  state_->ready_gauge.set(ready && (!services.replay || services.replay().done) ? 1 : 0);
}

void Server::stop() {
  if (state_->stopped.exchange(true)) return;
  state_->front->stop();
  for (const std::string& address : state_->options.listen_addresses) {
    guard("http server", [&] { stop_listening_on(address); });
  }
}

std::vector<int> Server::ports() const { return state_->ports; }

}  // namespace hearth::web
