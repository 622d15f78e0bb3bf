#include "web/outbox.h"

#include <sys/socket.h>
#include <sys/uio.h>

#include <algorithm>
#include <cerrno>

namespace hearth::web {
namespace {

constexpr size_t kCollect = 64 * 1024;  // below this, writes are gathered

}  // namespace

void Outbox::write(std::string_view bytes) {
  if (broken_) return;
  if (full_ || pending_.size() + bytes.size() < kCollect) {
    pending_.append(bytes);
  } else {
    send_some(bytes);
  }
}

void Outbox::flush() {
  if (!broken_ && !full_ && !pending_.empty()) send_some({});
}

// Sends pending_ and `more` with one call; keeps what was not taken.
void Outbox::send_some(std::string_view more) {
  size_t sent = 0;
  const size_t total = pending_.size() + more.size();
  while (sent < total) {
    const size_t from_pending = std::min(sent, pending_.size());
    const size_t from_more = sent - from_pending;
    iovec parts[2] = {{pending_.data() + from_pending, pending_.size() - from_pending},
                      {const_cast<char*>(more.data()) + from_more, more.size() - from_more}};
    msghdr message{};
    message.msg_iov = parts;
    message.msg_iovlen = 2;
    const ssize_t count = sendmsg(fd_, &message, MSG_NOSIGNAL | MSG_DONTWAIT);
    if (count < 0) {
      if (errno == EINTR) continue;
      full_ = errno == EAGAIN || errno == EWOULDBLOCK;
      broken_ = !full_;
      break;
    }
    sent += static_cast<size_t>(count);
  }
  const size_t from_pending = std::min(sent, pending_.size());
  pending_.erase(0, from_pending);
  pending_.append(more.substr(sent - from_pending));
  if (broken_) pending_.clear();
}

}  // namespace hearth::web
