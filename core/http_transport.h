// One HTTP request and one response at a time, event-driven; what a response asks for is not done here
// (http_client.h). The library behind it, libcurl, stays in http_transport.cpp.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>

#include "core/clock.h"
#include "core/http_message.h"

namespace hearth {

// Connections are kept and reused. One thread at a time. Callbacks run inside work().
class HttpTransport {
 public:
  // A place for one request at a time, which keeps its connection open between requests. It must not
  // outlive its client; destroying it ends its request without a callback.
  class Slot {
   public:
    virtual ~Slot() = default;
  };
  using Done = std::function<void(HttpResponse&& response)>;

  // Slots are spread over so many libcurl handles: one handle with thousands of connections costs four
  // times more.
  explicit HttpTransport(size_t shards = 64);
  ~HttpTransport();
  HttpTransport(const HttpTransport&) = delete;
  HttpTransport& operator=(const HttpTransport&) = delete;

  std::unique_ptr<Slot> slot();
  // Requires: the slot has no request under way.
  void start(Slot& slot, const HttpRequest& request, Done done);

  int fd() const;                             // readable when there is something to do
  DurationMs wait(DurationMs at_most) const;  // until something is due
  void work(bool readable);                   // moves transfers on; does not wait

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace hearth
