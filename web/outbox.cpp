#include "web/outbox.h"

#include <algorithm>

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

// Sends pending_ and `more`; keeps what was not taken.
void Outbox::send_some(std::string_view more) {
  size_t sent = 0;
  const size_t total = pending_.size() + more.size();
  while (sent < total) {
    const size_t from_pending = std::min(sent, pending_.size());
    size_t count = 0;
    const Wire::Io io = wire_.write(std::string_view(pending_).substr(from_pending),
                                    more.substr(sent - from_pending), count);
    if (io != Wire::Io::kDone) {
      full_ = io == Wire::Io::kAgain;
      broken_ = !full_;
      break;
    }
    sent += count;
  }
  const size_t from_pending = std::min(sent, pending_.size());
  pending_.erase(0, from_pending);
  pending_.append(more.substr(sent - from_pending));
  if (broken_) pending_.clear();
}

}  // namespace hearth::web
