// HTTP requests to others, event-driven: any number at once, on the thread that calls poll(). Follows
// redirects, and lets an authority complete a request before it goes out.
#pragma once

#include <functional>
#include <memory>

#include "core/clock.h"
#include "core/http_message.h"

namespace hearth {

// Connections are kept and reused. One thread at a time, but for wake(). Callbacks run inside poll().
class HttpClient {
 public:
  // A place for one request at a time, which keeps its connection open between requests. It must not
  // outlive its client; destroying it ends its request without a callback.
  class Slot {
   public:
    virtual ~Slot() = default;
  };
  using Done = std::function<void(HttpResponse&& response)>;

  // Requests that need libcurl are spread over so many of its handles: one with thousands of connections
  // costs four times more.
  explicit HttpClient(size_t shards = 64);
  ~HttpClient();
  HttpClient(const HttpClient&) = delete;
  HttpClient& operator=(const HttpClient&) = delete;

  std::unique_ptr<Slot> slot();
  // Requires: the slot has no request under way.
  void start(Slot& slot, const HttpRequest& request, Done done);
  // The same, cheaper, for a request that differs from the slot's last one in nothing but
  // expected_body_bytes.
  void repeat(Slot& slot, const HttpRequest& request, Done done);

  // Moves transfers on; returns after at most wait_ms, earlier when something happened.
  void poll(DurationMs wait_ms);
  void wake();  // makes poll() return soon; from any thread

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace hearth
