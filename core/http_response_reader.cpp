#include "core/http_response_reader.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "core/http_error.h"

namespace hearth {
namespace {

constexpr size_t kMaxHead = 1 << 20;       // as Go has it
constexpr size_t kMaxChunkLine = 4096;
constexpr size_t kMaxReserved = 16 << 20;  // of a body that is only announced
constexpr std::string_view kHeadEnd = "\r\n\r\n";

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t' || text.back() == '\r')) text.remove_suffix(1);
  return text;
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
  max_body_bytes_ = max_body_bytes;
  expected_body_bytes_ = expected_body_bytes;
  left_ = 0;
  begun_ = chunked_ = has_length_ = false;
  keep_alive_ = true;
}

HttpResponseReader::Result HttpResponseReader::read(std::string_view piece) {
  begun_ = begun_ || !piece.empty();
  if (state_ == State::kHead) {
    const size_t before = pending_.size();
    pending_.append(piece);
    const size_t end = pending_.find(kHeadEnd, before < kHeadEnd.size() ? 0 : before - kHeadEnd.size() + 1);
    if (end == std::string::npos) return pending_.size() > kMaxHead ? Result::kUnusual : Result::kMore;
    const std::string head_text = pending_.substr(0, end);
    piece.remove_prefix(end + kHeadEnd.size() - before);
    pending_.clear();
    if (!head(head_text)) return Result::kUnusual;
  }
  Result result = Result::kMore;
  while (result == Result::kMore && (!piece.empty() || (state_ == State::kBody && left_ == 0))) {
    result = body(piece);
  }
  // What follows a response that is over was not asked for.
  if (result == Result::kComplete && !piece.empty()) keep_alive_ = false;
  return result;
}

bool HttpResponseReader::head(std::string_view text) {
  size_t end = std::min(text.find('\n'), text.size());
  const std::string_view status_line = trimmed(text.substr(0, end));
  size_t status = 0;
  if (!status_line.starts_with("HTTP/1.") || status_line.size() < 12 || status_line[8] != ' ' ||
      !parse_number(status_line.substr(9, 3), 10, status)) {
    return false;
  }
  keep_alive_ = status_line[7] != '0';
  response_.status = static_cast<int>(status);
  response_.status_text = status_line.substr(9);
  if (response_.status_text.size() <= 4) {
    response_.status_text = fmt::format("{} {}", status, http_status_name(response_.status));
  }
  // Interim ones, ones without a body, and redirects.
  if (status < 200 || status == 204 || (status >= 300 && status < 400)) return false;
  while (end < text.size()) {
    const size_t begin = end + 1;
    end = std::min(text.find('\n', begin), text.size());
    if (!header(text.substr(begin, end - begin))) return false;
  }
  if (!chunked_ && !has_length_) return false;
  state_ = chunked_ ? State::kChunkSize : State::kBody;
  response_.body.reserve(std::min(chunked_ ? expected_body_bytes_ : left_, kMaxReserved));
  return true;
}

bool HttpResponseReader::header(std::string_view line) {
  const size_t colon = line.find(':');
  if (colon == std::string_view::npos || colon == 0 || line.front() == ' ') return false;
  const std::string_view name = line.substr(0, colon), value = trimmed(line.substr(colon + 1));
  if (equals_ignoring_case(name, "Content-Length")) {
    const bool again = has_length_;
    const size_t before = left_;
    has_length_ = parse_number(value, 10, left_);
    return has_length_ && (!again || before == left_);
  }
  if (equals_ignoring_case(name, "Transfer-Encoding")) {
    chunked_ = equals_ignoring_case(value, "chunked");
    return chunked_;
  }
  if (equals_ignoring_case(name, "Connection")) {
    keep_alive_ = keep_alive_ && !equals_ignoring_case(value, "close");
  } else if (equals_ignoring_case(name, "Content-Type")) {
    response_.content_type = value;
  } else if (equals_ignoring_case(name, "Content-Encoding")) {
    response_.content_encoding = value;
  }
  return true;
}

HttpResponseReader::Result HttpResponseReader::body(std::string_view& piece) {
  switch (state_) {
    case State::kBody:
    case State::kChunk: {
      const size_t size = std::min(left_, piece.size());
      response_.body.append(piece.substr(0, size));
      piece.remove_prefix(size);
      left_ -= size;
      if (max_body_bytes_ > 0 && response_.body.size() > max_body_bytes_) {
        response_.body_too_large = true;
        return Result::kTooLarge;
      }
      if (left_ > 0) return Result::kMore;
      if (state_ == State::kBody) return Result::kComplete;
      state_ = State::kChunkEnd;
      return Result::kMore;
    }
    default: break;
  }
  std::string text;
  if (!line(piece, text)) return pending_.size() > kMaxChunkLine ? Result::kUnusual : Result::kMore;
  switch (state_) {
    case State::kChunkSize: return chunk_size(text);
    case State::kChunkEnd:
      state_ = State::kChunkSize;
      return text.empty() ? Result::kMore : Result::kUnusual;
    default:  // a trailer
      if (!text.empty()) return Result::kMore;
      state_ = State::kOver;
      return Result::kComplete;
  }
}

HttpResponseReader::Result HttpResponseReader::chunk_size(std::string_view line) {
  if (!parse_number(trimmed(line.substr(0, line.find(';'))), 16, left_)) return Result::kUnusual;
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
