#include "web/wire.h"

#include <sys/socket.h>
#include <sys/uio.h>

#include <cerrno>

namespace hearth::web {
namespace {

Wire::Io failure() {
  return errno == EAGAIN || errno == EWOULDBLOCK ? Wire::Io::kAgain : Wire::Io::kBroken;
}

}  // namespace

Wire::Io PlainWire::begin(std::string&) { return Io::kDone; }

Wire::Io PlainWire::read(char* to, size_t size, size_t& count) {
  ssize_t received = 0;
  do {
    received = recv(fd_, to, size, MSG_DONTWAIT);
  } while (received < 0 && errno == EINTR);
  count = received > 0 ? static_cast<size_t>(received) : 0;
  if (received < 0) return failure();
  return received == 0 ? Io::kEnd : Io::kDone;
}

Wire::Io PlainWire::write(std::string_view first, std::string_view second, size_t& count) {
  iovec parts[2] = {{const_cast<char*>(first.data()), first.size()},
                    {const_cast<char*>(second.data()), second.size()}};
  msghdr message{};
  message.msg_iov = parts;
  message.msg_iovlen = 2;
  ssize_t sent = 0;
  do {
    sent = sendmsg(fd_, &message, MSG_NOSIGNAL | MSG_DONTWAIT);
  } while (sent < 0 && errno == EINTR);
  count = sent > 0 ? static_cast<size_t>(sent) : 0;
  return sent < 0 ? failure() : Io::kDone;
}

void PlainWire::end_sending() { shutdown(fd_, SHUT_WR); }

}  // namespace hearth::web
