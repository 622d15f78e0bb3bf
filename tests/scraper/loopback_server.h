// An HTTP server inside a test, well-behaved or not: what it answers is written out byte by byte.
#pragma once

#include <arpa/inet.h>
#include <fmt/format.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstdlib>
#include <functional>
#include <list>
#include <string>
#include <thread>
#include <vector>

#include "core/mutex.h"

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

  explicit LoopbackServer(Handler handler) : handler_(std::move(handler)) {
    listener_ = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    bind(listener_, reinterpret_cast<sockaddr*>(&address), sizeof address);
    listen(listener_, 128);
    socklen_t length = sizeof address;
    getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &length);
    port_ = ntohs(address.sin_port);
    acceptor_ = std::thread([this] { accept_all(); });
  }
  // On a unix socket.
  LoopbackServer(const std::string& path, Handler handler) : handler_(std::move(handler)) {
    listener_ = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    path.copy(address.sun_path, sizeof address.sun_path - 1);
    unlink(path.c_str());
    bind(listener_, reinterpret_cast<sockaddr*>(&address), sizeof address);
    listen(listener_, 128);
    acceptor_ = std::thread([this] { accept_all(); });
  }
  ~LoopbackServer() {
    shutdown(listener_, SHUT_RDWR);
    acceptor_.join();
    close(listener_);
    {
      MutexLock lock(mutex_);
      for (const int fd : connections_) shutdown(fd, SHUT_RDWR);
    }
    for (std::thread& thread : threads_) thread.join();
    MutexLock lock(mutex_);
    for (const int fd : connections_) close(fd);
  }
  LoopbackServer(const LoopbackServer&) = delete;
  LoopbackServer& operator=(const LoopbackServer&) = delete;

  std::string address() const { return fmt::format("127.0.0.1:{}", port_); }
  std::vector<std::string> requests() const {
    MutexLock lock(mutex_);
    return requests_;
  }
  size_t connections() const {
    MutexLock lock(mutex_);
    return connections_.size();
  }

 private:
  void accept_all() {
    for (int fd; (fd = accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC)) >= 0;) {
      {
        MutexLock lock(mutex_);
        connections_.push_back(fd);
      }
      threads_.emplace_back([this, fd] { serve(fd); });
    }
  }
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
    shutdown(fd, SHUT_RDWR);  // closed by the destructor, so that the number is not used again
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
  int listener_ = -1;
  int port_ = 0;
  std::thread acceptor_;
  std::list<std::thread> threads_;  // of the acceptor's thread, then of the destructor
  mutable Mutex mutex_;
  std::vector<int> connections_ GUARDED_BY(mutex_);
  std::vector<std::string> requests_ GUARDED_BY(mutex_);
};

}  // namespace hearth
