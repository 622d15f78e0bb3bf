// What of a streamed answer goes over the wire: its pieces, compressed and in chunks.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "web/body_source.h"
#include "web/packer.h"

namespace hearth::web {

class FramedBody final : public BodySource {
 public:
  // Called once: when the last piece has been made, or the answer is given up.
  using Ended = std::function<void(size_t body_bytes)>;

  // `first` comes before the pieces of `body`. Without `chunked` the end of the connection is the
  // end of the body.
  FramedBody(std::string first, std::unique_ptr<BodySource> body, Packing packing, bool chunked,
             Ended ended);
  ~FramedBody() override;

  bool next(std::string& out) override;

 private:
  void append_frame(std::string_view bytes, std::string& out);

  std::string plain_, packed_;        // buffers
  std::unique_ptr<BodySource> body_;  // nullptr: all of it has been made
  const std::unique_ptr<Packer> packer_;
  const bool chunked_;
  const Ended ended_;
  size_t bytes_ = 0;
};

}  // namespace hearth::web
