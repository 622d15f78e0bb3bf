#include <sys/epoll.h>
#include <sys/socket.h>

#include <cerrno>

#include "core/error.h"
#include "web/front_loop.h"
#include "web/status_text.h"

namespace hearth::web {
namespace {

constexpr DurationMs kLingerTimeout = 1'000;
constexpr size_t kMaxDiscarded = 16 * 1024 * 1024;  // of what a refused client goes on sending

}  // namespace

// Takes the handshake a step further. Its arithmetic is a worker's.
void Front::Loop::begin(Connection& c) {
  c.readable = false;
  give(c, Workers::Weight::kLight, &Loop::begin_turn);
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

}  // namespace hearth::web
