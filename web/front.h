// The event-driven front of the HTTP server: one thread accepts, keeps idle connections, reads
// requests under caps and deadlines and hands each complete one to a worker; it keeps unfinished
// answers while their clients read. So a slow or idle client costs a little memory and never a
// thread.
#pragma once

#include <functional>
#include <memory>
#include <vector>

#include "core/clock.h"
#include "web/connection.h"
#include "web/outbox.h"
#include "web/workers.h"

namespace hearth::web {

struct FrontOptions {
  size_t max_connections = 512;  // beyond, the longest idle one is closed, or the new one waits
  size_t workers = 8;
  RequestLimits limits;
  size_t max_held_bytes = 256 * 1024 * 1024;  // of requests, all together
  DurationMs head_timeout = 10'000;           // from a head's first byte to its end
  DurationMs body_timeout = 300'000;          // from there to the end of the body
  DurationMs idle_timeout = 300'000;          // between requests
  DurationMs send_timeout = 60'000;           // without the client taking a byte
  DurationMs drain_timeout = 10'000;          // stop(): for requests that run
};

// Thread-safe.
class Front {
 public:
  // Writes the answer, or leaves its rest in the outbox, on a worker's thread. When it throws, the
  // connection is closed.
  using Answer = std::function<void(Incoming&, Outbox&)>;
  using Weigh = std::function<Workers::Weight(const RequestHead&)>;
  using MakeWire = std::function<std::unique_ptr<Wire>(int fd)>;
  // Decides about request.visit, or says kUnchecked to be called again as Workers::kPassword.
  using Admit = std::function<void(Incoming&)>;

  // Takes over the listening sockets. Without `make_wire` connections are plain; without `admit`
  // every request is welcome.
  Front(const FrontOptions& options, std::vector<int> listeners, Answer answer, Weigh weigh,
        MakeWire make_wire = nullptr, Admit admit = nullptr);
  ~Front();  // stops

  void start();
  // No new connections, no new requests; answers those that have arrived, then joins. Idempotent.
  void stop();
  size_t connections() const;

 private:
  struct Loop;
  std::unique_ptr<Loop> loop_;
};

}  // namespace hearth::web
