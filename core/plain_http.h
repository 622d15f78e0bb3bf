// The cheap way for what nearly all scrapes are: a GET over HTTP/1.1 to an address in numbers,
// without TLS or proxy. Costs a fraction of libcurl, which does all others (http_transport.h).
#pragma once

#include <functional>
#include <memory>

#include "core/clock.h"
#include "core/http_message.h"

namespace hearth {

// Connections are kept and reused. One thread at a time, but for wake(). Callbacks run inside poll().
class PlainHttp {
 public:
  // A connection for one request at a time. It must not outlive its client; destroying it ends its
  // request without a callback.
  class Slot {
   public:
    virtual ~Slot() = default;
  };
  using Done = std::function<void(HttpResponse&& response)>;

  PlainHttp();
  ~PlainHttp();
  PlainHttp(const PlainHttp&) = delete;
  PlainHttp& operator=(const PlainHttp&) = delete;

  static bool fits(const HttpRequest& request);
  std::unique_ptr<Slot> slot();
  // Requires: fits(request), and the slot has no request under way.
  void start(Slot& slot, const HttpRequest& request, Done done);
  // The same for a request that differs from the slot's last one in nothing but expected_body_bytes: its bytes
  // are there.
  void repeat(Slot& slot, const HttpRequest& request, Done done);

  // Moves requests on; returns after at most wait_ms, earlier when something happened. Returns whether the
  // descriptor of also_return_for() is readable.
  bool poll(DurationMs wait_ms);
  void wake();  // makes poll() return soon; from any thread
  void also_return_for(int fd);

  struct State;

 private:
  std::unique_ptr<State> state_;
};

}  // namespace hearth
