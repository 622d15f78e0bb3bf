// A front alone, on a free port of the loopback, and what its handlers do in tests.
#pragma once

#include <condition_variable>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "tests/web/raw_client.h"
#include "web/front.h"
#include "web/listen.h"

namespace hearth::web {

// Answers with what it got: "GET /path?query|body".
inline void echo(Incoming& incoming, Outbox& out) {
  const std::string body = incoming.head.method + " " + incoming.head.path + "?" +
                           incoming.head.query + "|" + incoming.body;
  out.write("HTTP/1.1 200 OK\r\nContent-Length: " + std::to_string(body.size()) + "\r\n" +
            (incoming.keep_alive ? "" : "Connection: close\r\n") + "\r\n");
  out.write(body);
}

// A front on a port of its own.
struct TestFront {
  explicit TestFront(FrontOptions options = {}, Front::Answer answer = echo) {
    const int listener = listen_on("127.0.0.1:0");
    port = bound_port(listener);
    front = std::make_unique<Front>(
        options, std::vector<int>{listener}, std::move(answer), [](const RequestHead& head) {
          return head.path == "/heavy" ? Workers::Weight::kHeavy : Workers::Weight::kLight;
        });
    front->start();
  }
  int port = 0;
  std::unique_ptr<Front> front;
};

// Lets a handler wait for the test and the test for a handler.
class Gate {
 public:
  void open() {
    std::lock_guard<std::mutex> lock(mutex_);
    open_ = true;
    changed_.notify_all();
  }
  void enter() {
    std::unique_lock<std::mutex> lock(mutex_);
    ++inside_;
    changed_.notify_all();
    changed_.wait(lock, [&] { return open_; });
  }
  void wait_for_inside(int count) {
    std::unique_lock<std::mutex> lock(mutex_);
    changed_.wait(lock, [&] { return inside_ >= count; });
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  bool open_ = false;
  int inside_ = 0;
};

inline std::string get(const std::string& target) {
  return "GET " + target + " HTTP/1.1\r\nHost: t\r\n\r\n";
}

}  // namespace hearth::web
