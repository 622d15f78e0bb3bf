// A DNS server inside a test, over UDP and TCP on one port: what it answers is written out byte by
// byte.
#pragma once

#include <arpa/inet.h>
#include <fmt/format.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <functional>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "core/mutex.h"

namespace hearth {

inline std::string dns_u16(unsigned value) {
  return {static_cast<char>(value >> 8 & 0xff), static_cast<char>(value & 0xff)};
}

inline std::string dns_name(std::string_view name) {
  std::string out;
  while (!name.empty()) {
    const std::string_view label = name.substr(0, name.find('.'));
    out += static_cast<char>(label.size());
    out += label;
    name.remove_prefix(std::min(name.size(), label.size() + 1));
  }
  return out + '\0';
}

// A record of the name that was asked for.
inline std::string dns_record(unsigned type, const std::string& data) {
  return "\xc0\x0c" + dns_u16(type) + dns_u16(1) + std::string("\0\0\0\x3c", 4) +
         dns_u16(static_cast<unsigned>(data.size())) + data;
}

struct DnsQuestion {
  bool tcp = false;
  std::string bytes;  // the message
  std::string name;   // "a.test."
  unsigned type = 0;

  // The answer to it.
  std::string answer(const std::vector<std::string>& records, unsigned code = 0,
                     bool truncated = false) const {
    std::string out = bytes.substr(0, 2) + dns_u16(0x8180u | code | (truncated ? 0x0200u : 0u)) +
                      dns_u16(1) + dns_u16(static_cast<unsigned>(records.size())) + dns_u16(0) +
                      dns_u16(0) + bytes.substr(12, name.size() + 1 + 4);
    for (const std::string& record : records) out += record;
    return out;
  }
};

// Thread-safe. One thread.
class FakeDnsServer {
 public:
  // "" = no answer.
  using Handler = std::function<std::string(const DnsQuestion& question)>;

  explicit FakeDnsServer(Handler handler) : handler_(std::move(handler)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t length = sizeof address;
    tcp_ = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    bind(tcp_, reinterpret_cast<sockaddr*>(&address), sizeof address);
    listen(tcp_, 8);
    getsockname(tcp_, reinterpret_cast<sockaddr*>(&address), &length);
    port_ = ntohs(address.sin_port);
    udp_ = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    bind(udp_, reinterpret_cast<sockaddr*>(&address), sizeof address);
    thread_ = std::thread([this] { run(); });
  }
  ~FakeDnsServer() {
    const uint64_t one = 1;
    (void)!write(end_, &one, sizeof one);
    thread_.join();
    close(tcp_);
    close(udp_);
    close(end_);
  }
  FakeDnsServer(const FakeDnsServer&) = delete;
  FakeDnsServer& operator=(const FakeDnsServer&) = delete;

  std::string address() const { return fmt::format("127.0.0.1:{}", port_); }
  // "a.test. 33 udp" for each question.
  std::vector<std::string> asked() const {
    MutexLock lock(mutex_);
    return asked_;
  }

 private:
  void run() {
    for (;;) {
      pollfd fds[] = {{end_, POLLIN, 0}, {udp_, POLLIN, 0}, {tcp_, POLLIN, 0}};
      poll(fds, 3, -1);
      if (fds[0].revents != 0) return;
      if (fds[1].revents != 0) serve_udp();
      if (fds[2].revents != 0) serve_tcp();
    }
  }
  std::string handle(std::string_view message, bool tcp) {
    DnsQuestion question{tcp, std::string(message), "", 0};
    size_t at = 12;
    while (message[at] != 0) {
      const auto length = static_cast<size_t>(message[at]);
      question.name += std::string(message.substr(at + 1, length)) + ".";
      at += length + 1;
    }
    question.type = static_cast<unsigned>(static_cast<unsigned char>(message[at + 2]));
    {
      MutexLock lock(mutex_);
      asked_.push_back(fmt::format("{} {} {}", question.name, question.type, tcp ? "tcp" : "udp"));
    }
    return handler_(question);
  }
  void serve_udp() {
    char buffer[4096];
    sockaddr_in from{};
    socklen_t length = sizeof from;
    const ssize_t got =
        recvfrom(udp_, buffer, sizeof buffer, 0, reinterpret_cast<sockaddr*>(&from), &length);
    const std::string answer = handle({buffer, static_cast<size_t>(got)}, false);
    if (answer.empty()) return;
    sendto(udp_, answer.data(), answer.size(), 0, reinterpret_cast<sockaddr*>(&from), length);
  }
  void serve_tcp() {
    const int fd = accept4(tcp_, nullptr, nullptr, SOCK_CLOEXEC);
    char buffer[4096];
    const ssize_t got = recv(fd, buffer, sizeof buffer, 0);
    if (got > 2) {
      const std::string answer = handle({buffer + 2, static_cast<size_t>(got - 2)}, true);
      const std::string framed = dns_u16(static_cast<unsigned>(answer.size())) + answer;
      (void)!send(fd, framed.data(), framed.size(), MSG_NOSIGNAL);
    }
    close(fd);
  }

  const Handler handler_;
  int tcp_ = -1, udp_ = -1;
  int end_ = eventfd(0, EFD_CLOEXEC);
  int port_ = 0;
  std::thread thread_;
  mutable Mutex mutex_;
  std::vector<std::string> asked_ GUARDED_BY(mutex_);
};

}  // namespace hearth
