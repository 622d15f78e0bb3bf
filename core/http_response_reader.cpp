#include "core/http_response_reader.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "core/go_text.h"
#include "core/http_error.h"

namespace hearth {
namespace {

constexpr size_t kMaxHead = 1 << 20;  // as Go has it
constexpr size_t kMaxChunkLine = 4096;
constexpr size_t kMaxReserved = 16 << 20;  // of a body that is only announced

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t' || text.back() == '\r'))
    text.remove_suffix(1);
  return text;
}

// Behind the empty line that ends a head, whether its lines end with CRLF or LF alone; npos: it is
// not there yet. What lies before `from` has been looked at.
size_t head_end(std::string_view head, size_t from) {
  for (size_t at = head.find('\n', from); at != std::string_view::npos;
       at = head.find('\n', at + 1)) {
    const std::string_view rest = head.substr(at + 1, 2);
    if (rest.starts_with('\n')) return at + 2;
    if (rest == "\r\n") return at + 3;
  }
  return std::string_view::npos;
}

bool parse_number(std::string_view text, int base, size_t& out) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), out, base);
  return error == std::errc() && end == text.data() + text.size();
}

}  // namespace

void HttpResponseReader::begin(size_t max_body_bytes, size_t expected_body_bytes) {
  state_ = State::kHead;
  response_ = HttpResponse();
  pending_.clear();
  location_.clear();
  fault_.clear();
  max_body_bytes_ = max_body_bytes;
  expected_body_bytes_ = expected_body_bytes;
  left_ = 0;
  begun_ = chunked_ = has_length_ = false;
  keep_alive_ = true;
}

HttpResponseReader::Result HttpResponseReader::malformed(std::string fault) {
  fault_ = std::move(fault);
  return Result::kMalformed;
}

HttpResponseReader::Result HttpResponseReader::read(std::string_view piece) {
  begun_ = begun_ || !piece.empty();
  Result result = Result::kMore;
  while (result == Result::kMore && !piece.empty()) {
    result = state_ == State::kHead ? head(piece) : body(piece);
  }
  // What follows a response that is over was not asked for.
  if (result == Result::kComplete && !piece.empty()) keep_alive_ = false;
  return result;
}

HttpResponseReader::Result HttpResponseReader::end() {
  keep_alive_ = false;
  return state_ == State::kBodyToEnd ? Result::kComplete : Result::kMore;
}

// ---- the head ----------------------------------------------------------------------------------

HttpResponseReader::Result HttpResponseReader::head(std::string_view& piece) {
  const size_t before = pending_.size();
  if (before == 0) {  // mostly the head comes in one piece
    if (const size_t whole = head_end(piece, 0); whole != std::string_view::npos) {
      const std::string_view text = piece.substr(0, whole);
      piece.remove_prefix(whole);
      return parse_head(text.substr(0, text.find_last_not_of("\r\n") + 1));
    }
  }
  pending_.append(piece);
  constexpr size_t kEndsBefore = 2;  // as far back an end may begin
  const size_t end = head_end(pending_, before < kEndsBefore ? 0 : before - kEndsBefore);
  if (end == std::string::npos) {
    piece = {};
    if (pending_.size() > kMaxHead)
      return malformed("net/http: server response headers exceeded 1048576 bytes; aborted");
    return Result::kMore;
  }
  const std::string text = pending_.substr(0, pending_.find_last_not_of("\r\n", end - 1) + 1);
  piece.remove_prefix(end - before);
  pending_.clear();
  return parse_head(text);
}

HttpResponseReader::Result HttpResponseReader::parse_head(std::string_view text) {
  constexpr const char* kBroken = "net/http: HTTP/1.x transport connection broken: ";
  size_t end = std::min(text.find('\n'), text.size());
  if (!status_line(trimmed(text.substr(0, end)))) return malformed(kBroken + fault_);
  while (end < text.size()) {
    const size_t begin = end + 1;
    end = std::min(text.find('\n', begin), text.size());
    if (!header(text.substr(begin, end - begin))) return malformed(kBroken + fault_);
  }
  const int status = response_.status;
  if (status < 200) {  // the response itself is still to come
    begin(max_body_bytes_, expected_body_bytes_);
    begun_ = true;
    return Result::kMore;
  }
  if (chunked_) {
    state_ = State::kChunkSize;
  } else {
    state_ = has_length_ || status == 204 || status == 304 ? State::kBody : State::kBodyToEnd;
  }
  if (status == 204 || status == 304) left_ = 0;
  response_.body.reserve(
      std::min(state_ == State::kBody ? left_ : expected_body_bytes_, kMaxReserved));
  return state_ == State::kBody && left_ == 0 ? Result::kComplete : Result::kMore;
}

bool HttpResponseReader::status_line(std::string_view line) {
  size_t status = 0;
  if (!line.starts_with("HTTP/") || line.find(' ') == std::string_view::npos) {
    fault_ = "malformed HTTP response " + go_quote(line);
    return false;
  }
  if (!line.starts_with("HTTP/1.")) {
    fault_ = "malformed HTTP version " + go_quote(line.substr(0, line.find(' ')));
    return false;
  }
  const std::string_view rest = trimmed(line.substr(line.find(' ')));
  const std::string_view code = rest.substr(0, rest.find(' '));
  if (code.size() != 3 || !parse_number(code, 10, status)) {
    fault_ = "malformed HTTP status code " + go_quote(code);
    return false;
  }
  keep_alive_ = line[7] != '0';
  response_.status = static_cast<int>(status);
  response_.status_text = rest;
  if (rest.size() == code.size()) {
    response_.status_text = fmt::format("{} {}", status, http_status_name(response_.status));
  }
  return true;
}

bool HttpResponseReader::header(std::string_view line) {
  const size_t colon = line.find(':');
  if (colon == std::string_view::npos || colon == 0 || line.front() == ' ') {
    fault_ = "malformed MIME header line: " + std::string(trimmed(line));
    return false;
  }
  const std::string_view name = line.substr(0, colon), value = trimmed(line.substr(colon + 1));
  if (equals_ignoring_case(name, "Content-Length")) {
    const size_t before = left_;
    if (!parse_number(value, 10, left_) || (has_length_ && before != left_)) {
      fault_ = "bad Content-Length " + go_quote(value);
      return false;
    }
    has_length_ = true;
  } else if (equals_ignoring_case(name, "Transfer-Encoding")) {
    chunked_ = equals_ignoring_case(value, "chunked");
    if (!chunked_) fault_ = "unsupported transfer encoding: " + go_quote(value);
    return chunked_;
  } else if (equals_ignoring_case(name, "Connection")) {
    keep_alive_ = keep_alive_ && !equals_ignoring_case(value, "close");
  } else if (equals_ignoring_case(name, "Content-Type")) {
    response_.content_type = value;
  } else if (equals_ignoring_case(name, "Content-Encoding")) {
    response_.content_encoding = value;
  } else if (equals_ignoring_case(name, "Location")) {
    location_ = value;
  }
  return true;
}

// ---- the body ----------------------------------------------------------------------------------

HttpResponseReader::Result HttpResponseReader::data(std::string_view& piece) {
  const size_t size = state_ == State::kBodyToEnd ? piece.size() : std::min(left_, piece.size());
  response_.body.append(piece.substr(0, size));
  piece.remove_prefix(size);
  if (max_body_bytes_ > 0 && response_.body.size() > max_body_bytes_) {
    response_.body_too_large = true;
    return Result::kTooLarge;
  }
  if (state_ == State::kBodyToEnd) return Result::kMore;
  left_ -= size;
  if (left_ > 0) return Result::kMore;
  if (state_ == State::kBody) return Result::kComplete;
  state_ = State::kChunkEnd;
  return Result::kMore;
}

HttpResponseReader::Result HttpResponseReader::body(std::string_view& piece) {
  if (state_ == State::kBody || state_ == State::kBodyToEnd || state_ == State::kChunk)
    return data(piece);
  std::string text;
  if (!line(piece, text))
    return pending_.size() > kMaxChunkLine ? malformed("header line too long") : Result::kMore;
  switch (state_) {
    case State::kChunkSize:
      return chunk_size(text);
    case State::kChunkEnd:
      state_ = State::kChunkSize;
      return text.empty() ? Result::kMore : malformed("malformed chunked encoding");
    default:
      return text.empty() ? Result::kComplete : Result::kMore;  // trailers
  }
}

HttpResponseReader::Result HttpResponseReader::chunk_size(std::string_view line) {
  if (!parse_number(trimmed(line.substr(0, line.find(';'))), 16, left_))
    return malformed("invalid byte in chunk length");
  state_ = left_ == 0 ? State::kTrailer : State::kChunk;
  return Result::kMore;
}

bool HttpResponseReader::line(std::string_view& piece, std::string& line) {
  const size_t end = piece.find('\n');
  pending_.append(piece.substr(0, end));
  piece.remove_prefix(end == std::string_view::npos ? piece.size() : end + 1);
  if (end == std::string_view::npos) return false;
  line = std::string(trimmed(pending_));
  pending_.clear();
  return true;
}

}  // namespace hearth
