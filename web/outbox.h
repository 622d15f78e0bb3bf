// What a worker sends: collected into few large sends, never waiting for the client.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "web/body_source.h"
#include "web/wire.h"

namespace hearth::web {

// Keeps what the socket does not take at once; the front sends that rest when there is room, and
// has more of an unfinished answer made when it is sent. One thread.
class Outbox {
 public:
  explicit Outbox(Wire& wire) : wire_(wire) {}

  void write(std::string_view bytes);
  // Sends what was collected, as far as the socket takes it.
  void flush();
  // The rest of the answer, to be made and sent after what was written.
  void leave(std::unique_ptr<BodySource> source) { source_ = std::move(source); }

  bool broken() const { return broken_; }  // the client has gone
  bool full() const { return full_; }      // the socket took less than it was offered
  std::string take_rest() { return std::move(pending_); }
  std::unique_ptr<BodySource> take_source() { return std::move(source_); }

 private:
  void send_some(std::string_view more);

  Wire& wire_;
  std::string pending_;
  std::unique_ptr<BodySource> source_;
  bool broken_ = false;
  bool full_ = false;
};

}  // namespace hearth::web
