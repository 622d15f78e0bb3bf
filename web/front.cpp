#include "web/front.h"

#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <limits>
#include <thread>
#include <unordered_map>

#include "core/error.h"
#include "core/log.h"
#include "core/threads.h"
#include "web/status_text.h"

namespace hearth::web {
namespace {

using State = Connection::State;

constexpr int64_t kNever = std::numeric_limits<int64_t>::max();
constexpr DurationMs kLingerTimeout = 1'000;
constexpr DurationMs kAcceptRetry = 1'000;  // after the process ran out of file descriptors
constexpr DurationMs kEvictAfter = 1'000;   // an idle connection younger than this is in use
constexpr size_t kReadBytes = 64 * 1024;
constexpr size_t kMaxDiscarded = 16 * 1024 * 1024;  // of what a refused client goes on sending
constexpr int kPiecesAtOnce = 8;  // of an answer, before others have their turn on the thread

int64_t now_ms() { return system_clock().monotonic_nanos() / 1'000'000; }

std::string peer_text(const sockaddr_storage& address) {
  if (address.ss_family == AF_UNIX) return "@";  // as Go calls whoever is at the other end
  char host[INET6_ADDRSTRLEN] = "";
  if (address.ss_family == AF_INET6) {
    const auto& in6 = reinterpret_cast<const sockaddr_in6&>(address);
    inet_ntop(AF_INET6, &in6.sin6_addr, host, sizeof host);
    return "[" + std::string(host) + "]:" + std::to_string(ntohs(in6.sin6_port));
  }
  const auto& in = reinterpret_cast<const sockaddr_in&>(address);
  inet_ntop(AF_INET, &in.sin_addr, host, sizeof host);
  return std::string(host) + ":" + std::to_string(ntohs(in.sin_port));
}

// Makes and sends the next pieces of an answer while the client takes them.
void send_pieces(std::unique_ptr<BodySource>& source, Outbox& out) {
  std::string piece;
  for (int i = 0; i < kPiecesAtOnce && source && !out.full() && !out.broken(); ++i) {
    piece.clear();
    if (!source->next(piece)) source.reset();
    out.write(piece);
    out.flush();
  }
}

}  // namespace

// The thread's own data; sockets are edge-triggered, so one epoll_ctl per connection is enough.
struct Front::Loop {
  Loop(const FrontOptions& o, std::vector<int> listening, Answer a, Weigh w, MakeWire m, Admit d)
      : options(o),
        listeners(std::move(listening)),
        answer(std::move(a)),
        weigh(std::move(w)),
        make_wire(std::move(m)),
        admit(std::move(d)) {
    epoll = epoll_create1(EPOLL_CLOEXEC);
    wakeup = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (epoll < 0 || wakeup < 0) throw Error(ErrorKind::kIo, "http: epoll is not available");
    watch(wakeup, EPOLLIN, &wakeup);
  }
  ~Loop() {
    for (const int fd : listeners) close(fd);
    close(wakeup);
    close(epoll);
  }

  void watch(int fd, uint32_t events, void* what) const {
    epoll_event event{};
    event.events = events;
    event.data.ptr = what;
    epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event);
  }
  void wake() const {
    const uint64_t one = 1;
    (void)!write(wakeup, &one, sizeof one);
  }

  void run();
  void take_wakeup();
  void set_accepting(bool on);
  void accept_all(int listener);
  bool evict_idle();
  void on_event(Connection& c, uint32_t events);
  void begin(Connection& c);
  void on_begun(Connection& c);
  void read(Connection& c);
  void make_room();
  void discard(Connection& c);
  void advance(Connection& c);
  void dispatch(Connection& c);
  // A worker's turn with a connection; false: another turn follows.
  using Turn = bool (Loop::*)(Connection&);
  void give(Connection& c, Workers::Weight weight, Turn turn);
  void submit(Connection& c, Workers::Weight weight, Turn turn);
  bool begin_turn(Connection& c);
  bool admit_turn(Connection& c);
  bool answer_turn(Connection& c);
  void on_returned(Connection& c);
  void on_answered(Connection& c);
  void send_rest(Connection& c);
  void after_answer(Connection& c);
  void refuse(Connection& c, int status);
  void linger(Connection& c);
  void close_connection(Connection& c);
  void expire();
  void begin_drain();
  void set_deadline(Connection& c, DurationMs in) {
    c.deadline = now + in;
    next_deadline = std::min(next_deadline, c.deadline);
  }

  const FrontOptions options;
  std::vector<int> listeners;
  const Answer answer;
  const Weigh weigh;
  const MakeWire make_wire;
  const Admit admit;
  int epoll = -1;
  int wakeup = -1;

  // Of the front's thread.
  std::unordered_map<const Connection*, std::unique_ptr<Connection>> connections;
  std::vector<std::unique_ptr<Connection>> graveyard;  // until no event can name them
  int64_t now = 0;
  int64_t next_deadline = kNever;
  int64_t drain_until = kNever;
  size_t held = 0;  // bytes of requests, of all connections
  bool accepting = false;
  bool draining = false;
  std::string buffer;

  Mutex mutex;
  std::vector<Connection*> returned GUARDED_BY(mutex);  // by workers
  std::atomic<bool> stopping{false};
  std::atomic<size_t> open{0};
  std::unique_ptr<Workers> workers;
  std::thread thread;
};

void Front::Loop::run() {
  name_thread("http-front");
  buffer.resize(kReadBytes);
  now = now_ms();
  set_accepting(true);
  epoll_event events[64];
  while (!draining || !connections.empty()) {
    const int64_t wait = std::clamp<int64_t>(next_deadline - now, 0, 60'000);
    const int count = epoll_wait(epoll, events, 64, static_cast<int>(wait));
    now = now_ms();
    for (int i = 0; i < count; ++i) {
      void* const what = events[i].data.ptr;
      if (what == &wakeup) {
        take_wakeup();
      } else if (what >= listeners.data() && what < listeners.data() + listeners.size()) {
        accept_all(*static_cast<int*>(what));
      } else {
        on_event(*static_cast<Connection*>(what), events[i].events);
      }
    }
    if (stopping.load(std::memory_order_acquire) && !draining) begin_drain();
    if (now >= next_deadline) expire();
    graveyard.clear();
  }
}

void Front::Loop::take_wakeup() {
  uint64_t count = 0;
  (void)!::read(wakeup, &count, sizeof count);
  std::vector<Connection*> back;
  {
    MutexLock lock(mutex);
    back.swap(returned);
  }
  for (Connection* c : back) on_returned(*c);
}

void Front::Loop::on_returned(Connection& c) {
  if (c.begun) {
    on_answered(c);
  } else {
    on_begun(c);
  }
}

void Front::Loop::set_accepting(bool on) {
  if (accepting == on) return;
  accepting = on;
  for (int& listener : listeners) {
    if (on) {
      watch(listener, EPOLLIN, &listener);
    } else {
      epoll_ctl(epoll, EPOLL_CTL_DEL, listener, nullptr);
    }
  }
}

void Front::Loop::accept_all(int listener) {
  while (accepting) {
    if (connections.size() >= options.max_connections && !evict_idle()) {
      set_accepting(false);
      next_deadline = std::min(next_deadline, now + kEvictAfter);
      return;
    }
    sockaddr_storage address{};
    socklen_t size = sizeof address;
    const int fd = accept4(listener, reinterpret_cast<sockaddr*>(&address), &size,
                           SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (fd < 0) {
      if (errno == EINTR || errno == ECONNABORTED) continue;
      if (errno != EAGAIN && errno != EWOULDBLOCK) {
        log_error("Accepting an HTTP connection failed", "err", std::string(std::strerror(errno)));
        set_accepting(false);
        next_deadline = std::min(next_deadline, now + kAcceptRetry);
      }
      return;
    }
    const int on = 1;
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    auto connection = std::make_unique<Connection>(
        fd, peer_text(address), make_wire ? make_wire(fd) : std::make_unique<PlainWire>(fd));
    Connection& c = *connection;
    connections.emplace(&c, std::move(connection));
    open.store(connections.size(), std::memory_order_relaxed);
    c.idle_since = now;
    if (make_wire) {
      c.begun = false;
      c.state = State::kHandshake;
      c.begin_until = now + options.head_timeout;
      set_deadline(c, options.head_timeout);
    } else {
      set_deadline(c, options.idle_timeout);
    }
    watch(fd, EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET, &c);
  }
}

// Closes the connection that has been idle for longest; false when none has been for a while.
bool Front::Loop::evict_idle() {
  Connection* oldest = nullptr;
  for (const auto& [key, c] : connections) {
    if (c->idle() && (oldest == nullptr || c->idle_since < oldest->idle_since)) oldest = c.get();
  }
  if (oldest == nullptr || oldest->idle_since + kEvictAfter > now) return false;
  close_connection(*oldest);
  return true;
}

void Front::Loop::on_event(Connection& c, uint32_t events) {
  if (c.closed) return;
  if ((events & (EPOLLHUP | EPOLLERR)) != 0) c.gone = true;
  const bool ends_now = (events & EPOLLRDHUP) != 0 && !c.ending;
  if (ends_now) c.ending = true;
  if ((events & (EPOLLIN | EPOLLRDHUP)) != 0) c.readable = true;
  if (c.state == State::kBusy) {
    if (c.gone || ends_now) c.canceled.store(true, std::memory_order_relaxed);
    return;
  }
  if (c.gone) return close_connection(c);
  if (c.state == State::kSending) {
    if ((events & EPOLLOUT) != 0) send_rest(c);
  } else if (c.state == State::kHandshake) {
    begin(c);
  } else if (c.readable) {
    read(c);
  }
}

// Takes the handshake a step further. Its arithmetic is a worker's.
void Front::Loop::begin(Connection& c) {
  c.readable = false;
  give(c, Workers::Weight::kLight, &Loop::begin_turn);
}

bool Front::Loop::begin_turn(Connection& c) {
  c.begin_result = Wire::Io::kBroken;
  guard("http handshake", [&] { c.begin_result = c.wire->begin(c.out); });
  return true;
}

void Front::Loop::on_begun(Connection& c) {
  if (c.gone) return close_connection(c);
  switch (c.begin_result) {
    case Wire::Io::kAgain:
      c.state = State::kHandshake;
      c.deadline = c.begin_until;
      next_deadline = std::min(next_deadline, c.deadline);
      if (c.readable) begin(c);
      return;
    case Wire::Io::kDone:
      c.begun = c.readable = true;
      c.state = State::kHead;
      c.idle_since = now;
      set_deadline(c, options.idle_timeout);
      return read(c);
    default:
      (void)!send(c.fd, c.out.data(), c.out.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
      c.out.clear();
      linger(c);
  }
}

// Reads until the socket is empty or a request is complete.
void Front::Loop::read(Connection& c) {
  while (c.readable && !c.closed && (c.state == State::kHead || c.state == State::kBody)) {
    size_t count = 0;
    const Wire::Io io = c.wire->read(buffer.data(), buffer.size(), count);
    if (io == Wire::Io::kAgain) {
      c.readable = false;
      return;
    }
    if (io != Wire::Io::kDone) return close_connection(c);
    // A short read emptied the socket, but for an end that was already told.
    if (count < buffer.size() && !c.ending) c.readable = false;
    if (c.idle()) set_deadline(c, options.head_timeout);
    c.in.append(buffer, 0, count);
    c.held += count;
    held += count;
    if (held > options.max_held_bytes) make_room();
    if (c.state != State::kHead && c.state != State::kBody) return;
    advance(c);
  }
  if (c.state == State::kLinger) discard(c);
}

// Refuses the unfinished request that holds most: who sends little is not held up by who sends
// much.
void Front::Loop::make_room() {
  Connection* largest = nullptr;
  for (const auto& [key, c] : connections) {
    const bool unfinished = c->state == State::kHead || c->state == State::kBody;
    if (unfinished && (largest == nullptr || c->held > largest->held)) largest = c.get();
  }
  if (largest != nullptr) refuse(*largest, 503);
}

void Front::Loop::discard(Connection& c) {
  while (c.readable && !c.closed) {
    const ssize_t count = recv(c.fd, buffer.data(), buffer.size(), MSG_DONTWAIT);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) {
      c.readable = false;
      if (errno != EAGAIN && errno != EWOULDBLOCK) close_connection(c);
      return;
    }
    c.discarded += static_cast<size_t>(count);
    if (count == 0 || c.discarded > kMaxDiscarded) close_connection(c);
  }
}

void Front::Loop::advance(Connection& c) {
  const bool in_head = c.state == State::kHead;
  switch (c.advance(options.limits)) {
    case Connection::Progress::kComplete:
      return dispatch(c);
    case Connection::Progress::kRefused:
      return refuse(c, c.refusal);
    case Connection::Progress::kMore:
      break;
  }
  if (in_head && c.state == State::kBody) set_deadline(c, options.body_timeout);
  if (c.wants_continue) {
    c.wants_continue = false;
    size_t sent = 0;
    c.wire->write("HTTP/1.1 100 Continue\r\n\r\n", {}, sent);
  }
}

void Front::Loop::dispatch(Connection& c) {
  c.request.canceled = &c.canceled;
  if (draining) c.request.keep_alive = false;
  if (admit) return give(c, Workers::Weight::kLight, &Loop::admit_turn);
  give(c, weigh(c.request.head), &Loop::answer_turn);
}

// The connection is a worker's from here to on_returned().
void Front::Loop::give(Connection& c, Workers::Weight weight, Turn turn) {
  c.state = State::kBusy;
  c.deadline = 0;
  submit(c, weight, turn);
}

void Front::Loop::submit(Connection& c, Workers::Weight weight, Turn turn) {
  workers->submit(weight, [this, &c, turn] {
    if (!(this->*turn)(c)) return;
    bool first = false;
    {
      MutexLock lock(mutex);
      first = returned.empty();
      returned.push_back(&c);
    }
    if (first) wake();
  });
}

bool Front::Loop::admit_turn(Connection& c) {
  Visit& visit = c.request.visit;
  if (!guard("http request", [&] { admit(c.request); })) {
    c.failed = true;
    return true;
  }
  if (visit.state == Visit::State::kUnchecked) {
    submit(c, Workers::Weight::kPassword, &Loop::admit_turn);
    return false;
  }
  const bool welcome = visit.state == Visit::State::kWelcome;
  if (!welcome || weigh(c.request.head) == Workers::Weight::kLight) return answer_turn(c);
  submit(c, Workers::Weight::kHeavy, &Loop::answer_turn);
  return false;
}

// Begins an answer, or goes on with one.
bool Front::Loop::answer_turn(Connection& c) {
  Outbox outbox(*c.wire);
  const bool done = guard("http request", [&] {
    if (!c.source) {
      answer(c.request, outbox);
      outbox.flush();
      c.source = outbox.take_source();
    }
    send_pieces(c.source, outbox);
  });
  c.failed = !done || outbox.broken();
  c.out = outbox.take_rest();
  return true;
}

void Front::Loop::on_answered(Connection& c) {
  if (c.failed || c.gone) return close_connection(c);
  c.state = State::kSending;
  c.sent = 0;
  set_deadline(c, options.send_timeout);
  send_rest(c);
}

void Front::Loop::send_rest(Connection& c) {
  while (c.sent < c.out.size()) {
    size_t count = 0;
    const Wire::Io io = c.wire->write(std::string_view(c.out).substr(c.sent), {}, count);
    if (io == Wire::Io::kAgain) return;
    if (io != Wire::Io::kDone) return close_connection(c);
    c.sent += count;
    set_deadline(c, options.send_timeout);
  }
  c.out = {};
  if (c.source) return give(c, Workers::Weight::kLight, &Loop::answer_turn);
  after_answer(c);
}

void Front::Loop::after_answer(Connection& c) {
  if (!c.request.keep_alive || draining) return linger(c);
  c.next_request();
  held -= c.held - c.in.size();
  c.held = c.in.size();
  if (c.in.empty()) {
    c.idle_since = now;
    set_deadline(c, options.idle_timeout);
  } else {  // pipelined
    set_deadline(c, options.head_timeout);
    advance(c);
  }
  read(c);
}

void Front::Loop::refuse(Connection& c, int status) {
  size_t sent = 0;
  c.wire->write(status_line_answer(status), {}, sent);
  linger(c);
}

// Closing with unread bytes would reset the connection and destroy the answer on its way: so stop
// sending, and throw away what comes until the client has closed too.
void Front::Loop::linger(Connection& c) {
  c.wire->end_sending();
  c.next_request();
  c.state = State::kLinger;
  c.in = {};
  held -= c.held;
  c.held = 0;
  set_deadline(c, kLingerTimeout);
  discard(c);
}

void Front::Loop::close_connection(Connection& c) {
  if (c.closed) return;
  c.closed = true;
  held -= c.held;
  epoll_ctl(epoll, EPOLL_CTL_DEL, c.fd, nullptr);
  if (c.source) {  // a large result takes its time to be freed
    workers->submit(Workers::Weight::kLight,
                    [rest = std::shared_ptr<BodySource>(std::move(c.source))] {});
  }
  const auto found = connections.find(&c);
  graveyard.push_back(std::move(found->second));
  connections.erase(found);
  open.store(connections.size(), std::memory_order_relaxed);
  if (!draining) set_accepting(true);
}

// Closes what is past its deadline, and finds the next one.
void Front::Loop::expire() {
  std::vector<Connection*> late;
  next_deadline = kNever;
  for (const auto& [key, c] : connections) {
    if (c->deadline == 0) continue;
    if (c->deadline <= now) {
      late.push_back(c.get());
    } else {
      next_deadline = std::min(next_deadline, c->deadline);
    }
  }
  for (Connection* c : late) {
    const bool reading = c->state == State::kBody || (c->state == State::kHead && !c->in.empty());
    if (reading) {
      refuse(*c, 408);
    } else {
      close_connection(*c);
    }
  }
  if (!draining) return set_accepting(true);
  if (now < drain_until) {
    next_deadline = std::min(next_deadline, drain_until);
    return;
  }
  std::vector<Connection*> unfinished;
  for (const auto& [key, c] : connections) {
    c->canceled.store(true, std::memory_order_relaxed);
    if (c->state != State::kBusy) unfinished.push_back(c.get());
  }
  for (Connection* c : unfinished) close_connection(*c);
}

void Front::Loop::begin_drain() {
  set_accepting(false);
  draining = true;
  drain_until = now + options.drain_timeout;
  next_deadline = std::min(next_deadline, drain_until);
  std::vector<Connection*> waiting;
  for (const auto& [key, c] : connections) {
    if (c->state != State::kBusy && c->state != State::kSending) waiting.push_back(c.get());
  }
  for (Connection* c : waiting) {
    c->readable = true;  // a request that has arrived whole is still answered
    read(*c);
    if (!c->closed && c->state != State::kBusy) close_connection(*c);
  }
}

Front::Front(const FrontOptions& options, std::vector<int> listeners, Answer answer, Weigh weigh,
             MakeWire make_wire, Admit admit)
    : loop_(std::make_unique<Loop>(options, std::move(listeners), std::move(answer),
                                   std::move(weigh), std::move(make_wire), std::move(admit))) {}

Front::~Front() { stop(); }

void Front::start() {
  loop_->workers = std::make_unique<Workers>(loop_->options.workers);
  loop_->thread = std::thread([loop = loop_.get()] { loop->run(); });
}

void Front::stop() {
  if (!loop_->thread.joinable()) return;
  loop_->stopping.store(true, std::memory_order_release);
  loop_->wake();
  loop_->thread.join();
  loop_->workers.reset();
}

size_t Front::connections() const { return loop_->open.load(std::memory_order_relaxed); }

}  // namespace hearth::web
