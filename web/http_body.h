// A request's body as it arrives: counted bytes, or chunks.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace hearth::web {

// Takes a body off the bytes of a connection, piece by piece. One thread.
class BodyReader {
 public:
  enum class Progress { kMore, kDone, kMalformed, kTooLarge };

  BodyReader() = default;
  BodyReader(uint64_t content_length, bool chunked, size_t max_bytes)
      : left_(chunked ? 0 : content_length), max_bytes_(max_bytes), chunked_(chunked) {}

  // Consumes from the front of `in` what belongs to the body.
  Progress read(std::string& in);
  std::string& body() { return body_; }

 private:
  enum class State { kSize, kData, kDataEnd, kTrailer, kDone };
  Progress read_chunks(std::string_view in, size_t& used);

  std::string body_;
  uint64_t left_ = 0;  // of the body, or of the chunk
  size_t max_bytes_ = 0;
  size_t trailer_bytes_ = 0;
  bool chunked_ = false;
  State state_ = State::kSize;
};

}  // namespace hearth::web
