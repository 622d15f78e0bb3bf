// The listening end of a server inside a test: one thread per connection, all of which end with it.
#pragma once

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <functional>
#include <list>
#include <string>
#include <thread>
#include <vector>

#include "core/mutex.h"

namespace hearth {

// Thread-safe.
class TestListener {
 public:
  // Runs on the connection's thread. It may shut the connection down, but not close it, so that the
  // number is not used again.
  using Serve = std::function<void(int fd)>;

  // On a port of 127.0.0.1.
  explicit TestListener(Serve serve)
      : serve_(std::move(serve)), listener_(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
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
  TestListener(const std::string& path, Serve serve)
      : serve_(std::move(serve)), listener_(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    path.copy(address.sun_path, sizeof address.sun_path - 1);
    unlink(path.c_str());
    bind(listener_, reinterpret_cast<sockaddr*>(&address), sizeof address);
    listen(listener_, 128);
    acceptor_ = std::thread([this] { accept_all(); });
  }
  ~TestListener() {
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
  TestListener(const TestListener&) = delete;
  TestListener& operator=(const TestListener&) = delete;

  int port() const { return port_; }
  // So many there have been.
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
      threads_.emplace_back([this, fd] { serve_(fd); });
    }
  }

  const Serve serve_;
  const int listener_;
  int port_ = 0;
  std::thread acceptor_;
  std::list<std::thread> threads_;  // of the acceptor's thread, then of the destructor
  mutable Mutex mutex_;
  std::vector<int> connections_ GUARDED_BY(mutex_);
};

}  // namespace hearth
