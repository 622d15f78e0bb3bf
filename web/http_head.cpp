#include "web/http_head.h"

#include <algorithm>

#include "web/url.h"

namespace hearth::web {
namespace {

constexpr size_t kMaxFields = 1000;  // each costs more memory than its bytes

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; }

bool is_token(std::string_view text) {
  static constexpr std::string_view kOthers = "!#$%&'*+-.^_`|~";
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           kOthers.find(c) != std::string_view::npos;
  });
}

bool has_control(std::string_view text, bool tab_allowed) {
  return std::any_of(text.begin(), text.end(), [tab_allowed](char c) {
    const auto byte = static_cast<unsigned char>(c);
    return (byte < 0x20 && !(tab_allowed && c == '\t')) || byte == 0x7f;
  });
}

std::string_view trim(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

// Takes the next line off `text`, without its CRLF.
std::string_view next_line(std::string_view& text) {
  const size_t end = text.find("\r\n");
  const std::string_view line = text.substr(0, end);
  text.remove_prefix(end == std::string_view::npos ? text.size() : end + 2);
  return line;
}

int parse_target(std::string_view target, RequestHead& head) {
  if (target.starts_with("http://") || target.starts_with("https://")) {  // as sent to a proxy
    target.remove_prefix(target.find("//") + 2);
    const size_t slash = target.find_first_of("/?");
    target = slash == std::string_view::npos ? std::string_view("/") : target.substr(slash);
  }
  if (target == "*" && head.method == "OPTIONS") {
    head.path = "*";
    return 0;
  }
  if (target.empty() || target.front() != '/') return 400;
  const size_t question = target.find('?');
  auto path = url_decode(target.substr(0, question), false);
  if (!path) return 400;
  head.raw_path = target.substr(0, question);
  head.path = std::move(*path);
  if (question != std::string_view::npos) head.query = target.substr(question + 1);
  return 0;
}

int parse_request_line(std::string_view line, RequestHead& head) {
  const size_t first = line.find(' ');
  const size_t last = line.rfind(' ');
  if (first == std::string_view::npos || first == last) return 400;
  const std::string_view method = line.substr(0, first);
  const std::string_view target = line.substr(first + 1, last - first - 1);
  const std::string_view version = line.substr(last + 1);
  if (!is_token(method) || has_control(target, false) ||
      target.find(' ') != std::string_view::npos) {
    return 400;
  }
  if (!version.starts_with("HTTP/")) return 400;
  if (version != "HTTP/1.1" && version != "HTTP/1.0") return 505;
  head.method = method;
  head.http_1_0 = version == "HTTP/1.0";
  head.keep_alive = !head.http_1_0;
  return parse_target(target, head);
}

// A decimal number of at most 18 digits.
bool parse_length(std::string_view text, uint64_t& out) {
  if (text.empty() || text.size() > 18) return false;
  out = 0;
  for (const char c : text) {
    if (c < '0' || c > '9') return false;
    out = out * 10 + static_cast<uint64_t>(c - '0');
  }
  return true;
}

// How long the body is, and whether the connection lasts; anything ambiguous is refused.
int parse_framing(RequestHead& head) {
  const bool http11 = head.keep_alive;
  size_t hosts = 0, lengths = 0, encodings = 0;
  for (const RequestHead::Field& field : head.fields) {
    if (equal_ignoring_case(field.name, "Host")) {
      ++hosts;
    } else if (equal_ignoring_case(field.name, "Content-Length")) {
      if (++lengths > 1 || !parse_length(field.value, head.content_length)) return 400;
    } else if (equal_ignoring_case(field.name, "Transfer-Encoding")) {
      if (++encodings > 1) return 400;
      if (!equal_ignoring_case(field.value, "chunked")) return 501;
      head.chunked = true;
    } else if (equal_ignoring_case(field.name, "Connection")) {
      if (has_token(field.value, "close")) head.keep_alive = false;
      if (!http11 && has_token(field.value, "keep-alive")) head.keep_alive = true;
    } else if (equal_ignoring_case(field.name, "Expect")) {
      if (!equal_ignoring_case(field.value, "100-continue")) return 417;
      head.expect_continue = http11;
    }
  }
  if (hosts > 1 || (hosts == 0 && http11)) return 400;
  if (head.chunked && (lengths > 0 || !http11)) return 400;
  return 0;
}

}  // namespace

bool equal_ignoring_case(std::string_view a, std::string_view b) {
  return a.size() == b.size() && std::equal(a.begin(), a.end(), b.begin(),
                                            [](char x, char y) { return lower(x) == lower(y); });
}

bool has_token(std::string_view list, std::string_view token) {
  while (!list.empty()) {
    const size_t comma = std::min(list.find(','), list.size());
    if (equal_ignoring_case(trim(list.substr(0, comma)), token)) return true;
    list.remove_prefix(std::min(comma + 1, list.size()));
  }
  return false;
}

std::string_view RequestHead::field(std::string_view name) const {
  for (const Field& field : fields) {
    if (equal_ignoring_case(field.name, name)) return field.value;
  }
  return {};
}

int parse_head(std::string_view text, RequestHead& head) {
  if (const int status = parse_request_line(next_line(text), head); status != 0) return status;
  while (!text.empty()) {
    const std::string_view line = next_line(text);
    if (line.empty()) break;
    const size_t colon = line.find(':');
    if (colon == std::string_view::npos || !is_token(line.substr(0, colon))) return 400;
    const std::string_view value = trim(line.substr(colon + 1));
    if (has_control(value, true)) return 400;
    if (head.fields.size() == kMaxFields) return 431;
    head.fields.push_back({std::string(line.substr(0, colon)), std::string(value)});
  }
  return parse_framing(head);
}

}  // namespace hearth::web
