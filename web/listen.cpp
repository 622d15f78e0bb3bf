#include "web/listen.h"

#include <netdb.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <memory>
#include <string_view>

#include "core/error.h"
#include "core/file.h"

namespace hearth::web {
namespace {

constexpr std::string_view kUnix = "unix://";

[[noreturn]] void fail(const std::string& address, const std::string& what) {
  const std::string network = address.starts_with(kUnix) ? "unix " : "tcp ";
  throw Error(ErrorKind::kIo, "listen " + network + address + ": " + what +
                                  "; choose another --web.listen-address or free this one");
}

using Addresses = std::unique_ptr<addrinfo, decltype(&freeaddrinfo)>;

Addresses resolve(const std::string& address, const std::string& host, const std::string& port) {
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_PASSIVE | AI_NUMERICSERV;
  hints.ai_family = host.empty() ? AF_INET6 : AF_UNSPEC;  // no host: all of IPv6 and IPv4
  addrinfo* found = nullptr;
  int error = getaddrinfo(host.empty() ? nullptr : host.c_str(), port.c_str(), &hints, &found);
  if (error != 0) fail(address, std::string("lookup: ") + gai_strerror(error));
  return {found, &freeaddrinfo};
}

// Returns the socket, or -1 with errno set.
int try_listen(const addrinfo& at) {
  const int fd = socket(at.ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (fd < 0) return -1;
  const int on = 1, off = 0;
  setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  if (at.ai_family == AF_INET6) setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof off);
  if (bind(fd, at.ai_addr, at.ai_addrlen) == 0 && listen(fd, SOMAXCONN) == 0) return fd;
  const int error = errno;
  close(fd);
  errno = error;
  return -1;
}

int new_unix_socket() { return socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0); }

const sockaddr* as_address(const sockaddr_un& at) { return reinterpret_cast<const sockaddr*>(&at); }

// Whether the socket's file is what a process that ended left behind.
bool left_behind(const sockaddr_un& at) {
  struct stat status {};
  if (stat(at.sun_path, &status) != 0 || !S_ISSOCK(status.st_mode)) return false;
  const int probe = new_unix_socket();
  const bool refused = connect(probe, as_address(at), sizeof at) != 0 && errno == ECONNREFUSED;
  close(probe);
  return refused;
}

int listen_on_path(const std::string& address) {
  const std::string path = address.substr(kUnix.size());
  sockaddr_un at{};
  at.sun_family = AF_UNIX;
  if (!path.starts_with('/')) fail(address, "the path must be absolute: unix:///run/hearth.sock");
  if (path.size() >= sizeof at.sun_path) fail(address, "the path is too long");
  path.copy(at.sun_path, path.size());
  if (left_behind(at)) remove_file(path);
  const int fd = new_unix_socket();
  if (fd >= 0 && bind(fd, as_address(at), sizeof at) == 0 && listen(fd, SOMAXCONN) == 0) return fd;
  const int error = errno;
  if (fd >= 0) close(fd);
  fail(address, std::string("bind: ") + std::strerror(error));
}

}  // namespace

int listen_on(const std::string& address) {
  if (address.starts_with(kUnix)) return listen_on_path(address);
  const size_t colon = address.rfind(':');
  if (colon == std::string::npos) fail(address, "missing port in address");
  std::string host = address.substr(0, colon);
  const std::string port = address.substr(colon + 1);
  if (host.size() >= 2 && host.front() == '[' && host.back() == ']') {
    host = host.substr(1, host.size() - 2);
  }
  const bool digits = !port.empty() && port.find_first_not_of("0123456789") == std::string::npos;
  if (!digits || port.size() > 5 || std::stoi(port) > 65535) fail(address, "invalid port");
  const Addresses found = resolve(address, host, port);
  int fd = try_listen(*found);
  if (fd < 0 && errno == EAFNOSUPPORT && host.empty()) {  // a machine without IPv6
    fd = try_listen(*resolve(address, "0.0.0.0", port));
  }
  if (fd < 0) fail(address, std::string("bind: ") + std::strerror(errno));
  return fd;
}

int bound_port(int fd) {
  sockaddr_storage bound{};
  socklen_t size = sizeof bound;
  if (getsockname(fd, reinterpret_cast<sockaddr*>(&bound), &size) != 0) return 0;
  if (bound.ss_family == AF_UNIX) return 0;
  return bound.ss_family == AF_INET6 ? ntohs(reinterpret_cast<sockaddr_in6&>(bound).sin6_port)
                                     : ntohs(reinterpret_cast<sockaddr_in&>(bound).sin_port);
}

void stop_listening_on(const std::string& address) {
  if (address.starts_with(kUnix)) remove_file(address.substr(kUnix.size()));
}

}  // namespace hearth::web
