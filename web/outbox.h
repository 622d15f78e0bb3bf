// What a worker sends: collected into few large sends, never waiting for the client.
#pragma once

#include <string>
#include <string_view>

namespace hearth::web {

// Keeps what the socket does not take at once; the front sends that rest when there is room.
// One thread.
class Outbox {
 public:
  explicit Outbox(int fd) : fd_(fd) {}

  void write(std::string_view bytes);
  // Sends what was collected, as far as the socket takes it.
  void flush();

  bool broken() const { return broken_; }  // the client has gone
  std::string take_rest() { return std::move(pending_); }

 private:
  void send_some(std::string_view more);

  const int fd_;
  std::string pending_;
  bool broken_ = false;
  bool full_ = false;  // the socket took less than it was offered
};

}  // namespace hearth::web
