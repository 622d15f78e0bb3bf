// A client that sends exactly the bytes a test says, and reads one answer after another.
#pragma once

#include <arpa/inet.h>
#include <doctest/doctest.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include <map>
#include <string>
#include <string_view>
#include <utility>

namespace hearth::web {

struct Reply {
  int status = 0;                              // 0: the connection was closed instead
  std::map<std::string, std::string> headers;  // names in lower case
  std::string body;
  std::string header(const std::string& name) const {
    const auto found = headers.find(name);
    return found == headers.end() ? std::string() : found->second;
  }
};

class RawClient {
 public:
  explicit RawClient(int port, int receive_buffer = 0) : fd_(socket(AF_INET, SOCK_STREAM, 0)) {
    const timeval patience{20, 0};  // a hanging server fails the test, it does not hang it
    setsockopt(fd_, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    const int on = 1;
    setsockopt(fd_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    if (receive_buffer > 0) {
      setsockopt(fd_, SOL_SOCKET, SO_RCVBUF, &receive_buffer, sizeof receive_buffer);
    }
    sockaddr_in to{};
    to.sin_family = AF_INET;
    to.sin_port = htons(static_cast<uint16_t>(port));
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    REQUIRE(connect(fd_, reinterpret_cast<sockaddr*>(&to), sizeof to) == 0);
  }
  explicit RawClient(const std::string& path) : fd_(socket(AF_UNIX, SOCK_STREAM, 0)) {
    sockaddr_un to{};
    to.sun_family = AF_UNIX;
    path.copy(to.sun_path, sizeof to.sun_path - 1);
    REQUIRE(connect(fd_, reinterpret_cast<sockaddr*>(&to), sizeof to) == 0);
  }
  virtual ~RawClient() { hang_up(); }
  RawClient(const RawClient&) = delete;
  RawClient& operator=(const RawClient&) = delete;

  // False when the server has closed.
  bool send(std::string_view bytes) {
    while (!bytes.empty()) {
      const ssize_t count = put(bytes);
      if (count <= 0) return false;
      bytes.remove_prefix(static_cast<size_t>(count));
    }
    return true;
  }
  void end_sending() { shutdown(fd_, SHUT_WR); }
  void hang_up() {
    if (fd_ >= 0) close(fd_);
    fd_ = -1;
  }

  Reply read(bool head_only = false) {
    Reply reply;
    size_t end = 0;
    while ((end = in_.find("\r\n\r\n")) == std::string::npos) {
      if (!receive()) return reply;
    }
    const std::string head = in_.substr(0, end + 2);
    in_.erase(0, end + 4);
    reply.status = std::stoi(head.substr(9, 3));
    for (size_t line = head.find("\r\n") + 2; line < head.size();) {
      const size_t stop = head.find("\r\n", line);
      const size_t colon = head.find(": ", line);
      std::string name = head.substr(line, colon - line);
      for (char& c : name) c = static_cast<char>(std::tolower(c));
      std::string& value = reply.headers[name];
      value += (value.empty() ? "" : ", ") + head.substr(colon + 2, stop - colon - 2);
      line = stop + 2;
    }
    const std::string length = reply.header("content-length");
    const size_t size = head_only || length.empty() ? 0 : std::stoul(length);
    while (in_.size() < size) {
      if (!receive()) break;
    }
    reply.body = in_.substr(0, size);
    in_.erase(0, size);
    return reply;
  }

  Reply request(std::string_view bytes) {
    send(bytes);
    return read();
  }
  Reply get(const std::string& target, const std::string& headers = "") {
    return request("GET " + target + " HTTP/1.1\r\nHost: t\r\n" + headers + "\r\n");
  }
  Reply post(const std::string& target, const std::string& form) {
    return request("POST " + target + " HTTP/1.1\r\nHost: t\r\nContent-Type: " +
                   "application/x-www-form-urlencoded\r\nContent-Length: " +
                   std::to_string(form.size()) + "\r\n\r\n" + form);
  }

  // Everything until the server's end.
  std::string read_to_end() {
    while (receive()) {
    }
    return std::exchange(in_, {});
  }

  // Waits for the server's end; true when nothing came before it.
  bool closed() { return in_.empty() && !receive(); }

 protected:
  int fd() const { return fd_; }
  virtual ssize_t put(std::string_view bytes) {
    return ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
  }
  virtual ssize_t take(char* to, size_t size) { return recv(fd_, to, size, 0); }

 private:
  bool receive() {
    char buffer[65536];
    const ssize_t count = take(buffer, sizeof buffer);
    if (count < 0) CHECK_MESSAGE(errno != EAGAIN, "no answer within 20 s");
    if (count <= 0) return false;
    in_.append(buffer, static_cast<size_t>(count));
    return true;
  }
  int fd_;
  std::string in_;
};

}  // namespace hearth::web
