#include "core/error.h"
#include "web/front_loop.h"

namespace hearth::web {
namespace {

constexpr int kPiecesAtOnce = 8;  // of an answer, before others have their turn on the thread

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

bool Front::Loop::begin_turn(Connection& c) {
  c.begin_result = Wire::Io::kBroken;
  guard("http handshake", [&] { c.begin_result = c.wire->begin(c.out); });
  return true;
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

void Front::Loop::on_returned(Connection& c) {
  if (c.begun) {
    on_answered(c);
  } else {
    on_begun(c);
  }
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

}  // namespace hearth::web
