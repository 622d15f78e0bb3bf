// The front's thread and what it works on: front_loop.cpp waits for events and keeps the time,
// front_requests.cpp makes requests of bytes, front_answers.cpp has them answered by workers.
#pragma once

#include <algorithm>
#include <atomic>
#include <limits>
#include <memory>
#include <string>
#include <thread>
#include <unordered_map>
#include <vector>

#include "core/mutex.h"
#include "web/front.h"

namespace hearth::web {

// All of it is the thread's own, but for what is told otherwise below. Sockets are edge-triggered,
// so one epoll_ctl per connection is enough.
struct Front::Loop {
  using State = Connection::State;
  static constexpr int64_t kNever = std::numeric_limits<int64_t>::max();

  Loop(const FrontOptions& o, std::vector<int> listening, Answer a, Weigh w, MakeWire m, Admit d);
  ~Loop();

  // Events and time.
  void run();
  void wake() const;  // from any thread
  void take_wakeup();
  void watch(int fd, uint32_t events, void* what) const;
  void set_accepting(bool on);
  void accept_all(int listener);
  bool evict();
  void on_event(Connection& c, uint32_t events);
  void set_deadline(Connection& c, DurationMs in) {
    c.deadline = now + in;
    next_deadline = std::min(next_deadline, c.deadline);
  }
  void expire();
  void begin_drain();

  // From bytes to requests, and what is done with those that are none.
  void begin(Connection& c);
  void on_begun(Connection& c);
  void read(Connection& c);
  void make_room();
  void discard(Connection& c);
  void advance(Connection& c);
  void refuse(Connection& c, int status);
  void linger(Connection& c);
  void close_connection(Connection& c);

  // From requests to answers. A worker's turn with a connection; false: another turn follows.
  using Turn = bool (Loop::*)(Connection&);
  void dispatch(Connection& c);
  void give(Connection& c, Workers::Weight weight, Turn turn);
  void submit(Connection& c, Workers::Weight weight, Turn turn);
  bool begin_turn(Connection& c);
  bool admit_turn(Connection& c);
  bool answer_turn(Connection& c);
  void on_returned(Connection& c);
  void on_answered(Connection& c);
  void send_rest(Connection& c);
  void after_answer(Connection& c);

  const FrontOptions options;
  std::vector<int> listeners;
  const Answer answer;
  const Weigh weigh;
  const MakeWire make_wire;
  const Admit admit;
  int epoll = -1;
  int wakeup = -1;

  std::unordered_map<const Connection*, std::unique_ptr<Connection>> connections;
  std::vector<std::unique_ptr<Connection>> graveyard;  // until no event can name them
  int64_t now = 0;
  int64_t next_deadline = kNever;
  int64_t drain_until = kNever;
  size_t held = 0;  // bytes of requests, of all connections
  bool accepting = false;
  bool draining = false;
  std::string buffer;

  // Of all threads.
  Mutex mutex;
  std::vector<Connection*> returned GUARDED_BY(mutex);  // by workers
  std::atomic<bool> stopping{false};
  std::atomic<size_t> open{0};
  std::unique_ptr<Workers> workers;
  std::thread thread;
};

}  // namespace hearth::web
