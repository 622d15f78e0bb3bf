#include "web/http_body.h"

#include <algorithm>

namespace hearth::web {
namespace {

constexpr size_t kMaxLine = 256;       // a chunk's size with its extensions, a trailer field
constexpr size_t kMaxTrailer = 16384;  // all trailer fields together; they are dropped

bool parse_chunk_size(std::string_view line, uint64_t& size) {
  line = line.substr(0, line.find(';'));
  while (!line.empty() && (line.back() == ' ' || line.back() == '\t')) line.remove_suffix(1);
  if (line.empty() || line.size() > 15) return false;
  size = 0;
  for (const char c : line) {
    const int digit = c >= '0' && c <= '9'   ? c - '0'
                      : c >= 'a' && c <= 'f' ? c - 'a' + 10
                      : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                             : -1;
    if (digit < 0) return false;
    size = size * 16 + static_cast<uint64_t>(digit);
  }
  return true;
}

}  // namespace

BodyReader::Progress BodyReader::read(std::string& in) {
  if (chunked_) {
    size_t used = 0;
    const Progress progress = read_chunks(in, used);
    in.erase(0, used);
    return progress;
  }
  if (left_ > max_bytes_) return Progress::kTooLarge;
  const auto count = static_cast<size_t>(std::min<uint64_t>(left_, in.size()));
  if (body_.empty() && count == in.size()) {
    body_.swap(in);
  } else {
    body_.append(in, 0, count);
    in.erase(0, count);
  }
  left_ -= count;
  return left_ == 0 ? Progress::kDone : Progress::kMore;
}

BodyReader::Progress BodyReader::read_chunks(std::string_view in, size_t& used) {
  while (state_ != State::kDone) {
    const std::string_view rest = in.substr(used);
    if (state_ == State::kData) {
      const auto count = static_cast<size_t>(std::min<uint64_t>(left_, rest.size()));
      body_.append(rest.substr(0, count));
      used += count;
      left_ -= count;
      if (left_ > 0) return Progress::kMore;
      state_ = State::kDataEnd;
      continue;
    }
    const size_t newline = rest.find('\n');
    if (newline == std::string_view::npos) {
      return rest.size() > kMaxLine + 1 ? Progress::kMalformed : Progress::kMore;
    }
    if (newline == 0 || rest[newline - 1] != '\r') return Progress::kMalformed;
    const std::string_view line = rest.substr(0, newline - 1);
    if (line.size() > kMaxLine) return Progress::kMalformed;
    used += newline + 1;
    switch (state_) {
      case State::kSize:
        if (!parse_chunk_size(line, left_)) return Progress::kMalformed;
        if (left_ > max_bytes_ - body_.size()) return Progress::kTooLarge;
        state_ = left_ == 0 ? State::kTrailer : State::kData;
        break;
      case State::kDataEnd:
        if (!line.empty()) return Progress::kMalformed;
        state_ = State::kSize;
        break;
      default:
        trailer_bytes_ += line.size();
        if (trailer_bytes_ > kMaxTrailer) return Progress::kMalformed;
        if (line.empty()) state_ = State::kDone;
    }
  }
  return Progress::kDone;
}

}  // namespace hearth::web
