#include "web/connection.h"

#include <unistd.h>

namespace hearth::web {

Connection::~Connection() { close(fd); }

void Connection::next_request() {
  state = State::kHead;
  request.head = {};
  request.body.clear();
  request.visit = {};
  body_ = {};
  scanned_ = first_line_ = 0;
  wants_continue = false;
  canceled.store(false, std::memory_order_relaxed);
}

// Looks for the empty line, line by line, so that a bare newline and an oversized line are refused
// as soon as they are seen.
Connection::Progress Connection::find_head_end(const RequestLimits& limits, size_t& end) {
  while (true) {
    const size_t newline = in.find('\n', scanned_);
    const size_t seen = newline == std::string::npos ? in.size() : newline + 1;
    if (first_line_ == 0 && seen > limits.max_request_line) return refuse(414);
    if (first_line_ != 0 && seen - first_line_ > limits.max_fields_bytes) return refuse(431);
    if (newline == std::string::npos) return Progress::kMore;
    if (newline == 0 || in[newline - 1] != '\r') return refuse(400);
    const bool empty_line = first_line_ != 0 && newline >= 3 && in[newline - 2] == '\n';
    if (first_line_ == 0) first_line_ = newline + 1;
    scanned_ = newline + 1;
    if (empty_line) {
      end = newline + 1;
      return Progress::kComplete;
    }
  }
}

Connection::Progress Connection::advance(const RequestLimits& limits) {
  if (state == State::kHead) {
    size_t end = 0;
    if (const Progress progress = find_head_end(limits, end); progress != Progress::kComplete) {
      return progress;
    }
    RequestHead& head = request.head;
    if (const int status = parse_head(std::string_view(in).substr(0, end), head); status != 0) {
      return refuse(status);
    }
    in.erase(0, end);
    request.keep_alive = head.keep_alive;
    body_ = BodyReader(head.content_length, head.chunked, limits.max_body_bytes);
    wants_continue =
        head.expect_continue && in.empty() && (head.chunked || head.content_length > 0);
    state = State::kBody;
  }
  switch (body_.read(in)) {
    case BodyReader::Progress::kMore:
      return Progress::kMore;
    case BodyReader::Progress::kMalformed:
      return refuse(400);
    case BodyReader::Progress::kTooLarge:
      return refuse(413);
    case BodyReader::Progress::kDone:
      break;
  }
  wants_continue = false;
  request.body = std::move(body_.body());
  return Progress::kComplete;
}

}  // namespace hearth::web
