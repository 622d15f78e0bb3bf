// An HTTP server inside a test, well-behaved or not: what it answers is written out byte by byte.
#pragma once

#include <fmt/format.h>
#include <sys/socket.h>

#include <cstdlib>
#include <functional>
#include <string>
#include <vector>

#include "core/mutex.h"
#include "tests/core/test_listener.h"

namespace hearth {

// What happens after a request.
struct Reply {
  std::string bytes;
  enum class Then { kKeep, kClose, kHang, kRepeat } then = Then::kKeep;  // kRepeat: bytes again and again
};

inline Reply http_reply(const std::string& body, const std::string& headers = "Content-Type: text/plain\r\n",
                        const std::string& status = "200 OK") {
  return {fmt::format("HTTP/1.1 {}\r\n{}Content-Length: {}\r\n\r\n{}", status, headers, body.size(), body),
          Reply::Then::kKeep};
}

// Thread-safe. One thread per connection; all end with it.
class LoopbackServer {
 public:
  using Handler = std::function<Reply(const std::string& request)>;

  explicit LoopbackServer(Handler handler)
      : handler_(std::move(handler)), listener_([this](int fd) { serve(fd); }) {}
  // On a unix socket.
  LoopbackServer(const std::string& path, Handler handler)
      : handler_(std::move(handler)), listener_(path, [this](int fd) { serve(fd); }) {}
  LoopbackServer(const LoopbackServer&) = delete;
  LoopbackServer& operator=(const LoopbackServer&) = delete;

  std::string address() const { return fmt::format("127.0.0.1:{}", listener_.port()); }
  std::vector<std::string> requests() const {
    MutexLock lock(mutex_);
    return requests_;
  }
  size_t connections() const { return listener_.connections(); }

 private:
  void serve(int fd) {
    std::string input;
    char buffer[4096];
    for (;;) {
      const size_t end = request_end(input);
      if (end == std::string::npos) {
        const ssize_t got = recv(fd, buffer, sizeof buffer, 0);
        if (got <= 0) break;
        input.append(buffer, static_cast<size_t>(got));
        continue;
      }
      const std::string request = input.substr(0, end);
      input.erase(0, end);
      {
        MutexLock lock(mutex_);
        requests_.push_back(request);
      }
      const Reply reply = handler_(request);
      bool sent = send_all(fd, reply.bytes);
      while (sent && reply.then == Reply::Then::kRepeat) sent = send_all(fd, reply.bytes);
      if (!sent || reply.then == Reply::Then::kClose) break;
      if (reply.then == Reply::Then::kHang) {
        while (recv(fd, buffer, sizeof buffer, 0) > 0) {
        }
        break;
      }
    }
    shutdown(fd, SHUT_RDWR);
  }
  // After the empty line, and after the body where there is one.
  static size_t request_end(const std::string& input) {
    const size_t head = input.find("\r\n\r\n");
    if (head == std::string::npos) return head;
    const size_t length = input.find("Content-Length: ");
    const size_t body = length < head ? std::strtoull(input.c_str() + length + 16, nullptr, 10) : 0;
    return input.size() - head - 4 < body ? std::string::npos : head + 4 + body;
  }
  static bool send_all(int fd, std::string_view bytes) {
    while (!bytes.empty()) {
      const ssize_t sent = send(fd, bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (sent <= 0) return false;
      bytes.remove_prefix(static_cast<size_t>(sent));
    }
    return true;
  }

  const Handler handler_;
  mutable Mutex mutex_;
  std::vector<std::string> requests_ GUARDED_BY(mutex_);
  TestListener listener_;  // last: its threads use the others
};

}  // namespace hearth
