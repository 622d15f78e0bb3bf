// Reads one HTTP/1.1 response, piece by piece as it comes.
#pragma once

#include <string>
#include <string_view>

#include "core/http_message.h"

namespace hearth {

// One thread.
class HttpResponseReader {
 public:
  enum class Result {
    kMore,  // the response goes on
    kComplete,
    kTooLarge,   // its body is larger than max_body_bytes
    kMalformed,  // see fault()
  };

  // `max_body_bytes` 0: any. `expected_body_bytes` is a hint.
  void begin(size_t max_body_bytes, size_t expected_body_bytes);
  Result read(std::string_view piece);
  Result end();  // the connection has ended; kMore: too early

  bool has_begun() const { return begun_; }
  bool headers_complete() const { return state_ != State::kHead; }
  bool keeps_connection() const { return keep_alive_; }  // after kComplete
  HttpResponse& response() { return response_; }
  const std::string& location() const {
    return location_;
  }                                                    // where a redirect leads, as it is written
  const std::string& fault() const { return fault_; }  // in Go's words

 private:
  enum class State { kHead, kBody, kBodyToEnd, kChunkSize, kChunk, kChunkEnd, kTrailer };

  Result head(std::string_view& piece);
  Result parse_head(std::string_view text);
  bool status_line(std::string_view line);
  bool header(std::string_view line);
  Result body(std::string_view& piece);
  Result data(std::string_view& piece);
  Result chunk_size(std::string_view line);
  Result malformed(std::string fault);
  // The next line without its end; false: it is not complete yet.
  bool line(std::string_view& piece, std::string& line);

  State state_ = State::kHead;
  HttpResponse response_;
  std::string pending_;  // the head, or a line of a chunk, as far as it is there
  size_t max_body_bytes_ = 0, expected_body_bytes_ = 0;
  size_t left_ = 0;  // of the body or the chunk
  bool begun_ = false, keep_alive_ = true, chunked_ = false, has_length_ = false;
  std::string location_, fault_;
};

}  // namespace hearth
