#include "scraper/discovery/dns_exchange.h"

#include <fmt/format.h>
#include <netdb.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <memory>
#include <random>

#include "core/error.h"
#include "core/uri.h"

namespace hearth {
namespace {

constexpr std::chrono::seconds kTimeout{2};
constexpr size_t kMaxMessage = 65535;

using SteadyTime = std::chrono::steady_clock::time_point;

[[noreturn]] void fail(const std::string& text) { throw Error(ErrorKind::kIo, text); }

struct FreeAddress {
  void operator()(addrinfo* info) const { freeaddrinfo(info); }
};

// A socket that is connected to the server, or about to be. One thread.
class Connection {
 public:
  Connection(const std::string& server, int type, int end_fd)
      : server_(server), end_fd_(end_fd), due_(std::chrono::steady_clock::now() + kTimeout) {
    const HostPort at = split_host_port(server).value_or(HostPort{server, "53"});
    addrinfo hints{};
    hints.ai_socktype = type;
    hints.ai_flags = AI_NUMERICHOST | AI_NUMERICSERV;
    addrinfo* found = nullptr;
    if (getaddrinfo(at.host.c_str(), at.port.c_str(), &hints, &found) != 0) {
      fail("no address of a name server: " + server);
    }
    const std::unique_ptr<addrinfo, FreeAddress> info(found);
    fd_ = socket(info->ai_family, type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd_ < 0) fail(fmt::format("socket: {}", std::strerror(errno)));
    if (connect(fd_, info->ai_addr, info->ai_addrlen) != 0 && errno != EINPROGRESS)
      fail_here("dial");
  }
  ~Connection() { close(fd_); }
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  void send_all(std::string_view bytes) {
    while (!bytes.empty()) {
      wait(POLLOUT, "write");
      const ssize_t sent = send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (sent < 0 && errno != EAGAIN) fail_here("write");
      if (sent > 0) bytes.remove_prefix(static_cast<size_t>(sent));
    }
  }

  // What is there, at most `max` bytes.
  std::string receive(size_t max) {
    for (;;) {
      wait(POLLIN, "read");
      std::string bytes(max, '\0');
      const ssize_t got = recv(fd_, bytes.data(), bytes.size(), 0);
      if (got > 0) return bytes.substr(0, static_cast<size_t>(got));
      if (got == 0) fail(fmt::format("read {}: EOF", server_));
      if (errno != EAGAIN) fail_here("read");
    }
  }

  std::string receive_exactly(size_t size) {
    std::string bytes;
    while (bytes.size() < size) bytes += receive(size - bytes.size());
    return bytes;
  }

 private:
  [[noreturn]] void fail_here(const char* what) const {
    fail(fmt::format("{} {}: {}", what, server_, std::strerror(errno)));
  }

  void wait(short events, const char* what) const {
    using std::chrono::milliseconds;
    for (;;) {
      const auto left = std::chrono::ceil<milliseconds>(due_ - std::chrono::steady_clock::now());
      if (left.count() <= 0) fail(fmt::format("{} {}: i/o timeout", what, server_));
      std::array<pollfd, 2> fds = {pollfd{fd_, events, 0}, pollfd{end_fd_, POLLIN, 0}};
      poll(fds.data(), fds.size(), static_cast<int>(left.count()));
      if (fds[1].revents != 0) fail("the discovery ends");
      if (fds[0].revents != 0) return;
    }
  }

  const std::string server_;
  const int end_fd_;
  const SteadyTime due_;
  int fd_ = -1;
};

DnsAnswer ask_over_udp(const std::string& server, const std::string& question, uint16_t id,
                       int end_fd) {
  Connection connection(server, SOCK_DGRAM, end_fd);
  connection.send_all(question);
  for (;;) {
    DnsAnswer answer = parse_dns_answer(connection.receive(kMaxMessage));
    if (answer.id == id) return answer;  // others are late ones, or forged
  }
}

DnsAnswer ask_over_tcp(const std::string& server, const std::string& question, uint16_t id,
                       int end_fd) {
  Connection connection(server, SOCK_STREAM, end_fd);
  const size_t size = question.size();
  connection.send_all(std::string{static_cast<char>(size >> 8), static_cast<char>(size & 0xff)} +
                      question);
  const std::string prefix = connection.receive_exactly(2);
  const size_t length =
      static_cast<size_t>(static_cast<uint8_t>(prefix[0])) << 8 | static_cast<uint8_t>(prefix[1]);
  DnsAnswer answer = parse_dns_answer(connection.receive_exactly(length));
  if (answer.id != id) fail("dns: id mismatch");
  if (answer.truncated) fail("got truncated message on TCP (64kiB limit exceeded?)");
  return answer;
}

}  // namespace

DnsAnswer dns_exchange(const std::string& server, const std::string& name, DnsType type,
                       int end_fd) {
  std::random_device random;
  const auto id = static_cast<uint16_t>(random());
  DnsAnswer answer = ask_over_udp(server, dns_question(id, name, type, true), id, end_fd);
  if (!answer.truncated) return answer;
  return ask_over_tcp(server, dns_question(id, name, type, false), id, end_fd);
}

}  // namespace hearth
