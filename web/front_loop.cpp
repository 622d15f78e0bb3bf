#include "web/front_loop.h"

#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "core/error.h"
#include "core/log.h"
#include "core/threads.h"

namespace hearth::web {
namespace {

constexpr DurationMs kAcceptRetry = 1'000;  // after the process ran out of file descriptors
constexpr DurationMs kEvictAfter = 1'000;   // an idle connection younger than this is in use
constexpr size_t kReadBytes = 64 * 1024;

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

}  // namespace

Front::Loop::Loop(const FrontOptions& o, std::vector<int> listening, Answer a, Weigh w, MakeWire m,
                  Admit d)
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

Front::Loop::~Loop() {
  for (const int fd : listeners) close(fd);
  close(wakeup);
  close(epoll);
}

void Front::Loop::watch(int fd, uint32_t events, void* what) const {
  epoll_event event{};
  event.events = events;
  event.data.ptr = what;
  epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event);
}

void Front::Loop::wake() const {
  const uint64_t one = 1;
  (void)!write(wakeup, &one, sizeof one);
}

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
    if (connections.size() >= options.max_connections && !evict()) {
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

// Closes the connection that has been idle for longest, if for a while; else refuses the one that
// has been sending a body for longest, if for longer than a head may take. False when there is
// none.
bool Front::Loop::evict() {
  Connection* idle = nullptr;
  Connection* sender = nullptr;
  for (const auto& [key, c] : connections) {
    if (c->idle() && (idle == nullptr || c->idle_since < idle->idle_since)) idle = c.get();
    const bool sends = c->state == State::kBody;
    if (sends && (sender == nullptr || c->deadline < sender->deadline)) sender = c.get();
  }
  if (idle != nullptr && idle->idle_since + kEvictAfter <= now) {
    close_connection(*idle);
    return true;
  }
  if (sender == nullptr) return false;
  if (sender->deadline - options.body_timeout + options.head_timeout > now) return false;
  refuse(*sender, 408);
  close_connection(*sender);
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

}  // namespace hearth::web
