// One client of the front: the bytes it sent, and which request they make.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>

#include "web/body_source.h"
#include "web/http_body.h"
#include "web/http_head.h"
#include "web/visit.h"
#include "web/wire.h"

namespace hearth::web {

struct RequestLimits {
  size_t max_request_line = 1024 * 1024 + 64;  // so that a URL of 1 MiB fits, as in Go
  size_t max_fields_bytes = 256 * 1024;        // all header fields together
  size_t max_body_bytes = 10 * 1024 * 1024;    // as Go's forms
};

// A request that is complete: what a worker gets.
struct Incoming {
  RequestHead head;
  std::string body;
  std::string peer;  // "127.0.0.1:5123"
  bool keep_alive = true;
  const std::atomic<bool>* canceled = nullptr;  // set when the client has gone
  Visit visit;                                  // what the door knows of it
};

// The front's thread owns it, but for the time in which a worker has it; then the worker uses
// `wire` and the fields of its outcome, and the front touches only what it sets for later.
struct Connection {
  enum class State {
    kHandshake,  // TLS: waiting for the client's next message
    kHead,       // waiting for, or reading, a request's head; idle when `in` is empty
    kBody,       // reading its body
    kBusy,       // a worker has it
    kSending,    // the rest of an answer waits for room
    kLinger      // refused and answered; what still comes is thrown away
  };
  enum class Progress { kMore, kComplete, kRefused };

  Connection(int socket, std::string peer, std::unique_ptr<Wire> bytes)
      : fd(socket), wire(std::move(bytes)) {
    request.peer = std::move(peer);
  }
  ~Connection();
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  // Makes a request of what was received. kRefused: `refusal` has the status to answer.
  Progress advance(const RequestLimits& limits);
  bool idle() const { return state == State::kHandshake || (state == State::kHead && in.empty()); }
  void next_request();  // back to kHead; bytes already received are kept

  const int fd;
  const std::unique_ptr<Wire> wire;
  State state = State::kHead;
  std::string in;
  Incoming request;
  int refusal = 0;
  bool wants_continue = false;  // the client waits for 100 before it sends the body
  size_t sent = 0;              // of `out`
  size_t held = 0;              // bytes received for the current request, and after it
  size_t discarded = 0;         // kLinger: bytes thrown away
  int64_t deadline = 0;         // monotonic ms; 0 = none
  int64_t idle_since = 0;
  int64_t begin_until = 0;  // the deadline of the handshake
  bool readable = false;    // the socket may have bytes that were not read yet
  bool ending = false;      // the client will send no more
  bool gone = false;        // the client neither sends nor reads any more
  bool closed = false;
  std::atomic<bool> canceled{false};

  // The outcome of a worker's turn.
  bool begun = true;  // there is no handshake, or it is done
  Wire::Io begin_result = Wire::Io::kDone;
  bool failed = false;                 // the connection is of no more use
  std::string out;                     // what the socket did not take
  std::unique_ptr<BodySource> source;  // the rest of the answer, after `out`

 private:
  Progress refuse(int status) {
    refusal = status;
    return Progress::kRefused;
  }
  Progress find_head_end(const RequestLimits& limits, size_t& end);

  size_t scanned_ = 0;     // of `in`, for line ends
  size_t first_line_ = 0;  // its length with the line end; 0 = not there yet
  BodyReader body_;
};

}  // namespace hearth::web
